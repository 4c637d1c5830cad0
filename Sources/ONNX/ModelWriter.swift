internal import Files
internal import Foundation
internal import Networks
internal import SwiftProtobuf
internal import Tensors

/// Writes a graph as a model, the weights straight from where they lie.
struct ModelWriter {
  /// The most bytes that a file may have, as protobuf has it.
  static let largestSize = Int(Int32.max)

  /// The operator set that the file is written for.
  let opset: Int
  /// Why that is newer than the one of the file that the graph was read from; nil where it is not.
  private(set) var notice: String?

  private struct Stored {
    var header: Data
    var value: Constant
    var type: ElementType
  }

  private var constants: [Stored] = []
  private let head: Data
  private let graph: Data

  /// Prepares all but the weights.
  ///
  /// - Throws: `EspalierError` naming the node, for an operator that ONNX does not have, or a constant beyond its type.
  init(_ graph: Graph, producerVersion: String) throws {
    let wanted = graph.form?.opset ?? 18
    var reason: String?
    var opset = wanted
    for node in graph.nodes {
      guard let op = node.op as? any ONNXOperator else {
        throw EspalierError("ONNX has no such operator", location: "\(node.op.name) '\(node.label)'")
      }
      if op.opset > opset { (opset, reason) = (op.opset, "\(node.op.name) '\(node.label)'") }
    }
    while true {
      do {
        self = try ModelWriter(graph, opset: opset, producerVersion: producerVersion)
        break
      } catch let error as NeedsNewerOpset {
        (opset, reason) = (max(error.opset, opset + 1), error.reason)
      }
    }
    if let reason, graph.form != nil { notice = "written for opset \(opset) instead of \(wanted): \(reason)" }
  }

  private init(_ original: Graph, opset: Int, producerVersion: String) throws {
    let resized = opset < 18 ? try original.withOlderResize() : original
    let source = opset < 13 ? try resized.withOlderSoftmax() : resized
    let (form, types) = (source.form, source.elementTypes())
    var written: [String: Constant] = [:]
    for node in source.nodes {
      if let value = (node.op as? Op.ConstantValue)?.value, let output = node.outputs.first { written[output] = value }
    }
    // A constant without elements, for inputs that older operator sets insist on.
    let nothing = Constant.float(Tensor([], shape: [0]))
    var emptyName = source.constants.first { $0.value == nothing && types[$0.key] == .float }?.key
    var addsEmpty = false
    var messages: [Onnx_NodeProto] = []
    var (lowered, read) = (Set<String>(), Set(source.outputs))
    for node in source.nodes {
      guard let op = node.op as? any ONNXOperator else { continue }
      var writer = NodeWriter(
        node, opset: opset, constant: { source.constants[$0] ?? written[$0] },
        elementType: { types[$0] ?? .float },
        empty: {
          if emptyName == nil {
            var editor = GraphEditor(source)
            (emptyName, addsEmpty) = (editor.freshName("nothing"), true)
          }
          return emptyName ?? ""
        })
      try naming(location: "\(node.op.name) '\(node.label)'") { try op.write(to: &writer) }
      lowered.formUnion(writer.lowered)
      read.formUnion(writer.inputs.compactMap { $0 })
      var message = Onnx_NodeProto()
      message.name = node.name
      message.opType = writer.type
      message.input = writer.inputs.map { $0 ?? "" }
      message.output = node.outputs
      message.attribute = writer.attributes
      if let text = form?.nodeDocumentation[node.id] { message.docString = text }
      message.metadataProps = (form?.nodeProperties[node.id] ?? [:]).entries
      messages.append(message)
    }
    var stored = source.constants.filter { !lowered.contains($0.key) || read.contains($0.key) }
    if addsEmpty, let emptyName { stored[emptyName] = nothing }
    constants = try stored.map { name, value in
      let type = types[name] ?? value.type(near: nil)
      if type.isFloat, type.rounding > 0 { _ = try naming(location: "constant '\(name)'") { try value.bytes(as: type) } }
      var tensor = value.header(type)
      tensor.name = name
      return Stored(header: try tensor.serializedBytes(), value: value, type: type)
    }
    self.opset = opset

    // The versions of the format that came with the operator sets.
    let formatVersion = max(form?.formatVersion ?? 0, form.map { $0.opset >= opset } ?? false ? 0 : opset < 19 ? 8 : 9)
    var model = Onnx_ModelProto()
    model.irVersion = Int64(formatVersion)
    if let form {
      if !form.producer.isEmpty { model.producerName = form.producer }
      if !form.producerVersion.isEmpty { model.producerVersion = form.producerVersion }
      if !form.domain.isEmpty { model.domain = form.domain }
      if let version = form.modelVersion { model.modelVersion = Int64(version) }
    } else {
      model.producerName = "Espalier"
      model.producerVersion = producerVersion
    }
    model.opsetImport = [
      .with {
        $0.domain = form?.domainName ?? ""; $0.version = Int64(opset)
      }
    ]
    model.opsetImport += (form?.otherSets ?? []).map { set in
      .with {
        $0.domain = set.domain; $0.version = Int64(set.version)
      }
    }
    var metadata = source.metadata
    if let text = metadata.removeValue(forKey: MetadataKey.modelDocumentation) { model.docString = text }
    let documentation = metadata.removeValue(forKey: MetadataKey.graphDocumentation)
    model.metadataProps = metadata.entries
    head = try model.serializedBytes()

    let declarations = Declarations(source, types: types)
    var message = Onnx_GraphProto()
    message.name = source.name.isEmpty ? "graph" : source.name
    if let documentation { message.docString = documentation }
    message.input = declarations.inputs(formatVersion: formatVersion, constants: Array(stored.keys))
    message.output = declarations.outputs
    message.valueInfo = declarations.between
    message.metadataProps = (form?.graphProperties ?? [:]).entries
    message.node = messages
    graph = try message.serializedBytes()
  }

  /// The bytes of the file.
  var byteCount: Int {
    let size = fields().size
    return head.count + Data.start(ofField: Field.graph, length: size).count + size
  }

  /// The weights behind what stands before each, and the bytes of the graph with them.
  private func fields() -> (fields: [(start: Data, stored: Stored)], size: Int) {
    var fields: [(start: Data, stored: Stored)] = []
    var graphSize = graph.count
    for stored in constants {
      let (header, size) = (stored.header, stored.value.shape.count * stored.type.size)
      let data = Data.start(ofField: Field.rawData, length: size)
      let start = Data.start(ofField: Field.initializer, length: header.count + data.count + size) + header + data
      fields.append((start, stored))
      graphSize += start.count + size
    }
    return (fields, graphSize)
  }

  /// Writes the file beside its destination and moves it there.
  ///
  /// - Throws: `EspalierError` if it is too large or cannot be written.
  func write(to path: String) throws {
    let (fields, graphSize) = fields()
    let start = Data.start(ofField: Field.graph, length: graphSize)
    guard head.count + start.count + graphSize <= ModelWriter.largestSize else {
      throw EspalierError("the network would need \(graphSize) bytes", accepted: "at most 2 GiB in one ONNX file")
    }
    let file = try AtomicFile(path)
    try file.write(head + start + graph)
    for (start, stored) in fields {
      try file.write(start)
      if stored.type == .float || stored.type == .int64 {
        try stored.value.withRawBytes { try file.write($0) }
      } else {
        try file.write(stored.value.bytes(as: stored.type))
      }
    }
    try file.commit()
  }
}

/// The numbers of the fields that are written without a message's help.
private enum Field {
  static let graph = 7
  static let initializer = 5
  static let rawData = 9
}

extension [String: String] {
  /// The fields in the order of their keys.
  fileprivate var entries: [Onnx_StringStringEntryProto] {
    sorted { $0.key < $1.key }.map { key, value in
      .with {
        $0.key = key; $0.value = value
      }
    }
  }
}

extension Data {
  /// What stands before the bytes of a field in protobuf's encoding: its number with the wire type 2, and a length.
  fileprivate static func start(ofField number: Int, length: Int) -> Data {
    var data = Data([UInt8(number << 3 | 2)])
    var rest = length
    while rest >= 0x80 {
      data.append(UInt8(rest & 0x7F | 0x80))
      rest >>= 7
    }
    data.append(UInt8(rest))
    return data
  }
}
