import Networks
import Tensors

/// Small networks of tokens with random weights, each with one way in which channels are spread over heads, moved through windows,
/// normalised or gated.
///
/// They take `[N, 3, 8, 8]` as `input` and give `[N, 5]`.
enum TokenNetworks: String, CaseIterable {
  /// Queries, keys and values of one layer, `[N, T, 3, h, d]`, a class token and learned positions (timm).
  case vision
  /// The batch behind the tokens and counted with the heads, `[T, N·h, d]` (torch.nn.MultiheadAttention).
  case sequenceFirst
  /// Queries, keys and values split before they are spread over heads, with norms over the width of each head.
  case split
  /// Rolled windows with biases and masks, and patches that are merged (Swin).
  case windows
  /// Products of directions, with a factor for each head (Swin V2).
  case cosine
  /// Heads that are mixed before and behind the softmax, and a class token that attends alone (CaiT).
  case talkingHeads
  /// Channels that attend to channels (DaViT, XCiT).
  case channels
  /// A gate that is linear along tokens (gMLP).
  case gate
  /// Convolutions beside linear layers, with responses normalised by their mean over channels (ConvNeXt V2).
  case responses
  /// Products written as Einsum, relative positions among them (SAM).
  case einsum
  /// Groups of channels normalised together, means and lengths over channels as maps, keys of one head for all (multi-query).
  case shared

  func graph(seed: UInt64) throws -> Graph {
    var b = TokenBuilder(name: "\(rawValue)-\(seed)", seed: seed)
    return try b.graph(self)
  }
}

private struct TokenBuilder {
  private var editor: GraphEditor
  private var random: Philox
  private let width = 12, heads = 3, inner = 4

  init(name: String, seed: UInt64) {
    editor = GraphEditor(name: name)
    editor.inputs = [GraphInput(name: "input", dimensions: [.symbolic("N"), .fixed(3), .fixed(8), .fixed(8)])]
    _ = editor.freshName("input")
    random = Philox(seed: seed, stream: Philox.stream(named: "tokens"))
  }

  mutating func graph(_ kind: TokenNetworks) throws -> Graph {
    if kind == .responses || kind == .shared { return try convolutional(kind) }
    // [N, 16, C]
    var x = transpose(reshape(patches(), [0, width, 16]), [0, 2, 1])
    if kind == .vision || kind == .talkingHeads {
      // Class tokens are repeated for every image of the batch.
      let shape = add(Op.ShapeOf(), [x])
      let images = add(Op.Gather(axis: 0), [shape, integers([0])])
      let target = add(Op.Concat(axis: 0), [images, integers([1, 1])])
      let token = add(Op.Expand(), [numbers([1, 1, width]), target])
      if kind == .vision { x = add(Op.Concat(axis: 1), [token, x]) }
      x = add(Op.Add(), [x, numbers([1, kind == .vision ? 17 : 16, width])])
      x = try block(kind, x)
      if kind == .talkingHeads { x = classAttention(token, x) }
    } else if kind == .windows {
      x = reshape(x, [0, 4, 4, width])
      for shift in [0, 1] { x = residual(x) { $0.windows($1, shift) } }
      x = merged(x)
    } else {
      x = try block(kind, x)
    }
    let last = kind == .windows ? 2 * width : width
    x = norm(x, last)
    let head =
      kind == .vision || kind == .talkingHeads
      ? add(Op.Gather(axis: 1), [x, editor.add(.int64(Tensor(scalar: 0)), named: "first")])
      : add(Op.ReduceMean(keepsAxes: false), [x, integers([1])])
    return try finish(head, last)
  }

  private mutating func finish(_ x: String, _ width: Int) throws -> Graph {
    editor.outputs = [add(Op.Gemm(transposeB: true), [x, numbers([5, width]), numbers([5])])]
    return try editor.graph()
  }

  private mutating func block(_ kind: TokenNetworks, _ x: String) throws -> String {
    var x = try residual(x) { b, x in
      switch kind {
      case .sequenceFirst: b.sequenceFirst(x)
      case .split: b.splitHeads(x)
      case .channels: b.channelAttention(x)
      case .gate: b.gated(x)
      case .einsum: try b.einsum(x)
      default: b.attention(x, kind)
      }
    }
    x = residual(x) { b, x in b.linear(b.add(Op.Gelu(), [b.linear(x, 12, 20)]), 20, 12) }
    return x
  }

  // MARK: - Pieces

  private mutating func add(_ op: any Operator, _ inputs: [String?]) -> String {
    editor.add(op, named: "\(op.name)_\(editor.nodes.count)", inputs: inputs)
  }

  private mutating func numbers(_ shape: Shape, centre: Double = 0, spread: Double = 0.4) -> String {
    let elements = (0..<shape.count).map { _ in Float(centre + spread * random.normal()) }
    return editor.add(.float(Tensor(elements, shape: shape)), named: "numbers")
  }

  private mutating func integers(_ values: [Int]) -> String { editor.add(.integers(values), named: "integers") }

  private mutating func scalar(_ value: Float) -> String { editor.add(.float(Tensor(scalar: value)), named: "scalar") }

  private mutating func reshape(_ x: String, _ target: [Int]) -> String { add(Op.Reshape(), [x, integers(target)]) }

  private mutating func transpose(_ x: String, _ order: [Int]) -> String { add(Op.Transpose(permutation: order), [x]) }

  private mutating func linear(_ x: String, _ from: Int, _ to: Int) -> String {
    add(Op.Add(), [numbers([to]), add(Op.MatMul(), [x, numbers([from, to])])])
  }

  private mutating func norm(_ x: String, _ width: Int) -> String {
    add(Op.LayerNormalization(axis: -1), [x, numbers([width], centre: 1), numbers([width])])
  }

  private mutating func patches(to width: Int = 12, size: Int = 2) -> String {
    let window = Window(strides: [size, size], padding: .explicit(begin: [0, 0], end: [0, 0]))
    return add(Op.Conv(window: window), ["input", numbers([width, 3, size, size]), numbers([width])])
  }

  private mutating func residual(_ x: String, _ branch: (inout TokenBuilder, String) throws -> String) rethrows -> String {
    let y = try branch(&self, norm(x, width))
    return add(Op.Add(), [x, add(Op.Mul(), [y, numbers([width], centre: 1)])])
  }

  private mutating func taken(_ x: String, _ position: Int, axis: Int = 0) -> String {
    add(Op.Gather(axis: axis), [x, editor.add(.int64(Tensor(scalar: Int64(position))), named: "index")])
  }

  /// `[N, h, T, d]` each, from `[…, T, 3·h·d]`.
  private mutating func queriesKeysValues(_ x: String, _ tokens: Int) -> [String] {
    let all = transpose(reshape(linear(x, width, 3 * width), [-1, tokens, 3, heads, inner]), [2, 0, 3, 1, 4])
    return (0..<3).map { taken(all, $0) }
  }

  private mutating func attended(_ scores: String, _ values: String, _ tokens: Int) -> String {
    let mixed = add(Op.MatMul(), [scores, values])
    return linear(reshape(transpose(mixed, [0, 2, 1, 3]), [-1, tokens, width]), width, width)
  }

  // MARK: - Attention

  private mutating func attention(_ x: String, _ kind: TokenNetworks) -> String {
    let tokens = kind == .vision ? 17 : 16
    var parts = queriesKeysValues(x, tokens)
    if kind == .cosine {
      for position in 0..<2 {
        let length = add(Op.ReduceL2(), [parts[position], integers([-1])])
        let bounded = add(Op.Max(), [length, scalar(1e-6)])
        parts[position] = add(Op.Div(), [parts[position], add(Op.Expand(), [bounded, add(Op.ShapeOf(), [parts[position]])])])
      }
    }
    var scores = add(Op.MatMul(), [add(Op.Mul(), [parts[0], scalar(0.5)]), transpose(parts[1], [0, 1, 3, 2])])
    if kind == .cosine { scores = add(Op.Mul(), [scores, numbers([heads, 1, 1], centre: 2)]) }
    if kind == .talkingHeads { scores = mixed(scores) }
    scores = add(Op.Softmax(axis: -1), [scores])
    if kind == .talkingHeads { scores = mixed(scores) }
    return attended(scores, parts[2], tokens)
  }

  private mutating func mixed(_ scores: String) -> String {
    transpose(linear(transpose(scores, [0, 2, 3, 1]), heads, heads), [0, 3, 1, 2])
  }

  /// A token attends to itself and all others, and stands for the image.
  private mutating func classAttention(_ token: String, _ x: String) -> String {
    let all = norm(add(Op.Concat(axis: 1), [token, x]), width)
    func heads(_ x: String) -> String {
      transpose(reshape(linear(x, width, width), [0, -1, self.heads, inner]), [0, 2, 1, 3])
    }
    let first = add(
      Op.Unsqueeze(), [taken(all, 0, axis: 1), integers([1])])
    let (q, k, v) = (heads(first), heads(all), heads(all))
    let scores = add(Op.Softmax(axis: -1), [add(Op.MatMul(), [q, transpose(k, [0, 1, 3, 2])])])
    let y = add(Op.Add(), [attended(scores, v, 1), token])
    return add(Op.Concat(axis: 1), [y, x])
  }

  private mutating func sequenceFirst(_ x: String) -> String {
    let x = transpose(x, [1, 0, 2])
    let all = add(Op.Unsqueeze(), [reshape(linear(x, width, 3 * width), [16, -1, 3, width]), integers([0])])
    let parts = add(Op.Squeeze(), [transpose(all, [3, 1, 2, 0, 4]), integers([3])])
    let (q, k, v) = (head(taken(parts, 0)), head(taken(parts, 1)), head(taken(parts, 2)))
    let scores = add(Op.Softmax(axis: -1), [add(Op.MatMul(), [q, transpose(k, [0, 2, 1])])])
    let mixed = reshape(transpose(add(Op.MatMul(), [scores, v]), [1, 0, 2]), [-1, width])
    let y = add(Op.Gemm(transposeB: true), [mixed, numbers([width, width]), numbers([width])])
    return transpose(reshape(y, [16, -1, width]), [1, 0, 2])
  }

  private mutating func head(_ x: String) -> String { transpose(reshape(x, [16, -1, inner]), [1, 0, 2]) }

  private mutating func splitHeads(_ x: String) -> String {
    let all = linear(x, width, 3 * width)
    let parts = editor.add(
      Op.Split(axis: -1), named: "split", inputs: [all, integers([width, width, width])], outputs: ["q", "k", "v"])
    let spread = parts.map { transpose(reshape($0, [0, 16, heads, inner]), [0, 2, 1, 3]) }
    let scores = add(
      Op.Softmax(axis: -1), [add(Op.MatMul(), [norm(spread[0], inner), transpose(norm(spread[1], inner), [0, 1, 3, 2])])])
    return attended(scores, spread[2], 16)
  }

  private mutating func channelAttention(_ x: String) -> String {
    let parts = queriesKeysValues(x, 16)
    let scores = add(Op.Softmax(axis: -1), [add(Op.MatMul(), [transpose(parts[0], [0, 1, 3, 2]), parts[1]])])
    let mixed = add(Op.MatMul(), [scores, transpose(parts[2], [0, 1, 3, 2])])
    return linear(reshape(transpose(mixed, [0, 3, 1, 2]), [-1, 16, width]), width, width)
  }

  private mutating func einsum(_ x: String) throws -> String {
    let parts = queriesKeysValues(x, 16)
    func product(_ equation: String, _ inputs: [String]) throws -> String { add(try Op.Einsum(equation), inputs) }
    let places = try product("nhqd,kd->nhqk", [parts[0], numbers([16, inner])])
    let scores = add(Op.Add(), [try product("nhqd,nhkd->nhqk", [parts[0], parts[1]]), places])
    let mixed = try product("nhqk,nhkd->nqhd", [add(Op.Softmax(axis: -1), [scores]), parts[2]])
    return linear(reshape(mixed, [-1, 16, width]), width, width)
  }

  private mutating func gated(_ x: String) -> String {
    let wide = add(Op.Gelu(), [linear(x, width, 24)])
    let halves = editor.add(Op.Split(axis: -1), named: "halves", inputs: [wide, integers([12, 12])], outputs: ["u", "v"])
    let tokens = transpose(norm(halves[1], 12), [0, 2, 1])
    let mixed = transpose(linear(tokens, 16, 16), [0, 2, 1])
    return linear(add(Op.Mul(), [halves[0], mixed]), 12, width)
  }

  // MARK: - Windows

  private mutating func rolled(_ x: String, _ shift: Int) -> String {
    guard shift != 0 else { return x }
    return [1, 2].reduce(x) { x, axis in
      let first = add(Op.Slice(), [x, integers([shift]), integers([Int(Int32.max)]), integers([axis])])
      let second = add(Op.Slice(), [x, integers([0]), integers([shift]), integers([axis])])
      return add(Op.Concat(axis: axis), [first, second])
    }
  }

  private mutating func windows(_ x: String, _ shift: Int) -> String {
    let moved = rolled(x, shift)
    let parts = reshape(transpose(reshape(moved, [0, 2, 2, 2, 2, width]), [0, 1, 3, 2, 4, 5]), [-1, 4, width])
    let qkv = queriesKeysValues(parts, 4)
    var scores = add(Op.MatMul(), [qkv[0], transpose(qkv[1], [0, 1, 3, 2])])
    scores = add(Op.Add(), [scores, numbers([1, heads, 4, 4])])
    if shift != 0 {
      scores = add(Op.Add(), [reshape(scores, [-1, 4, heads, 4, 4]), numbers([1, 4, 1, 4, 4])])
      scores = reshape(scores, [-1, heads, 4, 4])
    }
    let y = attended(add(Op.Softmax(axis: -1), [scores]), qkv[2], 4)
    let back = reshape(transpose(reshape(y, [-1, 2, 2, 2, 2, width]), [0, 1, 3, 2, 4, 5]), [-1, 4, 4, width])
    return rolled(back, -shift)
  }

  /// Every 2 × 2 patches as one token of twice the width.
  private mutating func merged(_ x: String) -> String {
    let corners = [[0, 0], [1, 0], [0, 1], [1, 1]].map { corner in
      [1, 2].reduce(x) { x, axis in
        add(Op.Slice(), [x, integers([corner[axis - 1]]), integers([Int(Int32.max)]), integers([axis]), integers([2])])
      }
    }
    let wide = norm(add(Op.Concat(axis: -1), corners), 4 * width)
    let reduced = add(Op.MatMul(), [wide, numbers([4 * width, 2 * width])])
    return reshape(reduced, [0, 4, 2 * width])
  }

  // MARK: - Convolutions

  private mutating func convolutional(_ kind: TokenNetworks) throws -> Graph {
    var x = patches()
    if kind == .responses {
      let window = Window(padding: .explicit(begin: [1, 1], end: [1, 1]))
      let y = add(Op.Conv(group: width, window: window), [x, numbers([width, 1, 3, 3]), numbers([width])])
      let wide = add(Op.Gelu(), [linear(norm(transpose(y, [0, 2, 3, 1]), width), width, 16)])
      let size = add(Op.ReduceL2(), [wide, integers([1, 2])])
      let mean = add(Op.Add(), [add(Op.ReduceMean(), [size, integers([-1])]), scalar(1e-6)])
      let response = add(Op.Mul(), [wide, add(Op.Div(), [size, mean])])
      let normalised = add(Op.Add(), [wide, add(Op.Add(), [add(Op.Mul(), [response, numbers([16])]), numbers([16])])])
      x = add(Op.Add(), [x, transpose(linear(normalised, 16, width), [0, 3, 1, 2])])
    } else {
      let ones = editor.add(.float(Tensor(repeating: 1, shape: [3])), named: "ones")
      let zeros = editor.add(.float(Tensor(repeating: 0, shape: [3])), named: "zeros")
      let grouped = reshape(add(Op.InstanceNormalization(), [reshape(x, [0, 3, -1]), ones, zeros]), [0, width, 4, 4])
      x = add(Op.Add(), [add(Op.Mul(), [grouped, numbers([width, 1, 1])]), numbers([width, 1, 1])])
      let maps = add(
        Op.Concat(axis: 1), [add(Op.ReduceMean(), [x, integers([1])]), add(Op.ReduceL2(), [x, integers([1])])])
      let gate = add(Op.Sigmoid(), [add(Op.Conv(), [maps, numbers([1, 2, 1, 1]), numbers([1])])])
      x = add(Op.Mul(), [x, gate])
      // Queries of three heads, and one key and one value for all: [N, 1, 16, d].
      let tokens = transpose(reshape(x, [0, width, 16]), [0, 2, 1])
      let q = transpose(reshape(linear(tokens, width, width), [0, 16, heads, inner]), [0, 2, 1, 3])
      let k = add(Op.Unsqueeze(), [linear(tokens, width, inner), integers([1])])
      let v = add(Op.Unsqueeze(), [linear(tokens, width, inner), integers([1])])
      let scores = add(Op.Softmax(axis: -1), [add(Op.MatMul(), [q, transpose(k, [0, 1, 3, 2])])])
      let y = transpose(attended(scores, v, 16), [0, 2, 1])
      x = add(Op.Add(), [x, reshape(y, [-1, width, 4, 4])])
    }
    return try finish(add(Op.Flatten(), [add(Op.GlobalAveragePool(), [x])]), width)
  }
}
