import Images
import Tensors

/// Images side by side without gaps, as Zennit's `gridify` lays them.
///
/// With captions they are a ``HeatmapFigure``.
public enum ContactSheet {
  /// The grid for a number of images: ⌊√n⌋ columns and as many rows as are needed.
  public static func grid(_ count: Int) -> (columns: Int, rows: Int) {
    let columns = max(1, Int(Double(count).squareRoot()))
    return (columns, (count + columns - 1) / columns)
  }

  /// Lays N images [N, H, W, C] row by row into one [rows·H, columns·W, C]; what is left over holds, in each channel, the
  /// least value of all images.
  ///
  /// - Precondition: the shape has four axes and none is empty.
  public static func tiled<Scalar: Comparable>(_ images: Tensor<Scalar>) -> Tensor<Scalar> {
    let shape = images.shape
    precondition(shape.rank == 4 && images.count > 0, "no sheet of \(shape)")
    let (height, width, channels) = (shape[1], shape[2], shape[3])
    let (columns, rows) = grid(shape[0])
    var filler = Array(images.elements[..<channels])
    for (index, value) in images.elements.enumerated() { filler[index % channels] = min(filler[index % channels], value) }

    let rowLength = columns * width * channels
    var elements: [Scalar] = []
    elements.reserveCapacity(rows * height * rowLength)
    for y in 0..<rows * height {
      for column in 0..<columns {
        let number = y / height * columns + column
        if number < shape[0] {
          let start = (number * height + y % height) * width * channels
          elements.append(contentsOf: images.elements[start..<start + width * channels])
        } else {
          for _ in 0..<width { elements.append(contentsOf: filler) }
        }
      }
    }
    return Tensor(elements, shape: [rows * height, columns * width, channels])
  }

  /// Lays heat maps, each on its own scale, into one indexed image.
  ///
  /// - Throws: `EspalierError` if there is none, or sizes, colour maps or levels differ.
  public static func of(_ heatmaps: [Heatmap]) throws -> IndexedImage {
    guard let first = heatmaps.first else { throw EspalierError("no heat maps for a contact sheet") }
    for map in heatmaps
    where map.relevance.shape != first.relevance.shape || map.colormap != first.colormap || map.level != first.level {
      throw EspalierError(
        "heat maps of \(first.relevance.shape) and \(map.relevance.shape) on one contact sheet",
        accepted: "one size, colour map and level")
    }
    let stack = Tensor(heatmaps.flatMap(\.indices.elements), shape: [heatmaps.count, first.height, first.width, 1])
    let sheet = tiled(stack)
    return IndexedImage(indices: sheet.reshaped([sheet.shape[0], sheet.shape[1]]), palette: first.image.palette)
  }

  /// Lays images into one.
  ///
  /// - Throws: `EspalierError` if there is none, or their shapes differ.
  public static func of(_ images: [Image]) throws -> Image {
    guard let shape = images.first?.pixels.shape else { throw EspalierError("no images for a contact sheet") }
    for image in images where image.pixels.shape != shape {
      throw EspalierError("images of \(shape) and \(image.pixels.shape) on one contact sheet", accepted: "one shape")
    }
    return Image(
      pixels: tiled(Tensor(images.flatMap(\.pixels.elements), shape: Shape([images.count] + shape.dimensions))))
  }
}
