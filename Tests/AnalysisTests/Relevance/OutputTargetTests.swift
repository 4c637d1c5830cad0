import Analysis
import Engine
import Foundation
import Networks
import ONNX
import TestSupport
import Tensors
import Testing

/// Where relevance and losses start in outputs with positions, against Zennit and PyTorch (`Tests/Peers/make_outputs.py`).
@Suite struct OutputTargetTests {
  struct Example: Decodable {
    var x, output, tensor, gradient: GoldenTensor
    var labels: [Int32]
    var loss: Double
    var relevance: [String: GoldenTensor]
  }

  private static func resource(_ name: String) -> URL {
    // The resources lie a folder further up.
    testResource("outputs/\(name)", besideSource: URL(fileURLWithPath: #filePath).deletingLastPathComponent().path)
  }

  static func examples() throws -> [String: Example] {
    try JSONDecoder().decode([String: Example].self, from: Data(contentsOf: resource("outputs.json")))
  }

  static func graph(_ name: String) throws -> Graph { try Graph(onnx: resource("\(name).onnx").path) }

  /// What a text of the golden file stands for.
  static func target(_ text: String, of image: Int, _ example: Example) -> OutputTarget {
    let (base, region) = (
      String(text.prefix { $0 != "@" }), text.split(separator: "@", omittingEmptySubsequences: false).dropFirst().first
    )
    let ranges = region.map { region in
      region.split(separator: ",").map { part -> Range<Int> in
        let ends = part.split(separator: ":").compactMap { Int($0) }
        return ends.isEmpty ? 0..<1 : ends[0]..<(ends.count == 2 ? ends[1] : ends[0] + 1)
      }
    }
    let place: OutputTarget.Region = region == "all" ? .all : ranges.map { .box($0) } ?? .predicted
    switch base {
    case "": return .entry(ranges!.map(\.lowerBound))
    case "predicted": return .predictedClass(at: region == nil ? .all : place)
    case "label":
      return .positions(Array(example.labels[image * example.labels.count / 2..<(image + 1) * example.labels.count / 2]))
    case "tensor": return .tensor(example.tensor.tensor.rows(image..<image + 1).elements.map(Float.init))
    case "2,-1": return .classes([.init(2, 1), .init(1, -1)], at: place)
    default: return .classes([.init(Int(base)!, 1)], at: place)
    }
  }

  @Test(arguments: ["pixels", "steps", "boxes"]) func mapsAreThoseOfZennit(name: String) throws {
    useOneThreadHere()
    let example = try #require(try OutputTargetTests.examples()[name])
    let x = example.x.tensor.map(Float.init)
    #expect(example.relevance.count == (name == "pixels" ? 12 : 11))
    for start in RelevanceStart.allCases {
      let plan = try RelevancePlan(
        OutputTargetTests.graph(name), composite: CompositeCatalog.composite("epsilon_plus"), start: start, batch: 3)
      #expect(plan.form.lengths == Array(example.output.tensor.shape.dimensions.dropFirst()))
      #expect(plan.form.classAxis == (name == "boxes" ? 1 : 0))
      let program = try RelevanceProgram(plan)
      for (text, relevance) in example.relevance where text.hasPrefix(start.rawValue) {
        let targets = (0..<2).map { OutputTargetTests.target(String(text.split(separator: " ")[1]), of: $0, example) }
        let found = try program.run(x, targets: targets)
        expectClose(found.prediction, example.output.tensor, Tolerance(relative: 1e-5), scaled: true, "\(name): \(text)")
        expectClose(found.input, relevance.tensor, Tolerance(relative: 1e-4), scaled: true, "\(name): \(text)")
        // The same from the numbers that the target comes to.
        let numbers = zip(targets, 0..<2).map { target, row in
          target.resolved(by: found.prediction.rows(row..<row + 1).elements[...], plan.form)
        }
        let again = try program.run(x, targets: numbers)
        #expect(again.input == found.input, "\(name): \(text)")
      }
    }
  }

  /// The gradient of the loss is PyTorch's, label by label, with positions that have none.
  @Test(arguments: ["pixels", "steps", "boxes"]) func lossesAreThoseOfPyTorch(name: String) throws {
    useOneThreadHere()
    let example = try #require(try OutputTargetTests.examples()[name])
    let graph = try OutputTargetTests.graph(name)
    let head = try graph.classScores()
    let network = try head.graph.canonized()
    let builder = try PlanBuilder(network, batch: 2)
    try builder.forward(keeping: ["output"], isDifferentiable: true)
    let slots = builder.allocateTargets(head.form)
    let logits = try builder.reorder(builder.slot(of: "output"), to: .plain(builder.shape(of: "output")))
    let seed = builder.appendLossGradient(of: logits, targets: slots)
    let arriving = try builder.reverse(from: ["output": seed], to: ["input"]) {
      try builder.vectorJacobianProduct($0, $1, wanted: $2)
    }
    builder.keep(try builder.reorder(try #require(arriving["input"]), to: .plain(builder.shape(of: "input"))), as: "gradient")
    let program = try Program(builder.finish())
    try program.setInput("input", to: example.x.tensor.map(Float.init))
    try slots.write((0..<2).map { OutputTargetTests.target("label", of: $0, example) }, to: program)
    try program.run()
    expectClose(program.result("gradient"), example.gradient.tensor, Tolerance(relative: 1e-4), scaled: true, name)
  }

  /// The share of positions at which each class is the greatest.
  @Test func predictionsOfPositionsAreShares() throws {
    let form = OutputForm([3, 2, 2])
    let outputs = Tensor<Float>([9, 0, 0, 1, 0, 8, 7, 1, 0, 0, 0, 0], shape: [1, 3, 2, 2])
    #expect(outputs.perClass(form).elements == [0.5, 0.5, 0])
    let rows = Tensor<Float>([5, 1, 2, 9, 0, 4], shape: [1, 3, 2])
    #expect(rows.perClass(OutputForm([3, 2], classAxis: 1)).elements == [Float(1) / 3, Float(2) / 3])
  }

  /// Where classes lie follows from the layer that makes them.
  @Test func classesLieAlongTheLayersChannels() throws {
    func graph(_ build: (inout GraphEditor) -> String) throws -> Graph {
      var editor = GraphEditor(name: "head")
      editor.inputs = [GraphInput(name: "input", dimensions: [.symbolic("N"), .fixed(2), .fixed(6), .fixed(4)])]
      let weight = editor.add(.float(Tensor(repeating: 0.5, shape: [5, 2, 1, 1])), named: "weight")
      _ = editor.add(Op.Conv(), named: "conv", inputs: ["input", weight])
      editor.outputs = [build(&editor)]
      return try editor.graph()
    }
    let softmax = try graph { $0.add(Op.Softmax(axis: 1), named: "softmax", inputs: ["conv"]) }.classScores()
    #expect(softmax.form == OutputForm([5, 6, 4]) && softmax.skipped == "Softmax 'softmax'")
    let last = try graph { $0.add(Op.Transpose(permutation: [0, 2, 3, 1]), named: "last", inputs: ["conv"]) }.classScores()
    #expect(last.form == OutputForm([6, 4, 5], classAxis: 2))
    // A softmax over rows is not one over classes, and stays.
    let rows = try graph { $0.add(Op.Softmax(axis: 2), named: "rows", inputs: ["conv"]) }.classScores()
    #expect(rows.form == OutputForm([5, 6, 4]) && rows.skipped == nil)
    // Any value will do.
    let cut = try graph { $0.add(Op.Relu(), named: "relu", inputs: ["conv"]) }.classScores(output: "conv")
    #expect(cut.form == OutputForm([5, 6, 4]) && cut.graph.outputs == ["conv"])
    let error = #expect(throws: EspalierError.self) {
      try graph { $0.add(Op.Relu(), named: "relu", inputs: ["conv"]) }.classScores(output: "cnov")
    }
    #expect(error?.description.contains("did you mean 'conv'?") == true)
  }

  @Test func whatDoesNotFitIsRefused() throws {
    let form = OutputForm([3, 4, 5])
    for target: OutputTarget in [
      .index(3), .index(-1), .classes([.init(0, 1)], at: .box([0..<2])), .classes([.init(0, 1)], at: .box([0..<5, 0..<1])),
      .predictedClass(at: .box([0..<1, 5..<6])), .predictedClass(at: .set([true])), .positions([0]), .entry([0, 0]),
      .entry([3, 0, 0]), .tensor([1, 2]), .positions([Int32](repeating: 3, count: 20)),
    ] { #expect(throws: EspalierError.self, "\(target)") { try target.check(form) } }
  }
}
