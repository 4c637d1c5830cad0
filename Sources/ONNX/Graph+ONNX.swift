internal import Files
internal import Foundation
public import Networks
internal import SwiftProtobuf
internal import Tensors

extension Graph {
  /// Reads an ONNX file of opset 7 to 28.
  ///
  /// Older forms of an operator are turned into the one of opset 18 that ``Op`` describes: attributes that became inputs turn
  /// into constants, `Upsample` into `Resize`. A network that was saved in training mode is read as one for inference: batch
  /// norms use their running statistics, and dropout does nothing. Initializers that are listed as inputs too, as old files
  /// do, are constants. Half- and double-precision data become `Float`, every integer and boolean type `Int64`; ``FileForm``
  /// keeps what they were. Documentation strings are kept in the metadata under `onnx.doc_string` and `onnx.graph.doc_string`.
  ///
  /// - Parameters:
  ///   - path: the file; data outside it is looked for in its folder, and nowhere else but where a cache of the hub keeps it.
  ///   - fixing: values for inputs that are to become constants, by the input's name.
  ///   - allowingNaN: whether weights that are not a number are read rather than refused.
  ///   - output: the output, or the value inside, that is used; the first output if nil. What cannot be read is left out where
  ///     this does not depend on it, other outputs among it; it is not written again either.
  ///   - opened: told the path of every other file that holds weights.
  ///   - notice: called with what is left out.
  /// - Throws: `EspalierError` naming the file and the node or initializer, for a file that is damaged, too new, or has
  ///   something that Espalier does not run.
  public init(
    onnx path: String, fixing: [String: Constant] = [:], allowingNaN: Bool = false, output: String? = nil,
    opened: (String) -> Void = { _ in }, notice: (String) -> Void = { _ in }
  ) throws {
    var (others, leftOut): ([String], [String]) = ([], [])
    self = try naming(file: path) {
      let model = try Onnx_ModelProto(contentsOf: path, kind: "ONNX model")
      let tensors = TensorReader(of: path, allowsNaN: allowingNaN) { others.append($0) }
      var reader = try ModelReader(model, tensors: tensors, fixing: fixing, wanted: output) { leftOut.append($0) }
      return try reader.graph()
    }
    others.forEach(opened)
    leftOut.forEach(notice)
  }

  /// Writes an ONNX file in the form of the one that the graph was read from (``FileForm``).
  ///
  /// That is the operator set with its forms of operators, element types, declarations, producer, names and metadata. A graph
  /// that was made here gets opset 18, float32 and int64.
  ///
  /// The bytes depend on the graph and the version alone. The file is written beside its destination and renamed when it is
  /// whole.
  ///
  /// - Parameter producerVersion: Espalier's version, for a graph that was made here.
  /// - Returns: why the operator set is newer than that of the file read; nil where it is not.
  /// - Throws: `EspalierError` naming the file, if it cannot be written or would pass 2 GiB, the format's limit, or a weight is
  ///   beyond its element type.
  @discardableResult
  public func writeONNX(to path: String, producerVersion: String = "0.1.0") throws -> String? {
    try naming(file: path) {
      let writer = try ModelWriter(self, producerVersion: producerVersion)
      try writer.write(to: path)
      return writer.notice
    }
  }

  /// The bytes that the network's ONNX file has.
  ///
  /// - Parameter keys: entries of the metadata that are left out.
  /// - Throws: `EspalierError` if it cannot be written.
  public func onnxByteCount(without keys: Set<String> = []) throws -> Int {
    var editor = GraphEditor(self)
    for key in keys { editor.metadata[key] = nil }
    return try ModelWriter(editor.graph(), producerVersion: "0.1.0").byteCount
  }
}

extension Constant {
  /// Reads a file that holds one ONNX tensor, such as the test data beside a model (`.pb`).
  ///
  /// - Returns: the tensor and its name, which may be empty.
  /// - Throws: `EspalierError` naming the file, if it is damaged or holds another type than numbers.
  public static func readONNXTensor(_ path: String) throws -> (name: String, value: Constant) {
    try naming(file: path) {
      let tensor = try Onnx_TensorProto(contentsOf: path, kind: "ONNX tensor")
      let reader = TensorReader(of: path, allowsNaN: true)
      return (tensor.name, try reader.constant(tensor))
    }
  }
}

extension Message {
  /// Reads a file that holds one message.
  fileprivate init(contentsOf path: String, kind: String) throws {
    let data = try RegularFile.mapped(path)
    guard !data.isEmpty else { throw EspalierError("the file is empty", accepted: "an \(kind)") }
    var options = BinaryDecodingOptions()
    options.discardUnknownFields = true
    do { self = try Self(serializedBytes: data, options: options) } catch {
      throw EspalierError("the file is damaged or cut short, or no \(kind)", accepted: "an \(kind)")
    }
  }
}
