import Networks
import ONNX
import Storage
import Tensors
import TestSupport
import Testing

/// Networks read from ONNX files, against Zennit 0.5.1.
@Suite struct TwinNetworkTests {
  static let names = ["vgg", "resnet", "inception", "mobile"]
  static let composites = TwinComposite.named(low: [-3], high: [3]).filter { $0.key != "beta_smooth" }

  /// The network is merged as Zennit 0.5.1 does it; without the ε left in its norms, denominators near zero move relevance by
  /// up to 5 % of the largest.
  @Test(arguments: names)
  func relevanceAgreesWithZennit(name: String) throws {
    let graph = try Graph(onnx: GoldenFiles.url("networks/\(name).onnx").path)
    let golden = try HDF5File.open(GoldenFiles.url("networks/\(name).h5").path)
    let images = try golden.dataset("data").read(as: Double.self)
    let classes = try golden.dataset("label").read(as: Int64.self).elements.map(Int.init)
    let relevance = TwinRelevance(try Twin.withEmptiedNorms(graph))
    let tolerance = Tolerance(relative: 1e-8)
    for (composite, rules) in TwinNetworkTests.composites {
      let result = relevance.propagate([graph.inputs[0].name: images], composite: rules) {
        oneHot(classes, count: $0.shape[1])
      }
      let expected = try golden.dataset("\(composite)/R_x").read(as: Double.self)
      let actual = try #require(result.relevance[graph.inputs[0].name])
      expectClose(actual, expected, tolerance, scaled: true, "\(composite) of \(name)")
      let layers = try golden.group("\(composite)/layers")
      let numbers = try layers.children().sorted()
      #expect(numbers.count == result.layers.count)
      for (number, layer) in zip(numbers, result.layers) {
        let sums = try layers.dataset(number).read(as: Double.self)
        expectClose(layer.sums, sums, tolerance, scaled: true, "\(composite) of \(name) at \(layer.node.label)")
      }
    }
  }

  @Test(arguments: names)
  func logitsAgreeWithPyTorch(name: String) throws {
    let graph = try Graph(onnx: GoldenFiles.url("networks/\(name).onnx").path)
    let golden = try HDF5File.open(GoldenFiles.url("networks/\(name).h5").path)
    let images = try golden.dataset("data").read(as: Double.self)
    let values = Twin(graph).forward([graph.inputs[0].name: images])
    let logits = try golden.dataset("logits").read(as: Double.self)
    expectClose(try #require(values[graph.outputs[0]]), logits, Tolerance(relative: 1e-11), scaled: true, name)
  }
}
