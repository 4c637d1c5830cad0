import Foundation
import Tensors

/// Reference values in `Tests/Golden`, found from the position of this source file.
public enum GoldenFiles {
  /// The position of a reference file, such as `zennit-rules.json` or `networks/vgg.onnx`.
  public static func url(_ name: String) -> URL {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Tests/Golden").appendingPathComponent(name)
  }
}

/// A tensor as the reference files write it: `{"shape": […], "data": […]}`.
public struct GoldenTensor: Decodable, Sendable {
  private let shape: [Int]
  private let data: [Double]

  /// The tensor.
  public var tensor: Tensor<Double> { Tensor(data, shape: Shape(shape)) }
}
