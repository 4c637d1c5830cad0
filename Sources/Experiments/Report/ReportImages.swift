import Analysis
import Datasets
import Foundation
import Images
import Tensors

/// The images of a report, each once, small enough for a page.
struct ReportImages {
  /// Up to this many pixels an image is kept as it is, as PNG; a larger one becomes JPEG.
  private static let mostExactPixels = 64 * 64

  /// The number of rows and columns of every image, and of the masks.
  private(set) var height = 0, width = 0
  /// The images.
  private(set) var all: [ReportContent.Image] = []
  private var positions: [Int: Int] = [:]

  /// Reads the images that exemplars speak of.
  ///
  /// - Throws: `EspalierError` if one cannot be read; `CancellationError` if the run was asked to stop.
  init(of exemplars: [Exemplars], _ data: PreparedData, _ context: RunContext) throws {
    let source = try ImageSource(data)
    let names = data.dataset.classNames ?? []
    let indices = Set(exemplars.flatMap { $0.images.joined().map(\.image) }).sorted()
    guard let size = exemplars.first.map({ ($0.height, $0.width) }) else { return }
    (height, width) = size
    for (position, index) in indices.enumerated() {
      try context.cancellation.check()
      let image = try naming(location: "image \(index)") { try source.image(index) }
      let small = image.resized(width: width, height: height)
      let isExact = width * height <= ReportImages.mostExactPixels
      let bytes = isExact ? try small.encodedPNG() : try small.encodedJPEG(quality: 80)
      let label = try source.dataset.labels(index).first.map { $0 < names.count ? names[$0] : "class \($0)" }
      all.append(
        ReportContent.Image(
          src: "data:image/\(isExact ? "png" : "jpeg");base64,\(Data(bytes).base64EncodedString())", n: index,
          l: label ?? ""))
      positions[index] = position
      context.progress(RunProgress(activity: "report", done: position + 1, total: indices.count))
    }
  }

  /// The position of an image of the data set among ``all``.
  func position(of index: Int) -> Int? { positions[index] }
}
