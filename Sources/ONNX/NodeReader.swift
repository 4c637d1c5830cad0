internal import Networks
internal import Tensors

/// A node of a file while it is turned into an operator of the form of opset 18: its attributes, inputs and outputs.
///
/// Reading an attribute takes it out; what is left at the end is an attribute that Espalier does not know.
struct NodeReader {
  /// The operator's name in the file.
  let type: String
  /// The version of the operator set that the file is written for.
  let opset: Int
  /// The values that the node reads; nil where one is left out.
  var inputs: [String?]
  /// The values that it defines.
  var outputs: [String]
  /// Constants that take the place of attributes: the input that they are for, what they say, and their value.
  private(set) var additions: [(input: Int, role: String, value: Constant)] = []

  private var attributes: [String: Onnx_AttributeProto] = [:]
  private let tensors: TensorReader
  private let constants: (String) -> Constant?
  private let isRead: (String) -> Bool

  /// Starts with a node.
  ///
  /// - Parameters:
  ///   - tensors: what reads tensors in attributes.
  ///   - constants: the value of a name, where the file tells it.
  ///   - isRead: whether a node or a result of the graph depends on a value.
  init(
    _ node: Onnx_NodeProto, opset: Int, tensors: TensorReader, constants: @escaping (String) -> Constant?,
    isRead: @escaping (String) -> Bool
  ) throws {
    type = node.opType
    self.opset = opset
    inputs = node.input.map { $0.isEmpty ? nil : $0 }
    while case .some(nil) = inputs.last { inputs.removeLast() }
    outputs = node.output
    self.tensors = tensors
    self.constants = constants
    self.isRead = isRead
    for attribute in node.attribute where attributes.updateValue(attribute, forKey: attribute.name) != nil {
      throw EspalierError("attribute '\(attribute.name)' is given twice")
    }
    if let attribute = node.attribute.first(where: \.hasRefAttrName) {
      throw EspalierError(
        "attribute '\(attribute.name)' refers to '\(attribute.refAttrName)'", accepted: "a value, outside of functions")
    }
  }

  /// Checks that nothing was left unread.
  ///
  /// - Throws: `EspalierError` naming an attribute that is not known, or an output that is not computed.
  mutating func finish(outputLimit: Int) throws {
    if let name = attributes.keys.min() {
      throw EspalierError("attribute '\(name)' is not supported in opset \(opset)")
    }
    for output in outputs.dropFirst(outputLimit) where !output.isEmpty && isRead(output) {
      throw EspalierError("output '\(output)' is not computed here", accepted: "the first output alone")
    }
    outputs.removeSubrange(min(outputLimit, outputs.count)...)
    guard outputs.contains(where: { !$0.isEmpty }) else { throw EspalierError("the node has no output") }
  }

  // MARK: Inputs

  /// The value of an input, where the file tells it.
  func constant(_ index: Int) -> Constant? { index < inputs.count ? inputs[index].flatMap(constants) : nil }

  /// Gives an input a constant, instead of an attribute of older operator sets.
  mutating func setInput(_ index: Int, _ role: String, _ value: Constant) throws {
    guard index >= inputs.count || inputs[index] == nil else {
      throw EspalierError("'\(role)' is given as an attribute and as an input")
    }
    additions.append((index, role, value))
  }

  // MARK: Attributes

  private mutating func take(_ name: String, _ expected: Onnx_AttributeProto.AttributeType) throws -> Onnx_AttributeProto? {
    guard let attribute = attributes.removeValue(forKey: name) else { return nil }
    guard attribute.type == expected || !attribute.hasType else {
      throw EspalierError("attribute '\(name)' is of type \(attribute.type)", accepted: "\(expected)")
    }
    return attribute
  }

  /// Drops an attribute that does not matter to what is computed.
  mutating func ignore(_ names: String...) { for name in names { attributes[name] = nil } }

  /// A whole number, or nil if it is not given.
  mutating func int(_ name: String) throws -> Int? { try take(name, .int).map { Int($0.i) } }

  /// Zero or one, meaning no or yes.
  mutating func flag(_ name: String, default standard: Bool = false) throws -> Bool { try int(name).map { $0 != 0 } ?? standard }

  /// Whole numbers, or nil if they are not given.
  mutating func ints(_ name: String) throws -> [Int]? { try take(name, .ints)?.ints.map(Int.init) }

  /// Whole numbers in a range; none if they are not given.
  mutating func ints(_ name: String, in range: ClosedRange<Int>) throws -> [Int] {
    let values = try ints(name) ?? []
    guard values.allSatisfy(range.contains) else {
      throw EspalierError(
        "attribute '\(name)' is \(values)", accepted: "numbers from \(range.lowerBound) to \(range.upperBound)")
    }
    return values
  }

  /// A number, or nil if it is not given.
  mutating func float(_ name: String) throws -> Float? { try take(name, .float)?.f }

  /// Numbers, or nil if they are not given.
  mutating func floats(_ name: String) throws -> [Float]? { try take(name, .floats)?.floats }

  /// A word, or nil if it is not given.
  mutating func string(_ name: String) throws -> String? {
    try take(name, .string).map { String(decoding: $0.s, as: UTF8.self) }
  }

  /// A word that names a case.
  mutating func choice<Choice: RawRepresentable & CaseIterable>(_ name: String, default standard: Choice) throws -> Choice
  where Choice.RawValue == String {
    guard let word = try string(name) else { return standard }
    guard let choice = Choice(rawValue: word) else {
      throw EspalierError(
        "attribute '\(name)' is '\(word)'", accepted: Choice.allCases.map(\.rawValue).joined(separator: ", "))
    }
    return choice
  }

  /// A tensor, or nil if it is not given.
  mutating func tensor(_ name: String) throws -> Constant? {
    try take(name, .tensor).map { attribute in try naming(location: "attribute '\(name)'") { try tensors.constant(attribute.t) } }
  }
}
