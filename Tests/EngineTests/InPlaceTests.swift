import Engine
import Foundation
import Networks
import TestSupport
import Tensors
import Testing

/// What a step makes of a buffer that nobody reads later lies where that lay, and a step reaches what it declares alone.
@Suite struct InPlaceTests {
  /// A chain of functions of single elements and of products with one factor a channel; one value is read again at the end.
  private func graph(isReadAgain: Bool) throws -> Graph {
    var editor = GraphEditor(name: "chain")
    editor.inputs = [GraphInput(name: editor.freshName("x"), dimensions: [.symbolic("N"), .fixed(20), .fixed(6), .fixed(6)])]
    let weight = editor.add(.float(noise([20, 20, 1, 1], "w")), named: "w")
    let factor = editor.add(.float(noise([20, 1, 1], "k")), named: "k")
    var values = [editor.add(Op.Conv(), named: "c", inputs: ["x", weight])]
    let functions: [any Operator] = [Op.Tanh(), Op.Mul(), Op.Sigmoid(), Op.Mul(), Op.Softplus()]
    for (position, op) in functions.enumerated() {
      values.append(editor.add(op, named: "v\(position)", inputs: [values.last!] + (op is Op.Mul ? [factor] : [])))
    }
    if isReadAgain { values.append(editor.add(Op.Mul(), named: "again", inputs: [values.last!, values[2]])) }
    editor.outputs = [values.last!]
    return try editor.graph()
  }

  /// The same in double precision, element by element.
  private func expected(_ x: Tensor<Float>, isReadAgain: Bool) -> [Double] {
    let (w, k) = (noise([20, 20, 1, 1], "w").elements.map(Double.init), noise([20, 1, 1], "k").elements.map(Double.init))
    return x.elements.indices.map { position in
      let (image, channel, place) = (position / 720, position / 36 % 20, position % 36)
      let sum = (0..<20).reduce(0.0) { $0 + w[channel * 20 + $1] * Double(x.elements[image * 720 + $1 * 36 + place]) }
      let first = k[channel] * tanh(sum)
      let last = log(1 + exp(k[channel] / (1 + exp(-first))))
      return isReadAgain ? last * first : last
    }
  }

  @Test(arguments: [false, true]) func nothingIsWrittenOverThatIsReadLater(isReadAgain: Bool) throws {
    let graph = try graph(isReadAgain: isReadAgain)
    let x = noise([3, 20, 6, 6], "x")
    let ours = try run(graph, ["x": x], batch: 3)[graph.outputs[0]]!
    expectClose(ours.elements, expected(x, isReadAgain: isReadAgain), Tolerance(absolute: 2e-6, relative: 1e-5))
  }

  @Test func takesNoMemoryOfItsOwn() throws {
    let builder = try PlanBuilder(graph(isReadAgain: false), batch: 3)
    try builder.forward()
    let plan = builder.finish()
    let map = 3 * 24 * 36 * 4
    // The input, its copy in blocks, the values of the chain in one, and the result.
    #expect(plan.arenaByteCount <= 4 * map + 4096)
    #expect(plan.unplannedByteCount >= 7 * map)
  }

  @Test func aSlotThatIsNotDeclaredIsNotReached() async {
    await #expect(processExitsWith: .failure) {
      let builder = try PlanBuilder(TinyNetworks.vgg().canonized(), batch: 1)
      let (mine, other) = (builder.allocate(.plain([4]), name: "mine"), builder.allocate(.plain([4]), name: "other"))
      builder.addStep("stranger", reads: [], writes: [mine]) { $0.pointer(mine)[0] = $0.pointer(other)[0] }
      try Program(builder.finish()).run()
    }
  }
}
