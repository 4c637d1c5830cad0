import Analysis
import Engine
import Networks
import Scheduling
import Tensors

/// What a linear layer of a shard of images reads, and what comes back to it.
struct LayerView {
  /// The layer's node.
  var node: Int
  /// The image of the shard that each row is of; most often each has one.
  var images: [Int]
  /// What it reads, `[n, C, …]`.
  var input: Tensor<Float>
  /// The gradient, or the second derivative, of each image's own start with respect to what this layer alone reads, `[n, C, …]`;
  /// nil in a forward pass.
  var inputGradient: Tensor<Float>?
  /// The same with respect to what it makes, `[n, M, …]`; nil in a forward pass.
  var outputGradient: Tensor<Float>?

  /// Every row, and a number that tells it from the other rows of its image: 0 for the first.
  var turns: [(row: Int, turn: UInt64)] {
    var seen: [Int: UInt64] = [:]
    return images.enumerated().map { row, image in
      let turn = seen[image, default: 0]
      seen[image] = turn + 1
      return (row, turn == 0 ? 0 : turn << 32)
    }
  }

  /// The rows of every image, in the images' order.
  var rowsOfImages: [[Int]] {
    let rows = Dictionary(grouping: images.indices) { images[$0] }
    return rows.keys.sorted().map { rows[$0] ?? [] }
  }
}

/// A pass over images that shows every linear layer of a network as it is, without folding, to a criterion.
///
/// What each shard yields is combined by the fixed tree, so the answer does not depend on the number of workers.
struct LayerPass: Sendable {
  /// What gradients are of.
  enum Start: Sendable {
    /// The image's cross-entropy.
    case loss
    /// The output of the image's target.
    case output
    /// The image's cross-entropy, twice: what comes back are second derivatives, of which the diagonal alone is carried.
    case curvature

    var seed: PassCompiler.Seed {
      switch self {
      case .loss: .lossGradient
      case .output: .relevance(.oneHot)
      case .curvature: .lossCurvature
      }
    }
  }

  private let pass: CompiledPass
  private let taps: [(tap: Int, node: Int)]
  private let images: CriterionImages

  /// Compiles a pass.
  ///
  /// - Parameters:
  ///   - start: what is differentiated; nil for a forward pass.
  ///   - layers: the nodes that are observed; nil for all linear layers.
  /// - Throws: `EspalierError` naming what cannot be run.
  init(_ map: ChannelMap, _ images: CriterionImages, _ start: Start? = nil, layers: Set<Int>? = nil) throws {
    let compiler = try PassCompiler(
      map.graph, output: images.output, batch: map.graph.fixedBatch ?? images.batch, needsScores: start != nil, isCanonized: false
    )
    let (graph, builder) = (compiler.network, compiler.builder)
    let nodes = Set(map.linear.map(\.node)).filter { layers?.contains($0) ?? true }
    let wanted = graph.nodes.filter { nodes.contains($0.id) }
    for node in wanted {
      for value in [node.inputs[LayerPass.data(of: node, graph)] ?? "", node.outputs[0]]
      where builder.images[value] != .constant {
        _ = try builder.rowsPerImage(of: value, layer: node.label)
      }
    }
    let inputs = Set(wanted.compactMap { $0.inputs[LayerPass.data(of: $0, graph)] })
    var taps: [(tap: Int, node: Int)] = []
    try builder.forward(keeping: start == nil ? [] : inputs, watching: inputs, isDifferentiable: start != nil) { value, slot in
      guard start == nil else { return }
      for node in wanted where node.inputs[LayerPass.data(of: node, graph)] == value {
        taps.append((builder.observe(slot, label: node.label), node.id))
      }
    }
    if let start {
      _ = try builder.reverse(from: [compiler.output: compiler.seed(start.seed)], to: inputs) { node, arriving, isWanted in
        let sent =
          try
          (start == .curvature
          ? builder.curvature(node, arriving, wanted: isWanted)
          : builder.vectorJacobianProduct(node, arriving, wanted: isWanted))
        let data = LayerPass.data(of: node, graph)
        if nodes.contains(node.id), let value = node.inputs[data], let own = sent[data], let arrived = arriving[0] {
          taps.append((builder.observe(try builder.slot(of: value), own, arrived, label: node.label), node.id))
        }
        return sent
      }
    }
    pass = compiler.finish()
    self.taps = taps
    self.images = images
  }

  /// The position of the input that is no weight.
  static func data(of node: Node, _ graph: Graph) -> Int {
    graph.position(of: .weight, in: node) == 0 ? 1 : 0
  }

  /// Runs the pass.
  ///
  /// - Parameters:
  ///   - fresh: what a shard starts with.
  ///   - observe: takes in a layer of a shard.
  ///   - endShard: ends the shard.
  ///   - merge: takes in what the next shards yielded.
  /// - Throws: `EspalierError` naming an image that cannot be read, or a target that is no class.
  func reduce<State: Sendable>(
    _ fresh: @escaping @Sendable () -> State, observe: @escaping @Sendable (inout State, LayerView, ShardImages) throws -> Void,
    endShard: @escaping @Sendable (inout State) -> Void = { _ in }, merge: @escaping @Sendable (inout State, State) -> Void
  ) throws -> State {
    var scheduler = images.scheduler
    scheduler.prologue = useOneThreadHere
    let (pass, taps, images) = (pass, taps, images)
    return try scheduler.fold(
      shards: 0..<images.shards, bytesPerWorker: pass.bytesPerWorker,
      makeWorker: { _ in try Program(pass.plan) },
      body: { (program: inout Program, index: Int, _) -> State in
        let shard = try images.read(index)
        let box = Box(fresh())
        for (tap, node) in taps {
          program.observers[tap] = { maps in
            try observe(
              &box.state,
              LayerView(
                node: node, images: maps[0].samplesOfRows, input: maps[0].tensor(),
                inputGradient: maps.count > 1 ? maps[1].tensor() : nil,
                outputGradient: maps.count > 2 ? maps[2].tensor() : nil), shard.images)
          }
        }
        defer { program.observers = [:] }
        try pass.run(
          program, shard.input, others: shard.others, targets: shard.targets,
          of: pass.form.map { ClassScores.labels(ofOutputs: $0.classes) })
        endShard(&box.state)
        return box.state
      },
      take: { merge(&$0, $1) }) ?? fresh()
  }

  /// A shard's state while its observers run, one after the other.
  private final class Box<State> {
    var state: State
    init(_ state: State) { self.state = state }
  }
}
