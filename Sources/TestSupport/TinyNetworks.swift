import Networks
import Tensors

/// Small networks with seeded weights, one for each way in which real ones are wired.
///
/// All take images `[N, 3, 8, 8]` as `input` and give `[N, 4]` as `output`.
public enum TinyNetworks {
  /// Every network, by name.
  public static func all(seed: UInt64 = 1) -> [(name: String, graph: Graph)] {
    [
      ("vgg", vgg(seed: seed)), ("residual", residual(seed: seed)), ("inception", inception(seed: seed)),
      ("mobile", mobile(seed: seed)),
    ]
  }

  /// Random images that fit the networks.
  public static func images(_ count: Int, seed: UInt64 = 1) -> Tensor<Float> {
    var random = Philox(seed: seed, stream: Philox.stream(named: "pictures"))
    let shape: Shape = [count, 3, 8, 8]
    return Tensor((0..<shape.count).map { _ in Float(random.normal()) }, shape: shape)
  }

  /// Convolutions with batch norm, max- and average-pooling, two linear layers.
  public static func vgg(seed: UInt64 = 1) -> Graph {
    var b = TinyBuilder(name: "vgg", seed: seed)
    var x = b.relu(b.norm(b.convolution("input", from: 3, to: 6, named: "conv1"), channels: 6, named: "bn1"))
    x = b.add(Op.MaxPool(kernel: [2, 2], window: Window(strides: [2, 2])), [x])
    x = b.relu(b.norm(b.convolution(x, from: 6, to: 8, named: "conv2"), channels: 8, named: "bn2"))
    x = b.add(Op.AveragePool(kernel: [2, 2], window: Window(strides: [2, 2])), [x])
    x = b.relu(b.linear(b.add(Op.Flatten(), [x]), from: 32, to: 10, named: "fc1"))
    return b.graph(output: b.linear(x, from: 10, to: 4, named: "fc2"))
  }

  /// A basic block, and one with a stride and a projected shortcut.
  public static func residual(seed: UInt64 = 1) -> Graph {
    var b = TinyBuilder(name: "residual", seed: seed)
    let stem = b.relu(b.norm(b.convolution("input", from: 3, to: 6, named: "stem"), channels: 6, named: "stem.bn"))
    var x = b.relu(b.norm(b.convolution(stem, from: 6, to: 6, named: "block1.conv1"), channels: 6, named: "block1.bn1"))
    x = b.norm(b.convolution(x, from: 6, to: 6, named: "block1.conv2"), channels: 6, named: "block1.bn2")
    let first = b.relu(b.add(Op.Add(), [x, stem]))
    x = b.convolution(first, from: 6, to: 8, stride: 2, named: "block2.conv1")
    x = b.relu(b.norm(x, channels: 8, named: "block2.bn1"))
    x = b.norm(b.convolution(x, from: 8, to: 8, named: "block2.conv2"), channels: 8, named: "block2.bn2")
    let shortcut = b.convolution(first, from: 6, to: 8, kernel: 1, stride: 2, named: "block2.downsample")
    x = b.relu(b.add(Op.Add(), [x, b.norm(shortcut, channels: 8, named: "block2.downsample.bn")]))
    x = b.add(Op.Flatten(), [b.add(Op.GlobalAveragePool(), [x])])
    return b.graph(output: b.linear(x, from: 8, to: 4, named: "fc"))
  }

  /// Parallel branches that are concatenated: 1×1, grouped, dilated, padded average pool.
  public static func inception(seed: UInt64 = 1) -> Graph {
    var b = TinyBuilder(name: "inception", seed: seed)
    let stem = b.relu(b.convolution("input", from: 3, to: 6, named: "stem"))
    let pooled = b.add(Op.MaxPool(kernel: [3, 3], window: Window(strides: [2, 2], ceilMode: true)), [stem])
    let one = b.relu(b.convolution(pooled, from: 6, to: 4, kernel: 1, named: "one"))
    let grouped = b.relu(b.convolution(pooled, from: 6, to: 4, group: 2, named: "grouped"))
    let dilated = b.relu(b.convolution(pooled, from: 6, to: 3, dilation: 2, named: "dilated"))
    let padded = Window(padding: .explicit(begin: [1, 1], end: [1, 1]))
    let average = b.add(Op.AveragePool(kernel: [3, 3], window: padded, countsPadding: true), [pooled])
    let projected = b.relu(b.convolution(average, from: 6, to: 3, kernel: 1, named: "projected"))
    let joined = b.add(Op.Concat(axis: 1), [one, grouped, dilated, projected])
    let x = b.norm(b.convolution(joined, from: 14, to: 8, named: "mixed"), channels: 8, named: "mixed.bn")
    let flat = b.add(Op.Flatten(), [b.add(Op.GlobalAveragePool(), [b.relu(x)])])
    return b.graph(output: b.linear(flat, from: 8, to: 4, named: "fc"))
  }

  /// An inverted residual with depthwise convolution, ReLU6 and a linear bottleneck.
  public static func mobile(seed: UInt64 = 1) -> Graph {
    var b = TinyBuilder(name: "mobile", seed: seed)
    let stem = b.relu6(b.norm(b.convolution("input", from: 3, to: 6, stride: 2, named: "stem"), channels: 6, named: "stem.bn"))
    var x = b.convolution(stem, from: 6, to: 12, kernel: 1, named: "expand")
    x = b.relu6(b.norm(x, channels: 12, named: "expand.bn"))
    x = b.relu6(b.norm(b.convolution(x, from: 12, to: 12, group: 12, named: "depthwise"), channels: 12, named: "depthwise.bn"))
    x = b.norm(b.convolution(x, from: 12, to: 6, kernel: 1, named: "project"), channels: 6, named: "project.bn")
    x = b.convolution(b.add(Op.Add(), [x, stem]), from: 6, to: 10, kernel: 1, named: "head")
    x = b.relu6(b.norm(x, channels: 10, named: "head.bn"))
    let axes = b.editor.add(.integers([2, 3]), named: "axes")
    x = b.add(Op.ReduceMean(keepsAxes: false), [x, axes])
    return b.graph(output: b.linear(x, from: 10, to: 4, named: "fc"))
  }
}

/// Adds layers with random weights to a graph.
struct TinyBuilder {
  var editor: GraphEditor
  private let seed: UInt64

  init(name: String, seed: UInt64, lengths: [Int] = [3, 8, 8]) {
    editor = GraphEditor(name: name)
    self.seed = seed
    let input = editor.freshName("input")
    editor.inputs = [GraphInput(name: input, dimensions: [.symbolic("N")] + lengths.map { .fixed($0) })]
  }

  /// Numbers that depend on the seed and the name alone: `centre ± spread · normal`.
  mutating func random(_ name: String, _ shape: Shape, centre: Double = 0, spread: Double) -> String {
    var generator = Philox(seed: seed, stream: Philox.stream(named: name))
    let elements = (0..<shape.count).map { _ in Float(centre + spread * generator.normal()) }
    return editor.add(.float(Tensor(elements, shape: shape)), named: name)
  }

  mutating func add(_ op: any Operator, _ inputs: [String]) -> String {
    editor.add(op, named: "\(op.name)_\(editor.nodes.count)", inputs: inputs)
  }

  mutating func relu(_ x: String) -> String { add(Op.Relu(), [x]) }

  mutating func relu6(_ x: String) -> String {
    let low = editor.add(.float(Tensor(scalar: 0)), named: "low")
    let high = editor.add(.float(Tensor(scalar: 6)), named: "high")
    return add(Op.Clip(), [x, low, high])
  }

  /// A square convolution that keeps the size, but for its stride.
  mutating func convolution(
    _ x: String, from channels: Int, to filters: Int, kernel: Int = 3, stride: Int = 1, dilation: Int = 1, group: Int = 1,
    named name: String
  ) -> String {
    let fanIn = channels / group * kernel * kernel
    let shape = Shape([filters, channels / group, kernel, kernel])
    let weight = random(name + ".weight", shape, spread: (2 / Double(fanIn)).squareRoot())
    let bias = random(name + ".bias", [filters], spread: 0.1)
    let padding = [Int](repeating: dilation * (kernel / 2), count: 2)
    let window = Window(
      strides: [stride, stride], dilations: [dilation, dilation], padding: .explicit(begin: padding, end: padding))
    return editor.add(Op.Conv(group: group, window: window), named: name, inputs: [x, weight, bias])
  }

  mutating func norm(_ x: String, channels: Int, named name: String) -> String {
    let shape: Shape = [channels]
    let parameters = [
      random(name + ".weight", shape, centre: 1, spread: 0.2), random(name + ".bias", shape, spread: 0.2),
      random(name + ".running_mean", shape, spread: 0.2), random(name + ".running_var", shape, centre: 1, spread: 0.1),
    ]
    return editor.add(Op.BatchNormalization(), named: name, inputs: [x] + parameters)
  }

  mutating func linear(_ x: String, from inputs: Int, to outputs: Int, named name: String) -> String {
    let weight = random(name + ".weight", [outputs, inputs], spread: (2 / Double(inputs)).squareRoot())
    let bias = random(name + ".bias", [outputs], spread: 0.1)
    return editor.add(Op.Gemm(transposeB: true), named: name, inputs: [x, weight, bias])
  }

  /// The graph, whose last value is named `output`.
  mutating func graph(output: String) -> Graph {
    let name = editor.freshName("output")
    for index in editor.nodes.indices where editor.nodes[index].outputs == [output] { editor.nodes[index].outputs = [name] }
    editor.outputs = [name]
    do { return try editor.graph() } catch { preconditionFailure("\(error)") }
  }
}
