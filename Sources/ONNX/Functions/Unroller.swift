internal import Foundation
internal import Networks
internal import Tensors

/// Writes out what exporters write with sequences of tensors and loops of a known number of rounds: the elements of a sequence by
/// their names, a loop's body once a round.
struct Unroller {
  private(set) var steps = 0
  private var names: Set<String>
  private var sequences: [String: [String]] = [:]
  private var constants: [String: Onnx_TensorProto] = [:]

  /// Bounds for what a file can ask for.
  private static let mostSteps = 1 << 17

  init(_ graph: Onnx_GraphProto, names: Set<String>) {
    self.names = names
    for tensor in graph.initializer { constants[tensor.name] = tensor }
    for node in graph.node where node.opType == "Constant" { note(node) }
  }

  private mutating func note(_ node: Onnx_NodeProto) {
    guard let output = node.output.first, let value = node.attribute.first else { return }
    switch value.name {
    case "value": constants[output] = value.t
    case "value_int": constants[output] = .with { ($0.dataType, $0.int64Data) = (ElementType.int64.rawValue, [value.i]) }
    default: break
    }
  }

  /// The nodes that take a node's place; the node itself where it has nothing of the kind.
  ///
  /// - Throws: `EspalierError` for a loop or a sequence that depends on the network's input.
  mutating func unrolled(_ node: Onnx_NodeProto) throws -> [Onnx_NodeProto] {
    guard isStandard(domain: node.domain) else { return [node] }
    func input(_ position: Int) -> String { position < node.input.count ? node.input[position] : "" }
    func elements() throws -> [String] {
      guard let elements = sequences[input(0)] else { throw EspalierError("its sequence '\(input(0))' is not known") }
      return elements
    }
    switch node.opType {
    case "Loop": return try rounds(of: node)
    case "SequenceEmpty": define(node, [])
    case "SequenceConstruct": define(node, node.input)
    case "SequenceInsert":
      var all = try elements()
      let position = input(2).isEmpty ? all.count : try whole(input(2), "position")
      guard -all.count...all.count ~= position else {
        throw EspalierError("a sequence of \(all.count) has no position \(position)")
      }
      all.insert(input(1), at: position < 0 ? position + all.count : position)
      steps += all.count
      guard steps <= Self.mostSteps else { throw EspalierError("sequences have more than \(Self.mostSteps) elements in all") }
      define(node, all)
    case "SequenceAt":
      let (all, position) = (try elements(), try whole(input(1), "position"))
      guard -all.count..<all.count ~= position else {
        throw EspalierError("a sequence of \(all.count) has no element \(position)")
      }
      return [copy(all[position < 0 ? position + all.count : position], to: node.output.first ?? "", node.name)]
    case "ConcatFromSequence":
      guard !node.attribute.contains(where: { $0.name == "new_axis" && $0.i != 0 }) else {
        throw EspalierError("new_axis is not supported", accepted: "0")
      }
      var joined = node
      (joined.opType, joined.input) = ("Concat", try elements())
      joined.attribute.removeAll { $0.name == "new_axis" }
      return [joined]
    default: return [node]
    }
    return []
  }

  private mutating func define(_ node: Onnx_NodeProto, _ elements: [String]) { sequences[node.output.first ?? ""] = elements }

  private func copy(_ value: String, to output: String, _ name: String) -> Onnx_NodeProto {
    .with { ($0.opType, $0.name, $0.input, $0.output) = ("Identity", name, [value], [output]) }
  }

  /// The whole number in a constant.
  private func whole(_ name: String, _ role: String) throws -> Int {
    let tensor = constants[name]
    let number: Int64? =
      tensor.flatMap { tensor in
        guard tensor.dataType == ElementType.int64.rawValue else { return nil }
        if let number = tensor.int64Data.first { return number }
        return tensor.rawData.count == 8
          ? tensor.rawData.enumerated().reduce(0) { $0 | Int64($1.element) << (8 * $1.offset) } : nil
      }
    guard let number else { throw EspalierError("its \(role) '\(name)' is not known ahead", accepted: "a constant whole number") }
    return Int(number)
  }

  private func isTrue(_ name: String) -> Bool {
    guard let tensor = constants[name], tensor.dataType == ElementType.bool.rawValue else { return false }
    return (tensor.int32Data.first.map { $0 != 0 } ?? tensor.rawData.first.map { $0 != 0 }) ?? false
  }

  // MARK: Loops

  private mutating func rounds(of loop: Onnx_NodeProto) throws -> [Onnx_NodeProto] {
    guard let body = loop.attribute.first(where: { $0.name == "body" })?.g, loop.input.count >= 2 else {
      throw EspalierError("the loop has no body")
    }
    let count = try whole(loop.input[0], "number of rounds")
    let carriedCount = loop.input.count - 2
    guard body.input.count == carriedCount + 2, body.output.count == carriedCount + 1, loop.output.count <= carriedCount else {
      throw EspalierError("the loop gathers results round by round", accepted: "values that are handed from round to round")
    }
    guard count >= 0, count <= Self.mostSteps, loop.input[1].isEmpty || isTrue(loop.input[1]) else {
      throw EspalierError(
        "the loop runs \(count) rounds or until a condition", accepted: "a number of rounds, to \(Self.mostSteps)")
    }
    for tensor in body.initializer { constants[tensor.name] = tensor }
    for node in body.node where node.opType == "Constant" { note(node) }
    guard isAlwaysTrue(body.output[0].name, body) else {
      throw EspalierError("the loop's condition is computed", accepted: "one that is always true")
    }
    let label = loop.name.isEmpty ? loop.output.first ?? "loop" : loop.name
    var carried = Array(loop.input.dropFirst(2))
    var nodes: [Onnx_NodeProto] = []
    for round in 0..<count {
      steps += 1 + body.node.count
      guard steps <= Self.mostSteps else { throw EspalierError("loops have more than \(Self.mostSteps) nodes in all") }
      var values: [String: String] = [:]
      func own(_ value: String) -> String { value.isEmpty ? "" : freshName("\(label)/\(round)/\(value)") }
      let (number, condition) = (own(body.input[0].name), own(body.input[1].name))
      (values[body.input[0].name], values[body.input[1].name]) = (number, condition)
      nodes += [constant(number, .int64, Int64(round)), constant(condition, .bool, 1)]
      for (formal, actual) in zip(body.input.dropFirst(2), carried) { values[formal.name] = actual }
      for tensor in body.initializer {
        values[tensor.name] = own(tensor.name)
        constants[values[tensor.name]!] = tensor
        nodes.append(
          .with {
            ($0.opType, $0.name, $0.output) = ("Constant", values[tensor.name]!, [values[tensor.name]!])
            $0.attribute = [.with { ($0.name, $0.type, $0.t) = ("value", .tensor, tensor) }]
          })
      }
      for (position, inner) in body.node.enumerated() {
        guard !inner.attribute.contains(where: { $0.type == .graph }) else {
          throw EspalierError("\(inner.opType) '\(inner.name)' within a loop is not supported")
        }
        var node = inner
        node.name = "\(label)/\(round)/\(inner.name.isEmpty ? "\(inner.opType)_\(position)" : inner.name)"
        node.input = inner.input.map { values[$0] ?? $0 }
        for output in inner.output { values[output] = own(output) }
        node.output = inner.output.map { values[$0] ?? "" }
        if node.opType == "Constant" { note(node) }
        nodes += try unrolled(node)
      }
      carried = body.output.dropFirst().map { values[$0.name] ?? $0.name }
    }
    for (output, value) in zip(loop.output, carried) where !output.isEmpty {
      if let elements = sequences[value] {
        sequences[output] = elements
      } else {
        nodes.append(copy(value, to: output, "\(label)/\(output)"))
      }
    }
    return nodes
  }

  /// Whether a value of a body is true in every round: a constant, or the condition that comes in.
  private func isAlwaysTrue(_ name: String, _ body: Onnx_GraphProto) -> Bool {
    var name = name
    for _ in 0...body.node.count {
      if name == body.input[1].name || isTrue(name) { return true }
      guard let copy = body.node.first(where: { $0.output.contains(name) }), copy.opType == "Identity",
        let source = copy.input.first
      else { return false }
      name = source
    }
    return false
  }

  private func constant(_ name: String, _ type: ElementType, _ value: Int64) -> Onnx_NodeProto {
    .with {
      ($0.opType, $0.name, $0.output) = ("Constant", name, [name])
      let tensor = Onnx_TensorProto.with {
        $0.dataType = type.rawValue
        if type == .bool { $0.int32Data = [Int32(value)] } else { $0.int64Data = [value] }
      }
      $0.attribute = [.with { ($0.name, $0.type, $0.t) = ("value", .tensor, tensor) }]
    }
  }

  private mutating func freshName(_ wish: String) -> String {
    var name = wish
    var number = 2
    while !names.insert(name).inserted {
      name = "\(wish).\(number)"
      number += 1
    }
    return name
  }
}
