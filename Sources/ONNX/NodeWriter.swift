internal import Foundation
internal import Networks
internal import Tensors

/// That something has no form in an operator set: the oldest in which it has.
struct NeedsNewerOpset: Error {
  var opset: Int
  var reason: String
}

/// A node on its way to a file of one operator set: gathers the attributes of an operator, which older sets have where newer ones
/// have inputs.
struct NodeWriter {
  /// The version of the operator set that the file is written for.
  let opset: Int
  /// The name that the operator has in that set.
  var type: String
  /// The values that the node reads; nil where one is left out.
  private(set) var inputs: [String?]
  /// The values that it defines.
  let outputs: [String]
  /// The attributes so far.
  private(set) var attributes: [Onnx_AttributeProto] = []
  /// The constants that became attributes.
  private(set) var lowered: Set<String> = []

  private let label: String
  private let constant: (String) -> Constant?
  private let elementType: (String) -> ElementType
  private let empty: () -> String

  /// Starts without attributes.
  ///
  /// - Parameters:
  ///   - constant: the value of a name, where it is known.
  ///   - elementType: the type that a value's elements have in the file.
  ///   - empty: the name of a float constant without elements.
  init(
    _ node: Node, opset: Int, constant: @escaping (String) -> Constant? = { _ in nil },
    elementType: @escaping (String) -> ElementType = { _ in .float }, empty: @escaping () -> String = { "" }
  ) {
    self.opset = opset
    type = node.op.name
    inputs = node.inputs
    outputs = node.outputs
    label = node.label
    self.constant = constant
    self.elementType = elementType
    self.empty = empty
  }

  /// The type of elements of what the node defines.
  var resultType: ElementType { outputs.first.map(elementType) ?? .float }

  // MARK: Inputs

  /// Takes an input out, whose value goes into an attribute; nil where it is left out.
  ///
  /// - Parameter newer: the oldest operator set in which it is an input.
  /// - Throws: `NeedsNewerOpset` if its value is not known.
  mutating func lower(_ position: Int, _ role: String, before newer: Int) throws -> Constant? {
    guard position < inputs.count, let name = inputs[position] else { return nil }
    guard let value = constant(name) else {
      throw NeedsNewerOpset(opset: newer, reason: "\(type) '\(label)' computes its \(role)")
    }
    inputs[position] = nil
    while case .some(nil) = inputs.last { inputs.removeLast() }
    lowered.insert(name)
    return value
  }

  /// Puts a constant without elements where an input is left out that older operator sets insist on.
  mutating func fill(_ positions: Range<Int>) {
    while inputs.count < positions.upperBound { inputs.append(nil) }
    for position in positions where inputs[position] == nil { inputs[position] = empty() }
  }

  /// Takes an input away that older operator sets do not have.
  mutating func removeInput(_ position: Int) { if position < inputs.count { inputs.remove(at: position) } }

  /// Refuses older operator sets.
  func require(_ needed: Int, _ reason: String) throws {
    if opset < needed { throw NeedsNewerOpset(opset: needed, reason: "\(type) '\(label)' \(reason)") }
  }

  // MARK: Attributes

  private mutating func add(
    _ name: String, _ type: Onnx_AttributeProto.AttributeType, _ fill: (inout Onnx_AttributeProto) -> Void
  ) {
    var attribute = Onnx_AttributeProto()
    attribute.name = name
    attribute.type = type
    fill(&attribute)
    attributes.append(attribute)
  }

  /// Sets a whole number.
  mutating func set(_ name: String, _ value: Int) { add(name, .int) { $0.i = Int64(value) } }

  /// Sets zero or one.
  mutating func set(_ name: String, _ value: Bool) { set(name, value ? 1 : 0) }

  /// Sets whole numbers; nothing for none, which means the default.
  mutating func set(_ name: String, _ values: [Int]) {
    if !values.isEmpty { add(name, .ints) { $0.ints = values.map(Int64.init) } }
  }

  /// Sets a number.
  mutating func set(_ name: String, _ value: Float) { add(name, .float) { $0.f = value } }

  /// Sets numbers.
  mutating func set(_ name: String, _ values: [Float]) { add(name, .floats) { $0.floats = values } }

  /// Sets a word.
  mutating func set(_ name: String, _ value: String) { add(name, .string) { $0.s = Data(value.utf8) } }

  /// Sets a tensor, of the type of what the node defines.
  mutating func set(_ name: String, _ value: Constant) throws {
    let type = value.type(near: resultType)
    let bytes = try value.bytes(as: type)
    add(name, .tensor) { attribute in
      attribute.t = value.header(type)
      attribute.t.rawData = bytes
    }
  }
}
