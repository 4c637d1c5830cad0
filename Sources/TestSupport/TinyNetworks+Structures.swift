import Networks
import Tensors

extension TinyNetworks {
  /// One network for each structure that those of ``all(seed:)`` do not have: what channels, space and outputs real ones are
  /// wired by.
  public static func structures(seed: UInt64 = 1) -> [(name: String, graph: Graph)] {
    [
      ("dense", dense(seed)), ("gated", gated(seed)), ("shuffle", shuffle(seed)), ("branches", branches(seed)),
      ("mixer", mixer(seed)), ("group norm", groupNorm(seed)), ("segmentation", segmentation(seed)),
      ("detection", detection(seed)),
      ("signal", signal(seed)), ("pixels", pixels(seed)), ("standardised", standardised(seed)), ("sampled", sampled(seed)),
    ]
  }

  /// A dense block and a transition.
  private static func dense(_ seed: UInt64) -> Graph {
    var b = TinyBuilder(name: "dense", seed: seed)
    var (x, channels) = (b.convolution("input", from: 3, to: 8, named: "stem"), 8)
    for layer in 1...3 {
      let y = b.relu(b.norm(x, channels: channels, named: "bn\(layer)"))
      let bottleneck = b.relu(
        b.norm(b.convolution(y, from: channels, to: 8, kernel: 1, named: "wide\(layer)"), channels: 8, named: "bn\(layer)b"))
      x = b.add(Op.Concat(axis: 1), [x, b.convolution(bottleneck, from: 8, to: 4, named: "grow\(layer)")])
      channels += 4
    }
    x = b.convolution(b.relu(b.norm(x, channels: 20, named: "bn")), from: 20, to: 10, kernel: 1, named: "transition")
    x = b.add(Op.AveragePool(kernel: [2, 2], window: Window(strides: [2, 2])), [x])
    return b.graph(output: b.classifier(b.relu(x), 10))
  }

  /// An inverted residual with squeeze and excitation and hard-swish.
  private static func gated(_ seed: UInt64) -> Graph {
    var b = TinyBuilder(name: "gated", seed: seed)
    let stem = b.add(Op.HardSwish(), [b.norm(b.convolution("input", from: 3, to: 8, named: "stem"), channels: 8, named: "bn0")])
    var x = b.add(Op.HardSwish(), [b.convolution(stem, from: 8, to: 16, kernel: 1, named: "expand")])
    x = b.add(
      Op.HardSwish(), [b.norm(b.convolution(x, from: 16, to: 16, group: 16, named: "depthwise"), channels: 16, named: "bn1")])
    let pooled = b.add(Op.GlobalAveragePool(), [x])
    let squeezed = b.relu(b.convolution(pooled, from: 16, to: 4, kernel: 1, named: "squeeze"))
    let gate = b.add(Op.HardSigmoid(), [b.convolution(squeezed, from: 4, to: 16, kernel: 1, named: "excite")])
    x = b.convolution(b.add(Op.Mul(), [x, gate]), from: 16, to: 8, kernel: 1, named: "project")
    return b.graph(output: b.classifier(b.add(Op.Add(), [x, stem]), 8))
  }

  /// Channels in two halves, one of which passes a depthwise branch, and shuffled.
  private static func shuffle(_ seed: UInt64) -> Graph {
    var b = TinyBuilder(name: "shuffle", seed: seed)
    var x = b.relu(b.convolution("input", from: 3, to: 12, named: "stem"))
    for unit in 1...2 {
      let halves = b.editor.add(
        Op.Split(axis: 1), named: "halves\(unit)", inputs: [x, b.integers([6, 6])], outputs: ["kept\(unit)", "changed\(unit)"])
      var y = b.relu(b.convolution(halves[1], from: 6, to: 6, kernel: 1, named: "first\(unit)"))
      y = b.norm(b.convolution(y, from: 6, to: 6, group: 6, named: "depthwise\(unit)"), channels: 6, named: "bn\(unit)")
      y = b.relu(b.convolution(y, from: 6, to: 6, kernel: 1, named: "second\(unit)"))
      let joined = b.add(Op.Concat(axis: 1), [halves[0], y])
      let cut = b.add(Op.Reshape(), [joined, b.integers([0, 2, 6, 8, 8])])
      x = b.add(Op.Reshape(), [b.add(Op.Transpose(permutation: [0, 2, 1, 3, 4]), [cut]), b.integers([0, -1, 8, 8])])
    }
    x = b.relu(b.convolution(x, from: 12, to: 16, kernel: 1, named: "last"))
    return b.graph(output: b.classifier(x, 16))
  }

  /// Split, grouped and dilated branches whose every step is joined.
  private static func branches(_ seed: UInt64) -> Graph {
    var b = TinyBuilder(name: "branches", seed: seed)
    let x = b.relu(b.norm(b.convolution("input", from: 3, to: 16, named: "stem"), channels: 16, named: "bn"))
    let parts = b.editor.add(Op.Split(axis: 1), named: "parts", inputs: [x], outputs: ["a", "b"])
    let grouped = b.relu(b.convolution(parts[1], from: 8, to: 8, group: 4, named: "grouped"))
    let dilated = b.relu(b.convolution(grouped, from: 8, to: 8, dilation: 2, named: "dilated"))
    let sum = b.add(Op.Add(), [grouped, dilated])
    let joined = b.add(Op.Concat(axis: 1), [parts[0], parts[1], grouped, sum])
    return b.graph(output: b.classifier(b.relu(b.convolution(joined, from: 32, to: 12, kernel: 1, named: "fuse")), 12))
  }

  /// Layers along tokens and along channels, with layer norms.
  private static func mixer(_ seed: UInt64) -> Graph {
    var b = TinyBuilder(name: "mixer", seed: seed)
    let window = Window(strides: [2, 2])
    let patches = b.editor.add(
      Op.Conv(window: window), named: "patches", inputs: ["input", b.random("patches.weight", [12, 3, 2, 2], spread: 0.4)])
    var x = b.add(Op.Transpose(permutation: [0, 2, 1]), [b.add(Op.Reshape(), [patches, b.integers([0, 12, 16])])])
    let turned = b.add(Op.Transpose(permutation: [0, 2, 1]), [b.layerNorm(x, 12, named: "norm1")])
    let tokens = b.perceptron(turned, 16, 24, named: "tokens")
    x = b.add(Op.Add(), [x, b.add(Op.Transpose(permutation: [0, 2, 1]), [tokens])])
    x = b.add(Op.Add(), [x, b.perceptron(b.layerNorm(x, 12, named: "norm2"), 12, 24, named: "channels")])
    let mean = b.add(Op.ReduceMean(keepsAxes: false), [b.layerNorm(x, 12, named: "norm3"), b.integers([1])])
    return b.graph(output: b.linear(mean, from: 12, to: 4, named: "fc"))
  }

  /// Group norms as exporters write them.
  private static func groupNorm(_ seed: UInt64) -> Graph {
    var b = TinyBuilder(name: "group-norm", seed: seed)
    var x = "input"
    for (layer, channels) in [3, 12].enumerated() {
      x = b.convolution(x, from: channels, to: 12, named: "conv\(layer)")
      let (ones, zeros) = (b.constant([1, 1, 1], "ones"), b.constant([0, 0, 0], "zeros"))
      let shape = b.add(Op.ShapeOf(), [x])
      let grouped = b.add(Op.Reshape(), [x, b.integers([0, 3, -1])])
      let whole = b.add(Op.Reshape(), [b.add(Op.InstanceNormalization(), [grouped, ones, zeros]), shape])
      let scaled = b.add(Op.Mul(), [whole, b.random("scale\(layer)", [12, 1, 1], centre: 1, spread: 0.2)])
      x = b.relu(b.add(Op.Add(), [scaled, b.random("shift\(layer)", [12, 1, 1], spread: 0.2)]))
    }
    return b.graph(output: b.classifier(x, 12))
  }

  /// One score a class and pixel: cubic and linear resizing to the image's size.
  private static func segmentation(_ seed: UInt64) -> Graph {
    var b = TinyBuilder(name: "segmentation", seed: seed)
    var x = b.relu(b.norm(b.convolution("input", from: 3, to: 10, stride: 2, named: "stem"), channels: 10, named: "bn"))
    let low = b.relu(b.convolution(x, from: 10, to: 8, stride: 2, dilation: 2, named: "low"))
    let doubled = b.constant([1, 1, 2, 2], "scales")
    let cubic = b.editor.add(Op.Resize(mode: .cubic), named: "cubic", inputs: [low, nil, doubled])
    x = b.relu(b.convolution(b.add(Op.Concat(axis: 1), [cubic, x]), from: 18, to: 12, named: "joined"))
    x = b.convolution(x, from: 12, to: 4, kernel: 1, named: "scores")
    let head = b.add(Op.Concat(axis: 0), [b.add(Op.ShapeOf(start: 0, end: 2), [x]), b.integers([8, 8])])
    return b.graph(
      output: b.editor.add(
        Op.Resize(mode: .linear, coordinates: .pytorchHalfPixel), named: "linear", inputs: [x, nil, nil, head]))
  }

  /// Scores and boxes of every position at two sizes, after a pyramid.
  private static func detection(_ seed: UInt64) -> Graph {
    var b = TinyBuilder(name: "detection", seed: seed)
    let high = b.relu(b.norm(b.convolution("input", from: 3, to: 12, stride: 2, named: "stem"), channels: 12, named: "bn"))
    let low = b.relu(b.convolution(high, from: 12, to: 12, stride: 2, named: "low"))
    let doubled = b.constant([1, 1, 2, 2], "scales")
    let up = b.editor.add(
      Op.Resize(coordinates: .asymmetric, rounding: .floor), named: "up",
      inputs: [b.convolution(low, from: 12, to: 8, kernel: 1, named: "top"), nil, doubled])
    let joined = b.add(Op.Add(), [up, b.convolution(high, from: 12, to: 8, kernel: 1, named: "side")])
    let levels = [joined, b.convolution(low, from: 12, to: 8, kernel: 1, named: "lowest")]
    var outputs: [String] = []
    for (name, width) in [("scores", 4), ("boxes", 2)] {
      let rows = levels.enumerated().map { level, map in
        let tower = b.relu(b.convolution(map, from: 8, to: 8, named: "\(name).tower\(level)"))
        let made = b.convolution(tower, from: 8, to: width, named: "\(name).head\(level)")
        return b.add(
          Op.Reshape(), [b.add(Op.Transpose(permutation: [0, 2, 3, 1]), [made]), b.integers([0, -1, width])])
      }
      outputs.append(b.editor.add(Op.Concat(axis: 1), named: name, inputs: rows))
    }
    return b.graph(outputs: outputs)
  }

  /// A series of numbers.
  private static func signal(_ seed: UInt64) -> Graph {
    var b = TinyBuilder(name: "signal", seed: seed, lengths: [3, 24])
    var x = "input"
    for (layer, channels) in [3, 10].enumerated() {
      let weight = b.random("weight\(layer)", [10, channels, 5], spread: 0.3)
      let window = Window(strides: [2], padding: .explicit(begin: [2], end: [2]))
      x = b.editor.add(
        Op.Conv(window: window), named: "conv\(layer)", inputs: [x, weight, b.random("bias\(layer)", [10], spread: 0.1)])
      x = b.relu(b.norm(x, channels: 10, named: "bn\(layer)"))
    }
    x = b.add(Op.MaxPool(kernel: [2], window: Window(strides: [2])), [x])
    return b.graph(output: b.linear(b.add(Op.Flatten(), [x]), from: 30, to: 4, named: "fc"))
  }

  /// Blocks of pixels as channels, and back.
  private static func pixels(_ seed: UInt64) -> Graph {
    var b = TinyBuilder(name: "pixels", seed: seed)
    var x = b.add(Op.SpaceToDepth(blockSize: 2), ["input"])
    x = b.relu(b.convolution(x, from: 12, to: 16, named: "first"))
    x = b.relu(b.convolution(x, from: 16, to: 16, named: "second"))
    x = b.add(Op.DepthToSpace(blockSize: 2, mode: .columnRowDepth), [b.convolution(x, from: 16, to: 12, named: "third")])
    return b.graph(output: b.classifier(b.relu(b.convolution(x, from: 3, to: 8, named: "last")), 8))
  }

  /// Convolutions whose weights are normalised by their own mean and deviation.
  private static func standardised(_ seed: UInt64) -> Graph {
    var b = TinyBuilder(name: "standardised", seed: seed)
    var x = "input"
    for (layer, channels) in [3, 12].enumerated() {
      let weight = b.random("weight\(layer)", [12, channels, 3, 3], spread: 0.4)
      let axes = b.integers([1, 2, 3])
      let centred = b.add(Op.Sub(), [weight, b.add(Op.ReduceMean(), [weight, axes])])
      let variance = b.add(Op.ReduceMean(), [b.add(Op.Mul(), [centred, centred]), axes])
      let deviation = b.add(Op.Sqrt(), [b.add(Op.Add(), [variance, b.constant([1e-5], "epsilon")])])
      let gain = b.random("gain\(layer)", [12, 1, 1, 1], centre: 0.5, spread: 0.1)
      let standard = b.add(Op.Mul(), [b.add(Op.Div(), [centred, deviation]), gain])
      let window = Window(padding: .explicit(begin: [1, 1], end: [1, 1]))
      x = b.relu(
        b.editor.add(
          Op.Conv(window: window), named: "conv\(layer)", inputs: [x, standard, b.random("bias\(layer)", [12], spread: 0.1)]))
    }
    return b.graph(output: b.classifier(x, 12))
  }

  /// Maps read where the network says, and summed up along their rows.
  private static func sampled(_ seed: UInt64) -> Graph {
    var b = TinyBuilder(name: "sampled", seed: seed)
    let x = b.relu(b.convolution("input", from: 3, to: 12, named: "stem"))
    var base: [Float] = []
    for place in 0..<64 { base += [Float(place % 8) / 4 - 0.877, Float(place / 8) / 4 - 0.877] }
    let offsets = b.add(Op.Tanh(), [b.convolution(x, from: 12, to: 2, named: "offsets")])
    let places = b.add(
      Op.Add(),
      [
        b.add(Op.Transpose(permutation: [0, 2, 3, 1]), [offsets]),
        b.editor.add(.float(Tensor(base, shape: [1, 8, 8, 2])), named: "base"),
      ])
    let read = b.add(Op.GridSample(padding: .border), [x, places])
    let summed = b.add(Op.CumSum(), [read, b.editor.add(.int64(Tensor(scalar: -1)), named: "axis")])
    return b.graph(output: b.classifier(b.relu(b.convolution(summed, from: 12, to: 10, named: "last")), 10))
  }
}

extension TinyBuilder {
  fileprivate mutating func integers(_ values: [Int]) -> String { editor.add(.integers(values), named: "integers") }

  fileprivate mutating func constant(_ values: [Float], _ name: String) -> String {
    editor.add(.float(Tensor(values, shape: [values.count])), named: name)
  }

  fileprivate mutating func layerNorm(_ x: String, _ width: Int, named name: String) -> String {
    let scale = random(name + ".weight", [width], centre: 1, spread: 0.2)
    return editor.add(Op.LayerNormalization(), named: name, inputs: [x, scale, random(name + ".bias", [width], spread: 0.2)])
  }

  fileprivate mutating func perceptron(_ x: String, _ width: Int, _ hidden: Int, named name: String) -> String {
    let first = add(Op.MatMul(), [x, random(name + ".first", [width, hidden], spread: 0.4)])
    let wide = add(Op.Gelu(), [add(Op.Add(), [first, random(name + ".bias", [hidden], spread: 0.1)])])
    return add(Op.MatMul(), [wide, random(name + ".second", [hidden, width], spread: 0.4)])
  }

  fileprivate mutating func classifier(_ x: String, _ channels: Int) -> String {
    linear(add(Op.Flatten(), [add(Op.GlobalAveragePool(), [x])]), from: channels, to: 4, named: "fc")
  }

  /// The graph of several results, under the names that they have.
  fileprivate mutating func graph(outputs: [String]) -> Graph {
    editor.outputs = outputs
    do { return try editor.graph() } catch { preconditionFailure("\(error)") }
  }
}
