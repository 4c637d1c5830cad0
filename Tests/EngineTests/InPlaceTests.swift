import Engine
import Networks
import TestSupport
import Tensors
import Testing

/// What a step makes of a buffer that nobody reads later lies where that lay, and a step reaches what it declares alone.
@Suite struct InPlaceTests {
  /// A chain of functions of single elements and of products with one factor a channel; one value is read again at the end.
  private func graph(isReadAgain: Bool) throws -> (graph: Graph, values: [String]) {
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
    return (try editor.graph(), values)
  }

  @Test(arguments: [false, true]) func givesWhatBuffersApartGive(isReadAgain: Bool) throws {
    let (graph, values) = try graph(isReadAgain: isReadAgain)
    let x = ["x": noise([3, 20, 6, 6], "x")]
    let ours = try run(graph, x, batch: 3), apart = try run(graph, x, batch: 3, keeping: Set(values))
    #expect(ours[graph.outputs[0]]!.elements == apart[graph.outputs[0]]!.elements)
  }

  @Test func takesNoMemoryOfItsOwn() throws {
    let builder = try PlanBuilder(graph(isReadAgain: false).graph, batch: 3)
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
