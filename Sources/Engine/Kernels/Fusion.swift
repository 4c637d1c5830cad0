import Networks
import Tensors

/// A kernel that computes what stands behind its own node, too.
protocol FusingKernel: Kernel {
  /// What that is; set by ``Fusion`` before the forward steps are made.
  var fusion: Fusion.Tail { get set }
}

/// Which nodes are computed by the kernel of the node before them: activations, and residual sums behind a convolution.
struct Fusion {
  /// What a kernel computes behind its own node.
  struct Tail {
    /// A value that the convolution's result is added to, in place.
    var summand: String?
    /// The activation.
    var activation: Pointwise?
    /// The name of the last value, if it is not the node's own.
    var output: String?

    /// The tail as oneDNN's post-operations.
    var operations: [PostOperation] { (summand == nil ? [] : [.sum]) + (activation?.postOperation.map { [$0] } ?? []) }
  }

  /// Values that must be computed as such.
  let kept: Set<String>
  /// Values that must be computed as such, but are observed only then.
  let watched: Set<String>
  /// Whether gradients will flow back, for which every value that a kernel's backward needs must stay.
  let isDifferentiable: Bool
  /// Nodes that another one's kernel computes.
  private(set) var absorbed: Set<Int> = []

  init(kept: Set<String>, watched: Set<String>, isDifferentiable: Bool) {
    self.kept = kept
    self.watched = watched
    self.isDifferentiable = isDifferentiable
  }

  /// Decides what a node's kernel takes over, before its forward steps are made.
  ///
  /// - Throws: `EspalierError` if oneDNN refuses a layer.
  mutating func prepare(_ kernel: any Kernel, of node: Node, _ builder: PlanBuilder) throws {
    switch kernel {
    case let kernel as ConvolutionKernel:
      var tail = Tail()
      var last = node.outputs[0]
      if !isDifferentiable, let (sum, summand) = residual(of: node, builder) {
        tail.summand = summand
        last = sum.outputs[0]
        absorbed.insert(sum.id)
      }
      if let (next, function) = activation(of: last, builder), try kernel.fuses(function, builder) {
        tail.activation = function
        last = next.outputs[0]
        absorbed.insert(next.id)
      }
      tail.output = last
      kernel.fusion = tail
    case let kernel as any FusingKernel: kernel.fusion = tail(behind: node, builder)
    default: break
    }
  }

  private mutating func tail(behind node: Node, _ builder: PlanBuilder) -> Tail {
    guard let (next, function) = activation(of: node.outputs[0], builder), function.keepsZero else { return Tail() }
    absorbed.insert(next.id)
    return Tail(activation: function, output: next.outputs[0])
  }

  /// The only reader of a value that nothing else needs.
  private func onlyReader(of value: String, _ builder: PlanBuilder) -> Node? {
    guard !kept.contains(value), !watched.contains(value), !builder.graph.isOutput(value) else { return nil }
    let readers = builder.graph.consumers(of: value)
    return readers.count == 1 && builder.kernels[readers[0].id] != nil ? readers[0] : nil
  }

  private func activation(of value: String, _ builder: PlanBuilder) -> (Node, Pointwise)? {
    guard let next = onlyReader(of: value, builder), let kernel = builder.kernels[next.id] as? PointwiseKernel,
      !isDifferentiable || kernel.function.differentiatesFromOutput
    else { return nil }
    return (next, kernel.function)
  }

  /// A residual sum whose other summand is ready, lies in blocks and is read by nobody afterwards: it may be overwritten.
  private func residual(of node: Node, _ builder: PlanBuilder) -> (sum: Node, summand: String)? {
    let graph = builder.graph
    guard let sum = onlyReader(of: node.outputs[0], builder), sum.op.role == .sum, sum.inputs.count == 2,
      let position = graph.order(of: node),
      let other = sum.inputs.compactMap({ $0 }).first(where: { $0 != node.outputs[0] }), !kept.contains(other),
      !graph.isOutput(other),
      builder.isComputed(other), let producer = graph.producer(of: other), !(builder.kernels[producer.id] is ViewKernel),
      let slot = try? builder.slot(of: other), !builder.layout(slot).isPlain,
      builder.layout(slot).shape == builder.facts[node.outputs[0]]?.shape
    else { return nil }
    let others = graph.consumers(of: other).filter { $0.id != sum.id }
    guard others.allSatisfy({ (graph.order(of: $0) ?? .max) < position && !(builder.kernels[$0.id] is ViewKernel) }) else {
      return nil
    }
    return (sum, other)
  }
}
