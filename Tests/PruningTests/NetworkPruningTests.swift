import Foundation
import Networks
import ONNX
import Pruning
import TestSupport
import Tensors
import Testing

/// Real architectures and files under budgets.
@Suite struct NetworkPruningTests {
  /// Every architecture, at a small image size where it has a large one.
  @Test(arguments: ArchitectureCatalog.all.map(\.name))
  func everyArchitecture(_ name: String) throws {
    let graph = try Architecture.named(name, classes: 10, input: small[name], seed: 1)
    let map = try ChannelMap(graph)
    let groups = try ChannelGroups(map)
    let scores = try criterion("l1").scores(ScoredNetwork(groups))
    let whole = try LiveNetwork(map).cost
    let summary = try graph.summary()
    #expect(whole.macs == summary.macs && whole.parameters == summary.parameters && whole.activations == summary.activations)
    guard !groups.removable.isEmpty else { return }
    let pruned = try Pruner.prune(groups, by: scores, Selection(Budget(.macs, 0.6), normalisation: .l2))
    let after = try pruned.graph.summary()
    #expect(pruned.after.macs == after.macs && pruned.after.parameters == after.parameters)
    #expect(Double(after.macs) <= 0.6 * Double(summary.macs))
    #expect(Double(after.macs) >= 0.55 * Double(summary.macs), "\(Double(after.macs) / Double(summary.macs))")
  }

  /// At 224 × 224 the count after is within 2 % of half.
  @Test(arguments: ["resnet50", "mobilenet-v2", "densenet121", "googlenet"])
  func halfTheMACs(_ name: String) throws {
    let graph = try Architecture.named(name, seed: 1)
    let map = try ChannelMap(graph)
    let groups = try ChannelGroups(map)
    let scores = try criterion("l1").scores(ScoredNetwork(groups))
    let removed = try Selection(Budget(.macs, 0.5), normalisation: .l2, reduction: .mean).choose(in: groups, by: scores)
    let pruned = try map.graph(without: removed)
    let (before, after) = (try graph.summary().macs, try pruned.summary().macs)
    #expect(0.48...0.5 ~= Double(after) / Double(before), "\(Double(after) / Double(before))")
    if name == "resnet50" {
      // Residual stages are coupled: the widths of a stage's sums shrink too.
      let widths = try pruned.facts(batch: 1)
      let sums = pruned.nodes.filter { $0.op is Op.Add }.compactMap { widths[$0.outputs[0]]?.shape[1] }
      #expect(sums.count == 16 && sums[0] < 256 && sums[15] < 2048, "\(sums)")
    }
  }

  @Test(arguments: ["vgg", "resnet", "inception", "mobile"])
  func goldenNetworks(_ name: String) throws {
    let graph = try Graph(onnx: GoldenFiles.url("networks/\(name).onnx").path).withSymbolicBatch().graph
    for seed in 0..<5 {
      let map = try ChannelMap(graph)
      _ = try Pruner.remove(randomRemoval(map, seed: UInt64(seed)), of: map)
    }
  }

  @Test(
    .enabled(if: ProcessInfo.processInfo.environment["ESPALIER_MODELS"] != nil, "ESPALIER_MODELS names no folder"),
    arguments: ["mobilenet_v2", "efficientnet_lite0", "mnist_cnn", "cifar10_vgglike"])
  func realNetworks(_ name: String) throws {
    let folder = ProcessInfo.processInfo.environment["ESPALIER_MODELS"]!
    let graph = try Graph(onnx: "\(folder)/\(name).onnx").withSymbolicBatch().graph
    let map = try ChannelMap(graph)
    let groups = try ChannelGroups(map)
    #expect(!groups.removable.isEmpty)
    let pruned = try Pruner.remove(randomRemoval(map, seed: 1), of: map)
    #expect(pruned.after.macs < pruned.before.macs)
  }

  /// onnxruntime sees the masked and the pruned network alike, and onnx's checker accepts what is written.
  @Test(.enabled(if: Python.isAvailable, "ESPALIER_PYTHON names no Python")) func onnxruntimeAgrees() throws {
    try withTemporaryFolder { folder in
      for seed in 2000..<2120 {
        let graph = try RandomNetworks.graph(seed: UInt64(seed))
        let map = try ChannelMap(graph, groups: seed % 2 == 0 ? .equalShares : .wholeGroups)
        let removed = try randomRemoval(map, seed: UInt64(seed))
        try map.graph(masking: removed).writeONNX(to: folder.appendingPathComponent("\(seed)-masked.onnx").path)
        try map.graph(without: removed).writeONNX(to: folder.appendingPathComponent("\(seed)-pruned.onnx").path)
      }
      try expectAlikeInONNXRuntime(folder)
    }
  }

  private let small: [String: [Int]] = [
    "alexnet": [3, 99, 99], "alexnet-grouped": [3, 99, 99], "googlenet": [3, 64, 64], "mobilenet-v2": [3, 64, 64],
    "densenet121": [3, 64, 64], "resnet18": [3, 64, 64], "resnet34": [3, 64, 64], "resnet50": [3, 64, 64],
    "resnet50-v1": [3, 64, 64], "vgg11": [3, 32, 32], "vgg13": [3, 32, 32], "vgg16": [3, 32, 32], "vgg19": [3, 32, 32],
    "vgg11-bn": [3, 32, 32], "vgg13-bn": [3, 32, 32], "vgg16-bn": [3, 32, 32], "vgg19-bn": [3, 32, 32],
  ]
}

/// A criterion of weights by name.
func criterion(_ name: String) throws -> any WeightCriterion {
  guard let criterion = try CriterionCatalog.criterion(name) else { throw EspalierError("no criterion '\(name)'") }
  return criterion
}

/// onnxruntime sees every masked and pruned network of a folder alike, and onnx's checker accepts the pruned ones.
func expectAlikeInONNXRuntime(_ folder: URL) throws {
  let text = try Python.run(
    """
    import glob, sys, numpy, onnx, onnxruntime
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    random = numpy.random.default_rng(0)
    for masked in sorted(glob.glob(sys.argv[1] + '/*-masked.onnx')):
        pruned = masked.replace('masked', 'pruned')
        onnx.checker.check_model(pruned, full_check=True)
        first, second = (onnxruntime.InferenceSession(p, options) for p in (masked, pruned))
        feed = {i.name: random.standard_normal([3] + i.shape[1:]).astype('float32') for i in first.get_inputs()}
        for a, b in zip(first.run(None, feed), second.run(None, feed)):
            assert a.shape == b.shape, (masked, a.shape, b.shape)
            scale = max(abs(a).max(), 1e-30)
            assert abs(a - b).max() <= 1e-4 * scale, (masked, abs(a - b).max(), scale)
    print('all agree')
    """, folder.path)
  #expect(text.contains("all agree"))
}
