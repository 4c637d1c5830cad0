import Foundation
import Tensors

/// An image of 8 bits per channel.
///
/// Pixels are [H, W, C]: H rows from the top, W columns, C interleaved channels, which are 1 grey, 2 grey and alpha, 3 RGB or
/// 4 RGBA. Alpha is not premultiplied. No channel is a colour-managed quantity: profiles and gamma in files are ignored, as
/// by Pillow.
public struct Image: Hashable, Sendable {
  /// The pixels [H, W, C], 0…255.
  public let pixels: Tensor<UInt8>

  /// The most pixels that an image read from a file may have: 89,478,485, as Pillow's `MAX_IMAGE_PIXELS` (256 MiB as RGB), or
  /// what the environment variable ``limitVariable`` says, at most 2²⁸.
  public static let largestPixelCount: Int =
    ProcessInfo.processInfo.environment[limitVariable].flatMap { Int($0) }.map { min(max($0, 1), 1 << 28) } ?? 89_478_485

  /// The environment variable that sets ``largestPixelCount``.
  public static let limitVariable = "ESPALIER_MAX_PIXELS"

  /// Makes an image from its pixels.
  ///
  /// - Precondition: the shape is [H, W, C] with H and W at least 1 and C in 1…4.
  public init(pixels: Tensor<UInt8>) {
    let shape = pixels.shape
    precondition(shape.rank == 3 && shape[0] > 0 && shape[1] > 0 && 1...4 ~= shape[2], "no image has shape \(shape)")
    self.pixels = pixels
  }

  /// Makes an image of one colour, given by its channels.
  public init(width: Int, height: Int, filledWith color: [UInt8]) {
    var elements: [UInt8] = []
    elements.reserveCapacity(width * height * color.count)
    for _ in 0..<width * height { elements.append(contentsOf: color) }
    self.init(pixels: Tensor(elements, shape: [height, width, color.count]))
  }

  /// The number of columns, W.
  public var width: Int { pixels.shape[1] }
  /// The number of rows, H.
  public var height: Int { pixels.shape[0] }
  /// The number of channels, C: 1 grey, 2 grey and alpha, 3 RGB, 4 RGBA.
  public var channels: Int { pixels.shape[2] }
  /// Whether the last channel is alpha.
  public var hasAlpha: Bool { channels == 2 || channels == 4 }

  /// The channels of one pixel.
  public subscript(row: Int, column: Int) -> ArraySlice<UInt8> {
    let start = (row * width + column) * channels
    return pixels.elements[start..<start + channels]
  }
}
