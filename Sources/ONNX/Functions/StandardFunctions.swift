internal import Foundation
internal import Networks
internal import Tensors

/// Operators that ONNX defines by others, as functions: read as these, they need nothing in any other place.
struct StandardFunctions {
  private let opset: Int
  private let tensors: TensorReader
  private let read: Set<String>
  /// The type and the number of axes that the file declares of a value.
  private var types: [String: Int32] = [:]
  private var ranks: [String: Int] = [:]

  init(_ graph: Onnx_GraphProto, opset: Int, tensors: TensorReader) {
    self.opset = opset
    self.tensors = tensors
    read = Set(graph.node.flatMap(\.input)).union(graph.output.map(\.name))
    for info in graph.input + graph.output + graph.valueInfo where info.hasType {
      types[info.name] = info.type.tensorType.elemType
      if info.type.tensorType.hasShape { ranks[info.name] = info.type.tensorType.shape.dim.count }
    }
    for tensor in graph.initializer { (types[tensor.name], ranks[tensor.name]) = (tensor.dataType, tensor.dims.count) }
    for node in graph.node {
      guard let output = node.output.first, types[output] == nil else { continue }
      switch node.opType {
      case "Constant": types[output] = node.attribute.first { $0.name == "value" }?.t.dataType
      case "Cast": types[output] = node.attribute.first { $0.name == "to" }.map { Int32(clamping: $0.i) }
      case "Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Not", "And", "Or":
        types[output] = ElementType.bool.rawValue
      default: break
      }
    }
  }

  /// The function that a node stands for, with the attributes of that node in it; nil if it stands for none.
  ///
  /// - Throws: `EspalierError` for a form that is not supported.
  func function(of node: Onnx_NodeProto) throws -> Onnx_FunctionProto? {
    let build: (inout NodeReader, inout Body) throws -> String
    switch node.opType {
    case "Size": build = size
    case "GroupNormalization" where opset >= 18: build = groupNormalization
    case "RMSNormalization" where opset >= 23: build = rootMeanSquareNormalization
    case "Attention" where opset >= 23: build = attention
    default: return nil
    }
    var reader = try NodeReader(node, opset: opset, tensors: tensors, constants: { _ in nil }, isRead: { read.contains($0) })
    var body = Body()
    let result = try build(&reader, &body)
    try reader.finish(outputLimit: 1)
    var function = Onnx_FunctionProto()
    function.name = node.opType
    function.input = node.input.indices.map(Body.input)
    function.output = [result]
    function.attribute = node.attribute.map(\.name)
    function.node = body.nodes
    return function
  }

  /// The nodes of a function in the making.
  struct Body {
    private(set) var nodes: [Onnx_NodeProto] = []

    /// The name of an input.
    static func input(_ position: Int) -> String { "x\(position)" }

    /// Appends a node with one output, and returns that.
    mutating func add(_ type: String, _ inputs: [String], _ attributes: [Onnx_AttributeProto] = []) -> String {
      let output = "\(type.lowercased())\(nodes.count)"
      nodes.append(
        .with {
          ($0.opType, $0.name, $0.input, $0.output) = (type, "\(type)_\(nodes.count)", inputs, [output])
          $0.attribute = attributes
        })
      return output
    }

    mutating func integers(_ values: [Int]) -> String {
      add("Constant", [], [.with { ($0.name, $0.type, $0.ints) = ("value_ints", .ints, values.map(Int64.init)) }])
    }

    mutating func integer(_ value: Int) -> String {
      add("Constant", [], [.with { ($0.name, $0.type, $0.i) = ("value_int", .int, Int64(value)) }])
    }

    mutating func number(_ value: Float) -> String {
      add("Constant", [], [.with { ($0.name, $0.type, $0.f) = ("value_float", .float, value) }])
    }

    mutating func numbers(_ values: [Float]) -> String {
      add("Constant", [], [.with { ($0.name, $0.type, $0.floats) = ("value_floats", .floats, values) }])
    }
  }

  // MARK: The functions

  private func size(_ node: inout NodeReader, _ body: inout Body) -> String {
    let shape = body.add("Shape", [Body.input(0)])
    return body.add("ReduceProd", [shape], [.int("keepdims", 0)])
  }

  /// Each group normalised by mean and variance; scale and bias are one a group before opset 21, one a channel since.
  private func groupNormalization(_ node: inout NodeReader, _ body: inout Body) throws -> String {
    guard let groups = try node.int("num_groups"), 1...(1 << 30) ~= groups else {
      throw EspalierError("attribute 'num_groups' is missing or out of range", accepted: "1 or more")
    }
    let epsilon = try node.float("epsilon") ?? 1e-5
    node.ignore("stash_type")
    let (x, scale, bias) = (Body.input(0), Body.input(1), Body.input(2))
    let shape = body.add("Shape", [x])
    let target = body.integers([0, groups, -1])
    let grouped = body.add("Reshape", [x, target])
    if opset < 21 {
      let normalised = body.add("InstanceNormalization", [grouped, scale, bias], [.float("epsilon", epsilon)])
      return body.add("Reshape", [normalised, shape])
    }
    let (one, zero) = (body.number(1), body.number(0))
    let count = body.integers([groups])
    let (ones, zeros) = (body.add("Expand", [one, count]), body.add("Expand", [zero, count]))
    let normalised = body.add("InstanceNormalization", [grouped, ones, zeros], [.float("epsilon", epsilon)])
    let (copied, open, axis) = (body.integers([0]), body.integers([-1]), body.integers([1]))
    let channels = body.add("Shape", [scale])
    let rows = body.add("Reshape", [normalised, body.add("Concat", [copied, channels, open], [.int("axis", 0)])])
    let scaled = body.add("Mul", [rows, body.add("Unsqueeze", [scale, axis])])
    return body.add("Reshape", [body.add("Add", [scaled, body.add("Unsqueeze", [bias, axis])]), shape])
  }

  /// `scale · x / √(mean(x²) + ε)` over the axes from one on.
  private func rootMeanSquareNormalization(_ node: inout NodeReader, _ body: inout Body) throws -> String {
    let axis = try node.int("axis") ?? -1
    let epsilon = try node.float("epsilon") ?? 1e-5
    node.ignore("stash_type")
    let rank = node.inputs.first.flatMap { $0.flatMap { ranks[$0] } }
    guard axis < 0 || rank != nil, -8...8 ~= axis, axis < rank ?? 9 else {
      throw EspalierError("attribute 'axis' is \(axis)", accepted: "one that counts from behind, or an input of declared shape")
    }
    let (x, scale) = (Body.input(0), Body.input(1))
    let axes = body.integers(axis < 0 ? Array(axis..<0) : Array(axis..<(rank ?? 0)))
    let mean = body.add("ReduceMean", [body.add("Mul", [x, x]), axes])
    let root = body.add("Sqrt", [body.add("Add", [mean, body.number(epsilon)])])
    return body.add("Mul", [body.add("Div", [x, root]), scale])
  }

  /// `softmax(Q Kᵀ / √d + mask) V`, of inputs `[N, heads, T, d]`, or `[N, T, heads · d]` with the number of heads as an attribute.
  private func attention(_ node: inout NodeReader, _ body: inout Body) throws -> String {
    node.ignore("softmax_precision", "qk_matmul_output_mode")
    let (queries, keys) = (try node.int("q_num_heads"), try node.int("kv_num_heads"))
    let (scale, cap, isCausal) = (try node.float("scale"), try node.float("softcap") ?? 0, try node.flag("is_causal"))
    if opset >= 25 {
      for name in ["left_window_size", "right_window_size"] where try node.int(name) ?? -1 >= 0 {
        throw EspalierError("\(name) is not supported", accepted: "-1")
      }
    }
    func input(_ position: Int) -> String? { position < node.inputs.count ? node.inputs[position] : nil }
    for (position, name) in [(4, "past_key"), (5, "past_value"), (6, "nonpad_kv_seqlen")] where input(position) != nil {
      throw EspalierError("\(name) is not supported", accepted: "an attention without a cache")
    }
    let isFlat = input(0).flatMap { ranks[$0] }.map { $0 == 3 } ?? (queries != nil)
    let (heads, others) = (queries ?? 1, keys ?? queries ?? 1)
    guard !isFlat || (queries != nil && keys != nil), 1...(1 << 20) ~= heads, 1...(1 << 20) ~= others, heads % others == 0 else {
      throw EspalierError(
        "q_num_heads is \(queries.map(String.init) ?? "missing"), kv_num_heads \(keys.map(String.init) ?? "missing")",
        accepted: "numbers of heads, the first a multiple of the second")
    }
    /// An input as `[N, heads, T, d]`.
    func split(_ position: Int, _ count: Int) -> String {
      guard isFlat else { return Body.input(position) }
      let cut = body.add("Reshape", [Body.input(position), body.integers([0, 0, count, -1])])
      return body.add("Transpose", [cut], [.ints("perm", [0, 2, 1, 3])])
    }
    let q = split(0, heads)
    var (k, v) = (split(1, others), split(2, others))
    if heads != others {
      let repeated = body.integers((0..<heads).map { $0 / (heads / others) })
      k = body.add("Gather", [k, repeated], [.int("axis", 1)])
      v = body.add("Gather", [v, repeated], [.int("axis", 1)])
    }
    var scores = body.add("MatMul", [q, body.add("Transpose", [k], [.ints("perm", [0, 1, 3, 2])])])
    if let scale {
      scores = body.add("Mul", [scores, body.number(scale)])
    } else {
      let width = body.add("Shape", [q], [.int("start", 3), .int("end", 4)])
      let root = body.add("Sqrt", [body.add("Cast", [width], [.int("to", Int(ElementType.float.rawValue))])])
      scores = body.add("Div", [scores, root])
    }
    if cap > 0 {
      let number = body.number(cap)
      scores = body.add("Mul", [body.add("Tanh", [body.add("Div", [scores, number])]), number])
    }
    // Finite, since relevance multiplies by it; a share of it is 0 all the same.
    let (zero, never) = (body.number(0), body.number(-1e30))
    if let mask = input(3) {
      guard let type = types[mask] else {
        throw EspalierError(
          "the type of its mask '\(mask)' is not declared", accepted: "a constant, or a value whose type is declared")
      }
      let added = type == ElementType.bool.rawValue ? body.add("Where", [Body.input(3), zero, never]) : Body.input(3)
      scores = body.add("Add", [scores, added])
    }
    if isCausal {
      func positions(_ axis: Int, _ along: Int) -> String {
        let length = body.add("Shape", [scores], [.int("start", axis), .int("end", axis + 1)])
        let count = body.add("Squeeze", [length, body.integers([0])])
        let range = body.add("Range", [body.integer(0), count, body.integer(1)])
        return body.add("Unsqueeze", [range, body.integers([along])])
      }
      let isPast = body.add("LessOrEqual", [positions(3, 0), positions(2, 1)])
      scores = body.add("Add", [scores, body.add("Where", [isPast, zero, never])])
    }
    let result = body.add("MatMul", [body.add("Softmax", [scores], [.int("axis", -1)]), v])
    guard isFlat else { return result }
    let rows = body.add("Transpose", [result], [.ints("perm", [0, 2, 1, 3])])
    return body.add("Reshape", [rows, body.integers([0, 0, -1])])
  }
}

extension Onnx_AttributeProto {
  fileprivate static func int(_ name: String, _ value: Int) -> Self {
    .with { ($0.name, $0.type, $0.i) = (name, .int, Int64(value)) }
  }

  fileprivate static func ints(_ name: String, _ values: [Int]) -> Self {
    .with { ($0.name, $0.type, $0.ints) = (name, .ints, values.map(Int64.init)) }
  }

  fileprivate static func float(_ name: String, _ value: Float) -> Self {
    .with { ($0.name, $0.type, $0.f) = (name, .float, value) }
  }
}
