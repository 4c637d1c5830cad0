import Tensors

/// Where a new network's weights come from.
public enum WeightSource: Hashable, Sendable {
  /// Random numbers, a stream for each parameter.
  case drawn(seed: UInt64)
  /// Zeros, for when only shapes and costs matter.
  case zero
}

/// Builds a network layer by layer: draws weights, names nodes and parameters as torchvision does, and keeps shapes in view.
///
/// Every function adds a node and gives the name of its output; it throws an `EspalierError` if the shapes do not fit.
struct NetworkBuilder {
  private var editor: GraphEditor
  private var facts: [String: Fact] = [:]
  private let weights: WeightSource

  init(name: String, input: [Int], weights: WeightSource) {
    editor = GraphEditor(name: name)
    self.weights = weights
    let name = editor.freshName("input")
    editor.inputs = [GraphInput(name: name, dimensions: [.symbolic("N")] + input.map(Dimension.fixed))]
    facts[name] = Fact(Shape([1] + input))
    _ = editor.freshName("output")
  }

  /// The graph, whose result is a value, renamed `output`.
  func graph(output: String) throws -> Graph {
    var editor = editor
    for position in editor.nodes.indices {
      editor.nodes[position].outputs = editor.nodes[position].outputs.map { $0 == output ? "output" : $0 }
    }
    editor.redirect(output, to: "output")
    editor.outputs = ["output"]
    return try editor.graph()
  }

  /// The shape of a value for one image, the batch of 1 included.
  func shape(_ value: String) -> Shape { facts[value]?.shape ?? [] }

  mutating func add(_ op: any Operator, _ inputs: [String?], _ name: String) throws -> String {
    let inferred = try naming(location: name) { try op.infer(inputs.map { $0.flatMap { facts[$0] } }, outputs: 1) }
    let output = editor.add(op, named: name, inputs: inputs)
    facts[output] = inferred.first
    return output
  }

  mutating func constant(_ constant: Constant, _ name: String) -> String {
    let value = editor.add(constant, named: name)
    facts[value] = Fact(constant)
    return value
  }

  /// A convolution with a square kernel and equal strides and padding on all sides.
  mutating func conv(
    _ x: String, _ name: String, to filters: Int, kernel: Int, stride: Int = 1, padding: Int = 0, group: Int = 1,
    bias: Double? = nil, drawn initialization: Initialization = .heFanOut
  ) throws -> String {
    let channels = shape(x)[1] / group
    let area = kernel * kernel
    let (fanIn, fanOut) = (channels * area, filters * area)
    let weight = parameter(name + ".weight", [filters, channels, kernel, kernel], initialization, fanIn: fanIn, fanOut: fanOut)
    let terms = self.bias(name, filters, bias, initialization, fanIn: fanIn)
    let padding = [Int](repeating: padding, count: 2)
    let window = Window(strides: [stride, stride], padding: .explicit(begin: padding, end: padding))
    return try add(Op.Conv(group: group, window: window), [x, weight] + (terms.map { [$0] } ?? []), name)
  }

  /// A linear layer with a bias.
  mutating func linear(
    _ x: String, _ name: String, to features: Int, bias: Double = 0, drawn initialization: Initialization = .torch
  ) throws -> String {
    let fanIn = shape(x)[1]
    let weight = parameter(name + ".weight", [features, fanIn], initialization, fanIn: fanIn, fanOut: features)
    let terms = self.bias(name, features, bias, initialization, fanIn: fanIn)
    return try add(Op.Gemm(transposeB: true), [x, weight, terms], name)
  }

  /// A batch normalisation that starts as the identity.
  mutating func norm(_ x: String, _ name: String) throws -> String {
    let shape = Shape([shape(x)[1]])
    let parameters = [(".weight", 1), (".bias", 0), (".running_mean", 0), (".running_var", 1)].map { suffix, value in
      constant(.float(Tensor(repeating: value, shape: shape)), name + suffix)
    }
    return try add(Op.BatchNormalization(), [x] + parameters, name)
  }

  mutating func relu(_ x: String, _ name: String) throws -> String { try add(Op.Relu(), [x], name) }

  /// `min(max(x, 0), 6)`.
  mutating func relu6(_ x: String, _ name: String) throws -> String {
    let bounds = [("relu6.low", 0), ("relu6.high", 6)].map { bound, value in
      facts[bound] == nil ? constant(.float(Tensor(scalar: value)), bound) : bound
    }
    return try add(Op.Clip(), [x] + bounds, name)
  }

  /// Drops a share of the elements in training.
  mutating func dropout(_ x: String, _ name: String, ratio: Float = 0.5) throws -> String {
    try add(Op.Dropout(), [x, constant(.float(Tensor(scalar: ratio)), name + ".ratio")], name)
  }

  mutating func maxPool(
    _ x: String, _ name: String, kernel: Int, stride: Int, padding: Int = 0, ceilMode: Bool = false
  ) throws -> String {
    let padding = [Int](repeating: padding, count: 2)
    let window = Window(strides: [stride, stride], padding: .explicit(begin: padding, end: padding), ceilMode: ceilMode)
    return try add(Op.MaxPool(kernel: [kernel, kernel], window: window), [x], name)
  }

  /// One number a feature map, as a matrix `[N, C]`.
  mutating func globalAverage(_ x: String, _ name: String) throws -> String {
    try flatten(add(Op.GlobalAveragePool(), [x], name))
  }

  mutating func flatten(_ x: String) throws -> String { try add(Op.Flatten(), [x], "flatten") }

  private mutating func bias(
    _ name: String, _ count: Int, _ value: Double?, _ initialization: Initialization, fanIn: Int
  ) -> String? {
    guard let value else { return nil }
    if case .torch = initialization { return parameter(name + ".bias", [count], .torch, fanIn: fanIn, fanOut: count) }
    return constant(.float(Tensor(repeating: Float(value), shape: [count])), name + ".bias")
  }

  private mutating func parameter(
    _ name: String, _ shape: Shape, _ initialization: Initialization, fanIn: Int, fanOut: Int
  ) -> String {
    guard case .drawn(let seed) = weights else { return constant(.float(Tensor(repeating: 0, shape: shape)), name) }
    var random = Philox(seed: seed, stream: Philox.stream(named: name))
    let drawn = initialization.draw(shape, fanIn: fanIn, fanOut: fanOut, from: &random)
    return constant(.float(drawn), name)
  }
}
