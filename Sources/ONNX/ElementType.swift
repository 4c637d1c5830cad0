internal import Networks
internal import Tensors

extension ElementType {
  /// The type of a number in a file.
  ///
  /// - Throws: `EspalierError` naming the type, if it cannot be read.
  init(onnx number: Int32) throws {
    guard let type = ElementType(rawValue: number) else {
      let name = Onnx_TensorProto.DataType(rawValue: Int(number)).map { "\($0)" } ?? "number \(number)"
      throw EspalierError(
        "element type \(name) is not supported", accepted: ElementType.allCases.map { "\($0)" }.joined(separator: ", "))
    }
    self = type
  }
}
