import Foundation
import Networks
import ONNX
import Tensors

extension Graph {
  /// The network as the bytes of an ONNX file.
  func onnxBytes() throws -> [UInt8] {
    try withTemporaryPath { path in
      try writeONNX(to: path)
      return try [UInt8](Data(contentsOf: URL(fileURLWithPath: path)))
    }
  }

  /// The network in the bytes of an ONNX file.
  init(onnxBytes bytes: [UInt8]) throws {
    self = try withTemporaryPath { path in
      try Data(bytes).write(to: URL(fileURLWithPath: path))
      return try Graph(onnx: path)
    }
  }
}

private func withTemporaryPath<Result>(_ body: (String) throws -> Result) throws -> Result {
  let url = FileManager.default.temporaryDirectory.appendingPathComponent("espalier-\(UUID().uuidString).onnx")
  defer { try? FileManager.default.removeItem(at: url) }
  return try body(url.path)
}
