import Tensors

/// An image as its file stores it: values that mean something by themselves, such as the labels of a map.
///
/// A palette's indices are not turned into its colours, 1 to 4 bits are not scaled, and 16 bits are kept.
public struct StoredImage: Sendable {
  /// A colour of a palette.
  public struct Color: Hashable, Sendable {
    /// Red, green, blue and how opaque, 0…255.
    public var red, green, blue, alpha: UInt8

    init(_ red: UInt8, _ green: UInt8, _ blue: UInt8, _ alpha: UInt8) {
      (self.red, self.green, self.blue, self.alpha) = (red, green, blue, alpha)
    }

    /// Whether it is a grey.
    public var isGrey: Bool { red == green && green == blue }
  }

  /// The samples [H, W, C] of C channels: 1 grey or a palette's index, 2 grey and alpha, 3 RGB, 4 RGBA.
  public let samples: Tensor<UInt16>
  /// The bits of a sample: 1, 2, 4, 8 or 16.
  public let depth: Int
  /// The colours that indices stand for; nil if samples are no indices.
  public let palette: [Color]?
  /// Whether one value or colour, without a channel of its own, stands for transparency.
  public let hasTransparentColor: Bool
  /// Whether the format may have changed values a little (JPEG, WebP).
  public let isLossy: Bool

  /// The number of rows.
  public var height: Int { samples.shape[0] }
  /// The number of columns.
  public var width: Int { samples.shape[1] }
  /// The number of channels.
  public var channels: Int { samples.shape[2] }
  /// The greatest value that a sample can have.
  public var greatest: Int { 1 << depth - 1 }
}
