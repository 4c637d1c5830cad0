import Tensors

/// An image whose pixels point into a palette of at most 256 colours (Pillow's mode P).
///
/// Heat maps are kept so: a file of them holds the quantised relevance itself, and the colours can be changed later.
public struct IndexedImage: Hashable, Sendable {
  /// The indices [H, W] into the palette.
  public let indices: Tensor<UInt8>
  /// The colours [K, 3], red, green, blue in 0…255.
  public let palette: Tensor<UInt8>

  /// Makes an image from indices [H, W] and a palette [K, 3].
  ///
  /// - Precondition: H and W are at least 1, K is in 1…256, and no index is K or more.
  public init(indices: Tensor<UInt8>, palette: Tensor<UInt8>) {
    precondition(indices.shape.rank == 2 && indices.count > 0, "no image has shape \(indices.shape)")
    precondition(palette.shape.rank == 2 && 1...256 ~= palette.shape[0] && palette.shape[1] == 3, "palette \(palette.shape)")
    precondition(indices.elements.allSatisfy { Int($0) < palette.shape[0] }, "an index is outside the palette")
    self.indices = indices
    self.palette = palette
  }

  /// The number of columns, W.
  public var width: Int { indices.shape[1] }
  /// The number of rows, H.
  public var height: Int { indices.shape[0] }

  /// The same image as RGB.
  public var rgb: Image {
    var elements: [UInt8] = []
    elements.reserveCapacity(3 * indices.count)
    for index in indices.elements { elements.append(contentsOf: palette.elements[3 * Int(index)..<3 * Int(index) + 3]) }
    return Image(pixels: Tensor(elements, shape: [height, width, 3]))
  }

  /// The image enlarged by a whole factor, each pixel a square of `factor` × `factor`.
  public func enlarged(by factor: Int) -> IndexedImage {
    precondition(factor >= 1, "enlargement by \(factor)")
    var elements: [UInt8] = []
    elements.reserveCapacity(indices.count * factor * factor)
    for y in 0..<height {
      let row = indices.elements[y * width..<(y + 1) * width].flatMap { repeatElement($0, count: factor) }
      for _ in 0..<factor { elements.append(contentsOf: row) }
    }
    return IndexedImage(indices: Tensor(elements, shape: [height * factor, width * factor]), palette: palette)
  }
}
