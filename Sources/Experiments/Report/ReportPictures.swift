import Analysis
import Datasets
import Foundation
import Images
import Tensors

/// The pictures of a report, each once, small enough for a page.
struct ReportPictures {
  /// Up to this many pixels a picture is kept as it is, as PNG; a larger one becomes JPEG.
  private static let mostExactPixels = 64 * 64

  /// The number of rows and columns of every picture, and of the masks.
  private(set) var height = 0, width = 0
  /// The pictures.
  private(set) var all: [ReportContent.Picture] = []
  private var places: [Int: Int] = [:]

  /// Reads the pictures that exemplars speak of.
  ///
  /// - Throws: `EspalierError` if one cannot be read; `CancellationError` if the run was asked to stop.
  init(of exemplars: [Exemplars], _ data: PreparedData, _ context: RunContext) throws {
    let source = try PictureSource(data)
    let names = data.dataset.classNames ?? []
    let indices = Set(exemplars.flatMap { $0.pictures.joined().map(\.picture) }).sorted()
    guard let size = exemplars.first.map({ ($0.height, $0.width) }) else { return }
    (height, width) = size
    for (place, index) in indices.enumerated() {
      try context.cancellation.check()
      let picture = try naming(place: "picture \(index)") { try source.picture(index) }
      let small = picture.resized(width: width, height: height)
      let isExact = width * height <= ReportPictures.mostExactPixels
      let bytes = isExact ? try small.encodedPNG() : try small.encodedJPEG(quality: 80)
      let label = try source.dataset.labels(index).first.map { $0 < names.count ? names[$0] : "class \($0)" }
      all.append(
        ReportContent.Picture(
          src: "data:image/\(isExact ? "png" : "jpeg");base64,\(Data(bytes).base64EncodedString())", n: index,
          l: label ?? ""))
      places[index] = place
      context.progress(RunProgress(activity: "report", done: place + 1, total: indices.count))
    }
  }

  /// The place of a picture of the data set among ``all``.
  func place(of index: Int) -> Int? { places[index] }
}
