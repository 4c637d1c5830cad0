import Networks
import Tensors

/// Random networks with every structure that couples channels: residual sums with and without projection, option-A shortcuts,
/// gates, concatenation, dense blocks, shuffles, splits, slices, depthwise and grouped convolutions, transposed ones, shared
/// weights, both channel orders before a linear layer, two inputs and two outputs.
///
/// They take images `[N, 3, 8, 8]` as `input`. A seed makes the same network every time.
public enum RandomNetworks {
  /// A network of a few random pieces.
  public static func graph(seed: UInt64) throws -> Graph {
    var b = RandomBuilder(seed: seed)
    var x = b.input("input", 3)
    x = b.conv(x, to: 8 * b.pick(1...2))
    for _ in 0..<b.pick(2...5) { x = b.piece(x) }
    var outputs = [b.head(x)]
    if b.pick(0...5) == 0 { outputs.append(b.conv(x, to: 3, kernel: 1).value) }
    return try b.graph(outputs)
  }

  /// Random inputs that fit a network, `count` of them.
  public static func inputs(of graph: Graph, _ count: Int, seed: UInt64 = 1) throws -> [String: Tensor<Float>] {
    let facts = try graph.facts(batch: count)
    return Dictionary(
      uniqueKeysWithValues: graph.inputs.map { input in
        var random = Philox(seed: seed, stream: Philox.stream(named: input.name))
        let shape = facts[input.name]?.shape ?? []
        return (input.name, Tensor((0..<shape.count).map { _ in Float(random.normal()) }, shape: shape))
      })
  }
}

/// A map in the making: its value, channels, and height and width.
private struct Map {
  var value: String
  var channels: Int
  var size: Int
}

private struct RandomBuilder {
  var editor: GraphEditor
  var random: Philox
  private var shared: (weight: String, from: Int, to: Int)?

  init(seed: UInt64) {
    editor = GraphEditor(name: "random-\(seed)")
    random = Philox(seed: seed, stream: Philox.stream(named: "network"))
  }

  mutating func pick(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }

  mutating func input(_ name: String, _ channels: Int, size: Int = 8) -> Map {
    let name = editor.freshName(name)
    editor.inputs.append(
      GraphInput(name: name, dimensions: [.symbolic("N"), .fixed(channels), .fixed(size), .fixed(size)]))
    return Map(value: name, channels: channels, size: size)
  }

  mutating func numbers(_ role: String, _ shape: Shape, centre: Double = 0, spread: Double = 0.3) -> String {
    let elements = (0..<shape.count).map { _ in Float(centre + spread * random.normal()) }
    return editor.add(.float(Tensor(elements, shape: shape)), named: role)
  }

  mutating func integers(_ values: [Int]) -> String { editor.add(.integers(values), named: "integers") }

  mutating func add(_ op: any Operator, _ inputs: [String?]) -> String {
    editor.add(op, named: "\(op.name)_\(editor.nodes.count)", inputs: inputs)
  }

  mutating func graph(_ outputs: [String]) throws -> Graph {
    editor.outputs = outputs
    return try editor.graph()
  }

  // MARK: - Layers

  mutating func conv(_ x: Map, to filters: Int, kernel: Int? = nil, stride: Int = 1, group: Int = 1) -> Map {
    let kernel = kernel ?? [1, 3][pick(0...1)]
    let dilation = kernel == 3 && pick(0...5) == 0 ? 2 : 1
    let pad = dilation * (kernel / 2)
    let fanIn = x.channels / group * kernel * kernel
    let weight = numbers(
      "weight", [filters, x.channels / group, kernel, kernel], spread: (2 / Double(fanIn)).squareRoot())
    let bias = pick(0...1) == 0 ? nil : numbers("bias", [filters])
    let window = Window(
      strides: [stride, stride], dilations: [dilation, dilation], padding: .explicit(begin: [pad, pad], end: [pad, pad]))
    let y = add(Op.Conv(group: group, window: window), [x.value, weight] + (bias.map { [$0] } ?? []))
    return Map(value: y, channels: filters, size: (x.size - 1) / stride + 1)
  }

  mutating func norm(_ x: Map) -> Map {
    let shape: Shape = [x.channels]
    let parameters = [
      numbers("scale", shape, centre: 1), numbers("shift", shape), numbers("mean", shape),
      numbers("variance", shape, centre: 1, spread: 0.1),
    ]
    return Map(value: add(Op.BatchNormalization(), [x.value] + parameters), channels: x.channels, size: x.size)
  }

  mutating func activation(_ x: Map) -> Map {
    var y = x
    switch pick(0...8) {
    case 0:
      let bounds = [editor.add(.float(Tensor(scalar: 0)), named: "low"), editor.add(.float(Tensor(scalar: 6)), named: "high")]
      y.value = add(Op.Clip(), [x.value] + bounds)
    case 1: y.value = add(Op.PRelu(), [x.value, numbers("slope", [x.channels, 1, 1])])
    case 2: y.value = add(Op.LeakyRelu(), [x.value])
    case 3: y.value = add(Op.Mul(), [x.value, add(Op.Sigmoid(), [x.value])])
    case 4: y.value = add(Op.HardSwish(), [x.value])
    case 5: y.value = add(Op.Mul(), [x.value, numbers("factors", [1, x.channels, 1, 1], centre: 1)])
    case 6: y.value = add(Op.Add(), [numbers("offsets", [x.channels, 1, 1]), x.value])
    default: y.value = add(Op.Relu(), [x.value])
    }
    return y
  }

  mutating func layer(_ x: Map, to filters: Int, kernel: Int? = nil, stride: Int = 1, group: Int = 1) -> Map {
    let y = conv(x, to: filters, kernel: kernel, stride: stride, group: group)
    return activation(pick(0...2) > 0 ? norm(y) : y)
  }

  // MARK: - Pieces

  mutating func piece(_ x: Map) -> Map {
    switch pick(0...17) {
    case 0: layer(x, to: 4 * pick(1...4))
    case 1: residual(x)
    case 2: projected(x)
    case 3: optionA(x)
    case 4: gate(x)
    case 5: inception(x)
    case 6: dense(x)
    case 7: shuffle(x)
    case 8: split(x)
    case 9: slice(x)
    case 10: depthwise(x)
    case 11: grouped(x)
    case 12: transposed(x)
    case 13: resampled(x)
    case 14: sharedWeights(x)
    case 15: reordered(x)
    case 16: secondInput(x)
    default: attention(x)
    }
  }

  mutating func sum(_ a: Map, _ b: Map) -> Map {
    Map(
      value: add(pick(0...3) == 0 ? Op.Sum() as any Operator : Op.Add(), [a.value, b.value]), channels: a.channels, size: a.size)
  }

  mutating func residual(_ x: Map) -> Map {
    var y = layer(x, to: 4 * pick(1...3))
    y = norm(conv(y, to: x.channels))
    return activation(sum(x, y))
  }

  mutating func projected(_ x: Map) -> Map {
    let (filters, stride) = (4 * pick(1...4), pick(1...2))
    let y = conv(layer(x, to: 4 * pick(1...3), stride: stride), to: filters)
    return activation(sum(y, conv(x, to: filters, kernel: 1, stride: stride)))
  }

  mutating func optionA(_ x: Map) -> Map {
    let more = 2 * pick(1...3)
    let y = norm(conv(layer(x, to: x.channels, stride: 2), to: x.channels + more))
    let sliced = add(
      Op.Slice(), [x.value, integers([0, 0]), integers([Int(Int32.max), Int(Int32.max)]), integers([2, 3]), integers([2, 2])])
    let first = pick(0...more)
    let padded = add(Op.Pad(), [sliced, integers([0, first, 0, 0, 0, more - first, 0, 0])])
    return activation(sum(y, Map(value: padded, channels: y.channels, size: y.size)))
  }

  mutating func gate(_ x: Map) -> Map {
    let pooled = Map(value: add(Op.GlobalAveragePool(), [x.value]), channels: x.channels, size: 1)
    let hidden = Map(
      value: add(Op.Relu(), [conv(pooled, to: 4 * pick(1...2), kernel: 1).value]), channels: 0, size: 1)
    let reduced = Map(value: hidden.value, channels: lastFilters, size: 1)
    let gates = add(Op.Sigmoid(), [conv(reduced, to: x.channels, kernel: 1).value])
    return Map(value: add(Op.Mul(), [x.value, gates]), channels: x.channels, size: x.size)
  }

  /// The filters of the last convolution.
  private var lastFilters: Int {
    for node in editor.nodes.reversed() where node.op is Op.Conv {
      if let weight = node.inputs[1].flatMap({ editor.constants[$0] }) { return weight.shape[0] }
    }
    return 0
  }

  mutating func inception(_ x: Map) -> Map {
    let parts = (0..<pick(2...3)).map { _ in layer(x, to: 2 * pick(1...4)) }
    let pooled = add(
      Op.MaxPool(kernel: [3, 3], window: Window(padding: .explicit(begin: [1, 1], end: [1, 1]))), [x.value])
    let all = parts + [Map(value: pooled, channels: x.channels, size: x.size)]
    return Map(
      value: add(Op.Concat(axis: 1), all.map(\.value)), channels: all.reduce(0) { $0 + $1.channels }, size: x.size)
  }

  mutating func dense(_ x: Map) -> Map {
    var features = x
    for _ in 0..<pick(1...2) {
      let new = conv(activation(norm(features)), to: 4)
      features = Map(value: add(Op.Concat(axis: -3), [features.value, new.value]), channels: features.channels + 4, size: x.size)
    }
    return features
  }

  mutating func shuffle(_ x: Map) -> Map {
    let y = x.channels % 4 == 0 ? x : layer(x, to: 8)
    let groups = [2, 4][pick(0...1)]
    var value = add(Op.Reshape(), [y.value, integers([0, groups, y.channels / groups, y.size, y.size])])
    value = add(Op.Transpose(permutation: [0, 2, 1, 3, 4]), [value])
    value = add(Op.Reshape(), [value, integers([pick(0...1) == 0 ? 0 : -1, y.channels, y.size, y.size])])
    return Map(value: value, channels: y.channels, size: y.size)
  }

  mutating func split(_ x: Map) -> Map {
    let y = x.channels % 2 == 0 ? x : layer(x, to: 8)
    let halves = editor.add(
      Op.Split(axis: 1), named: "Split_\(editor.nodes.count)",
      inputs: [y.value] + (pick(0...1) == 0 ? [integers([y.channels / 2, y.channels / 2])] : []), outputs: ["a", "b"])
    let a = Map(value: halves[0], channels: y.channels / 2, size: y.size)
    let b = layer(Map(value: halves[1], channels: y.channels / 2, size: y.size), to: y.channels / 2)
    if pick(0...1) == 0 { return sum(a, b) }
    return Map(value: add(Op.Concat(axis: 1), [b.value, a.value]), channels: y.channels, size: y.size)
  }

  mutating func slice(_ x: Map) -> Map {
    let y = x.channels >= 6 ? x : layer(x, to: 8)
    let (start, end, step) = [(1, y.channels, 1), (0, y.channels, 2), (-1, -y.channels - 1, -1), (1, -1, 1)][pick(0...3)]
    let taken = add(Op.Slice(), [y.value, integers([start]), integers([end]), integers([1]), integers([step])])
    let count = step > 1 ? (y.channels + 1) / 2 : step < 0 ? y.channels : y.channels - (end < 0 ? 2 : 1)
    return Map(value: taken, channels: count, size: y.size)
  }

  mutating func depthwise(_ x: Map) -> Map {
    let y = layer(x, to: x.channels * pick(1...2), kernel: 3, stride: pick(1...2), group: x.channels)
    return layer(y, to: 4 * pick(1...3), kernel: 1)
  }

  mutating func grouped(_ x: Map) -> Map {
    let y = x.channels % 4 == 0 ? x : layer(x, to: 8)
    return layer(y, to: 4 * pick(1...3), group: [2, 4][pick(0...1)])
  }

  mutating func transposed(_ x: Map) -> Map {
    let y = x.channels % 2 == 0 ? x : layer(x, to: 8)
    let group = [1, 2, y.channels][pick(0...2)]
    let perGroup = pick(1...3)
    let weight = numbers("weight", [y.channels, perGroup, 2, 2])
    let bias = pick(0...1) == 0 ? nil : numbers("bias", [perGroup * group])
    let value = add(
      Op.ConvTranspose(group: group, window: Window(strides: [2, 2])), [y.value, weight] + (bias.map { [$0] } ?? []))
    let grown = Map(value: value, channels: perGroup * group, size: y.size * 2)
    return layer(activation(grown), to: 4 * pick(1...3), stride: 2)
  }

  mutating func resampled(_ x: Map) -> Map {
    var y = layer(x, to: 4 * pick(1...3))
    if pick(0...1) == 0 {
      let sizes = editor.add(.float(Tensor([1, 1, 2, 2], shape: [4])), named: "scales")
      y.value = add(Op.Resize(coordinates: .asymmetric, rounding: .floor), [y.value, nil, sizes])
      y.size *= 2
    }
    let window = Window(strides: [2, 2])
    y.value = add(
      pick(0...1) == 0
        ? Op.AveragePool(kernel: [2, 2], window: window) as any Operator : Op.MaxPool(kernel: [2, 2], window: window),
      [y.value])
    y.size /= 2
    if y.size < 2 {
      let zoom = editor.add(.float(Tensor([1, 1, 4, 4], shape: [4])), named: "scales")
      y.value = add(Op.Resize(mode: .linear), [y.value, nil, zoom])
      y.size *= 4
    }
    return y
  }

  mutating func sharedWeights(_ x: Map) -> Map {
    let weight = numbers("tied", [x.channels, x.channels, 3, 3], spread: (2 / Double(9 * x.channels)).squareRoot())
    let window = Window(padding: .explicit(begin: [1, 1], end: [1, 1]))
    let first = add(Op.Relu(), [add(Op.Conv(window: window), [x.value, weight])])
    let second = add(Op.Conv(window: window), [first, weight])
    return sum(x, Map(value: second, channels: x.channels, size: x.size))
  }

  mutating func reordered(_ x: Map) -> Map {
    let y = layer(x, to: 8)
    let order = (0..<8).map { ($0 * 3 + 1) % 8 }
    let value = add(Op.Gather(axis: 1), [y.value, integers(order)])
    return Map(value: value, channels: 8, size: y.size)
  }

  mutating func secondInput(_ x: Map) -> Map {
    let other = input("extra", 2, size: x.size)
    return sum(x, conv(other, to: x.channels))
  }

  mutating func attention(_ x: Map) -> Map {
    let mask = add(Op.Sigmoid(), [conv(x, to: 1, kernel: 1).value])
    return Map(value: add(Op.Mul(), [x.value, mask]), channels: x.channels, size: x.size)
  }

  // MARK: - Heads

  mutating func head(_ x: Map) -> String {
    var features: (value: String, count: Int)
    switch pick(0...3) {
    case 0:
      features = (add(Op.Flatten(), [x.value]), x.channels * x.size * x.size)
    case 1:
      let last = add(Op.Transpose(permutation: [0, 2, 3, 1]), [x.value])
      features = (add(Op.Reshape(), [last, integers([-1, x.channels * x.size * x.size])]), x.channels * x.size * x.size)
    case 2:
      features = (add(Op.ReduceMean(keepsAxes: false), [x.value, integers([2, 3])]), x.channels)
    default:
      let pooled = add(Op.GlobalAveragePool(), [x.value])
      features = (add(Op.Squeeze(), [pooled, integers([2, 3])]), x.channels)
    }
    let hidden = 4 * pick(2...4)
    if pick(0...1) == 0 {
      let weight = numbers("weight", [hidden, features.count], spread: (2 / Double(features.count)).squareRoot())
      features = (add(Op.Gemm(transposeB: true), [features.value, weight, numbers("bias", [hidden])]), hidden)
    } else {
      let weight = numbers("weight", [features.count, hidden], spread: (2 / Double(features.count)).squareRoot())
      let product = add(Op.MatMul(), [features.value, weight])
      features = (add(Op.Add(), [product, numbers("bias", [hidden])]), hidden)
    }
    let weight = numbers("weight", [4, hidden], spread: 0.3)
    let logits = add(Op.Gemm(transposeB: true), [add(Op.Relu(), [features.value]), weight, numbers("bias", [4])])
    return pick(0...2) == 0 ? add(Op.Softmax(axis: 1), [logits]) : logits
  }
}
