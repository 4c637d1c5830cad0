internal import Files
internal import Foundation
internal import Networks
internal import SwiftProtobuf
internal import Tensors

/// Writes a graph as a model, the weights straight from where they lie.
struct ModelWriter {
  /// The most bytes that a file may have, as protobuf has it.
  static let largestSize = Int(Int32.max)

  private let constants: [(header: Data, value: Constant)]
  private let head: Data
  private let graph: Data

  /// Prepares all but the weights.
  ///
  /// - Throws: `EspalierError` naming the node, for an operator that ONNX does not have.
  init(_ graph: Graph, producerVersion: String) throws {
    constants = try graph.constants.map { name, value in
      var tensor = value.header
      tensor.name = name
      return (try tensor.serializedBytes(), value)
    }
    let operators = try graph.nodes.map { node -> any ONNXOperator in
      guard let op = node.op as? any ONNXOperator else {
        throw EspalierError("ONNX has no such operator", place: "\(node.op.name) '\(node.label)'")
      }
      return op
    }
    let opset = operators.map(\.opset).max() ?? 18

    var model = Onnx_ModelProto()
    // The versions of the format that came with the operator sets.
    model.irVersion = opset < 19 ? 8 : 9
    model.producerName = "Espalier"
    model.producerVersion = producerVersion
    model.opsetImport = [
      .with {
        $0.domain = ""; $0.version = Int64(opset)
      }
    ]
    var metadata = graph.metadata
    if let text = metadata.removeValue(forKey: MetadataKey.modelDocumentation) { model.docString = text }
    let documentation = metadata.removeValue(forKey: MetadataKey.graphDocumentation)
    model.metadataProps = metadata.sorted { $0.key < $1.key }.map { key, value in
      .with {
        $0.key = key; $0.value = value
      }
    }
    head = try model.serializedBytes()

    var message = Onnx_GraphProto()
    message.name = graph.name.isEmpty ? "graph" : graph.name
    if let documentation { message.docString = documentation }
    message.input = graph.inputs.map { Onnx_ValueInfoProto(name: $0.name, type: .float, dimensions: $0.dimensions) }
    message.output = graph.declaredOutputs()
    message.node = zip(graph.nodes, operators).map { node, op in
      var writer = NodeWriter(inputCount: node.inputs.count, outputCount: node.outputs.count)
      op.write(to: &writer)
      return .with {
        $0.name = node.name
        $0.opType = op.name
        $0.input = node.inputs.map { $0 ?? "" }
        $0.output = node.outputs
        $0.attribute = writer.attributes
      }
    }
    self.graph = try message.serializedBytes()
  }

  /// Writes the file beside its place and moves it there.
  ///
  /// - Throws: `EspalierError` if it is too large or cannot be written.
  func write(to path: String) throws {
    var fields: [(start: Data, value: Constant)] = []
    var graphSize = graph.count
    for (header, value) in constants {
      let size = value.withRawBytes(\.count)
      let data = Data.start(ofField: Field.rawData, length: size)
      let start = Data.start(ofField: Field.initializer, length: header.count + data.count + size) + header + data
      fields.append((start, value))
      graphSize += start.count + size
    }
    let start = Data.start(ofField: Field.graph, length: graphSize)
    guard head.count + start.count + graphSize <= ModelWriter.largestSize else {
      throw EspalierError("the network would need \(graphSize) bytes", accepted: "at most 2 GiB in one ONNX file")
    }
    let file = try AtomicFile(path)
    try file.write(head + start + graph)
    for (start, value) in fields {
      try file.write(start)
      try value.withRawBytes { try file.write($0) }
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
