import Images
import Tensors

/// Pictures side by side without gaps, as Zennit's `gridify` lays them.
///
/// With captions they are a ``HeatmapFigure``.
public enum ContactSheet {
  /// The grid for a number of pictures: ⌊√n⌋ columns and as many rows as are needed.
  public static func grid(_ count: Int) -> (columns: Int, rows: Int) {
    let columns = max(1, Int(Double(count).squareRoot()))
    return (columns, (count + columns - 1) / columns)
  }

  /// Lays N pictures [N, H, W, C] row by row into one [rows·H, columns·W, C]; what is left over holds, in each channel, the
  /// least value of all pictures.
  ///
  /// - Precondition: the shape has four axes and none is empty.
  public static func tiled<Scalar: Comparable>(_ pictures: Tensor<Scalar>) -> Tensor<Scalar> {
    let shape = pictures.shape
    precondition(shape.rank == 4 && pictures.count > 0, "no sheet of \(shape)")
    let (height, width, channels) = (shape[1], shape[2], shape[3])
    let (columns, rows) = grid(shape[0])
    var filler = Array(pictures.elements[..<channels])
    for (index, value) in pictures.elements.enumerated() { filler[index % channels] = min(filler[index % channels], value) }

    let rowLength = columns * width * channels
    var elements: [Scalar] = []
    elements.reserveCapacity(rows * height * rowLength)
    for y in 0..<rows * height {
      for column in 0..<columns {
        let number = y / height * columns + column
        if number < shape[0] {
          let start = (number * height + y % height) * width * channels
          elements.append(contentsOf: pictures.elements[start..<start + width * channels])
        } else {
          for _ in 0..<width { elements.append(contentsOf: filler) }
        }
      }
    }
    return Tensor(elements, shape: [rows * height, columns * width, channels])
  }

  /// Lays heat maps, each on its own scale, into one indexed picture.
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

  /// Lays pictures into one.
  ///
  /// - Throws: `EspalierError` if there is none, or their shapes differ.
  public static func of(_ pictures: [Image]) throws -> Image {
    guard let shape = pictures.first?.pixels.shape else { throw EspalierError("no pictures for a contact sheet") }
    for picture in pictures where picture.pixels.shape != shape {
      throw EspalierError("pictures of \(shape) and \(picture.pixels.shape) on one contact sheet", accepted: "one shape")
    }
    return Image(
      pixels: tiled(Tensor(pictures.flatMap(\.pixels.elements), shape: Shape([pictures.count] + shape.dimensions))))
  }
}
