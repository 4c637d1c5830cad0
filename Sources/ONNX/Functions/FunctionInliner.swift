internal import Tensors

/// Puts the nodes of functions in the place of the nodes that call them: of those that the file defines, and of operators that
/// ONNX itself defines as functions of others (``StandardFunctions``).
struct FunctionInliner {
  /// The nodes of the graph, none of which calls a function any more, but for those that failed.
  private(set) var nodes: [Onnx_NodeProto] = []
  /// What is wrong with a call, by its position in ``nodes``.
  private(set) var failures: [Int: EspalierError] = [:]

  private struct Key: Hashable {
    var domain: String
    var name: String
    var overload: String

    init(domain: String, name: String, overload: String) {
      (self.domain, self.name, self.overload) = (isStandard(domain: domain) ? "" : domain, name, overload)
    }
  }

  private let graph: Onnx_GraphProto
  private let opset: Int
  private let functions: [Key: Onnx_FunctionProto]
  private let standard: StandardFunctions
  private var names: Set<String>
  private var unroller: Unroller
  private var steps = 0

  /// Bounds for what a file can ask for: functions within functions double at every level.
  private static let (greatestDepth, mostSteps) = (64, 1 << 17)

  init(_ model: Onnx_ModelProto, opset: Int, tensors: TensorReader) {
    graph = model.graph
    self.opset = opset
    functions = Dictionary(
      model.functions.map { (Key(domain: $0.domain, name: $0.name, overload: $0.overload), $0) },
      uniquingKeysWith: { first, _ in first })
    standard = StandardFunctions(model.graph, opset: opset, tensors: tensors)
    names = Set(graph.node.flatMap { $0.input + $0.output }).union(graph.initializer.map(\.name)).union(graph.input.map(\.name))
    unroller = Unroller(model.graph, names: names)
  }

  /// Fills ``nodes`` and ``failures``.
  mutating func run() {
    for node in graph.node {
      do {
        nodes += try naming(location: "\(node.opType) '\(label(of: node))'") {
          try unrolled(node).flatMap { try expanded($0, within: []) }
        }
      } catch {
        failures[nodes.count] = error as? EspalierError ?? EspalierError("\(error)")
        nodes.append(node)
      }
    }
  }

  private mutating func unrolled(_ node: Onnx_NodeProto) throws -> [Onnx_NodeProto] { try unroller.unrolled(node) }

  private func label(of node: Onnx_NodeProto) -> String { node.name.isEmpty ? node.output.first ?? "" : node.name }

  private mutating func expanded(_ node: Onnx_NodeProto, within callers: [Key]) throws -> [Onnx_NodeProto] {
    let key = Key(domain: node.domain, name: node.opType, overload: node.overload)
    let function: Onnx_FunctionProto
    var call = node
    if let own = functions[key] {
      guard !callers.contains(key) else { throw EspalierError("function '\(node.opType)' calls itself") }
      if let version = own.opsetImport.first(where: { isStandard(domain: $0.domain) })?.version, version != opset {
        throw EspalierError("function '\(node.opType)' is written for opset \(version)", accepted: "the network's, \(opset)")
      }
      function = own
    } else if key.domain.isEmpty, let known = try standard.function(of: node) {
      function = known
      // Others are not computed, and nothing reads them.
      call.output = Array(node.output.prefix(1))
    } else {
      return [node]
    }
    steps += 1 + function.node.count
    guard callers.count < Self.greatestDepth, steps <= Self.mostSteps else {
      throw EspalierError(
        "function '\(node.opType)' holds too many others",
        accepted: "\(Self.greatestDepth) levels, \(Self.mostSteps) nodes in all")
    }
    let body = try bound(function, to: call)
    return try body.flatMap { try expanded($0, within: callers + [key]) }
  }

  /// The nodes of a function with the values and attributes of a call.
  private mutating func bound(_ function: Onnx_FunctionProto, to call: Onnx_NodeProto) throws -> [Onnx_NodeProto] {
    let (name, label) = (function.name, label(of: call))
    guard call.input.count <= function.input.count, call.output.count <= function.output.count else {
      throw EspalierError(
        "function '\(name)' is given \(call.input.count) inputs and \(call.output.count) outputs",
        accepted: "at most \(function.input.count) and \(function.output.count)")
    }
    guard Set(function.input).count == function.input.count, !function.input.contains("") else {
      throw EspalierError("function '\(name)' names an input twice, or not")
    }
    let attributes = try self.attributes(of: function, call)
    var values: [String: String] = [:]
    for (position, formal) in function.input.enumerated() {
      values[formal] = position < call.input.count ? call.input[position] : ""
    }
    let results = zip(function.output.indices, function.output).map { position, formal in
      (formal: formal, actual: position < call.output.count ? call.output[position] : "")
    }
    var wanted = Dictionary(
      results.filter { !$0.actual.isEmpty }.map { ($0.formal, $0.actual) }, uniquingKeysWith: { first, _ in first })
    for formal in function.input { wanted[formal] = nil }
    var nodes: [Onnx_NodeProto] = []
    for (position, inner) in function.node.enumerated() {
      var node = inner
      node.name = "\(label)/\(inner.name.isEmpty ? "\(inner.opType)_\(position)" : inner.name)"
      node.input = try inner.input.map { value in
        if value.isEmpty { return "" }
        guard let actual = values[value] else { throw EspalierError("value '\(value)' of function '\(name)' is nowhere defined") }
        return actual
      }
      for value in inner.output where !value.isEmpty {
        guard values.updateValue(wanted[value] ?? freshName("\(label)/\(value)"), forKey: value) == nil else {
          throw EspalierError("value '\(value)' of function '\(name)' is defined twice")
        }
      }
      node.output = inner.output.map { values[$0] ?? "" }
      node.attribute = try inner.attribute.map { attribute in
        guard attribute.hasRefAttrName else { return attribute }
        guard var value = attributes[attribute.refAttrName] else {
          throw EspalierError("function '\(name)' has no attribute '\(attribute.refAttrName)', to which it refers")
        }
        guard !attribute.hasType || attribute.type == value.type else {
          throw EspalierError("attribute '\(value.name)' is of type \(value.type)", accepted: "\(attribute.type)")
        }
        value.name = attribute.name
        return value
      }
      nodes.append(node)
    }
    // A result that is an input, or another result, under a second name.
    for (formal, actual) in results where !actual.isEmpty {
      guard let value = values[formal] else { throw EspalierError("output '\(formal)' of function '\(name)' is nowhere defined") }
      guard value != actual else { continue }
      guard !value.isEmpty else { throw EspalierError("output '\(formal)' of function '\(name)' is an input that is left out") }
      nodes.append(
        .with {
          ($0.opType, $0.name, $0.input, $0.output) = ("Identity", "\(label)/\(formal)", [value], [actual])
        })
    }
    return nodes
  }

  /// The attributes of a call by the function's names for them: those that are given, and defaults.
  private func attributes(of function: Onnx_FunctionProto, _ call: Onnx_NodeProto) throws -> [String: Onnx_AttributeProto] {
    var attributes: [String: Onnx_AttributeProto] = [:]
    for standard in function.attributeProto { attributes[standard.name] = standard }
    for given in call.attribute {
      guard attributes[given.name] != nil || function.attribute.contains(given.name) else {
        throw EspalierError(
          "function '\(function.name)' has no attribute '\(given.name)'",
          accepted: function.attribute.sorted().joined(separator: ", "))
      }
      attributes[given.name] = given
    }
    for name in function.attribute where attributes[name] == nil {
      throw EspalierError("attribute '\(name)' of function '\(function.name)' is missing")
    }
    return attributes
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
