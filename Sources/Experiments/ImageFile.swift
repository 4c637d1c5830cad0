import Analysis
import Datasets
import Foundation
import Images
import Storage
import Tensors

/// The images that relevance was computed for, as a data set of their own beside the relevance file.
///
///     data    [N, C, H, W]   uint8 as the network saw them but for normalisation, or float32 where the data are tensors
///     label   [N]            uint16, the first of each image's
///
/// Row i is image i of the whole data set, as the relevance file's `index` counts, up to the last one that was asked for. The
/// file opens in ViRelAy 0.6.1, which takes uint8 as it is and would guess the range of anything else, and as `hdf5:FILE`.
enum ImageFile {
  private static let rowsAtOnce = 64

  /// Writes the file; nothing stands at the path before it is whole.
  ///
  /// - Throws: `EspalierError` if an image cannot be read, or the file not be written; `CancellationError` if it was asked to
  ///   stop.
  static func write(_ path: String, of data: PreparedData, isLabelled: Bool, _ context: RunContext) throws {
    let dataset = try data.request.openWhole()
    let count = (data.dataset.indices.last ?? -1) + 1
    let file = try HDF5File.create(path)
    let description = "\(data.request.spec), rows as the relevance file's index counts"
    if data.holdsImages {
      let written = try write(dataset, count, to: file, as: .uint8, context) { sample -> Tensor<UInt8> in
        guard case .image(let image) = sample.content else { throw EspalierError("is a tensor among images") }
        return try data.preprocessing.fitted(image).planes
      }
      try written.describe(units: "grey level", description)
    } else {
      let written = try write(dataset, count, to: file, as: .float32, context) { sample -> Tensor<Float> in
        guard case .tensor(let tensor) = sample.content else { throw EspalierError("is an image among tensors") }
        return tensor.reshaped(Shape([1] + tensor.shape.dimensions)).imagesChannelsFirst(data.layout).withoutFirstAxis
      }
      try written.describe(description)
    }
    if isLabelled {
      let labels = try (0..<count).map { index in
        guard let label = try dataset.labels(index).first else { throw EspalierError("has no label", location: "image \(index)") }
        return UInt16(clamping: label)
      }
      try file.write(Tensor(labels, shape: [count]), to: "label").describe(units: "class", "true class")
    } else {
      context.note("\(path): without labels, which the data do not have and ViRelAy asks for")
    }
    for (name, text) in [
      ("data", data.request.spec.description), (ImageSource.digestKey, try dataset.digest()),
      ("preprocessing", data.preprocessing.json),
    ] { try file.setAttribute(name, text) }
    try file.commit()
  }

  /// The digest of the data set that such a file was written from; nil for another file.
  static func origin(of path: String) -> String? {
    guard let file = try? HDF5File.open(path) else { return nil }
    defer { file.close() }
    return try? file.text(attribute: ImageSource.digestKey)
  }

  private static func write<Scalar: HDF5Scalar>(
    _ dataset: any Dataset, _ count: Int, to file: HDF5File, as type: HDF5ElementType, _ context: RunContext,
    _ row: (Sample) throws -> Tensor<Scalar>
  ) throws -> HDF5Dataset {
    var target: HDF5Dataset?
    var shape: Shape = []
    for start in stride(from: 0, to: count, by: rowsAtOnce) {
      try context.cancellation.check()
      let rows = start..<min(start + rowsAtOnce, count)
      var elements: [Scalar] = []
      for index in rows {
        let tensor = try naming(location: "image \(index)") { try row(dataset.sample(index)) }
        if target == nil {
          shape = tensor.shape
          target = try file.createDataset("data", of: type, shape: Shape([count] + shape.dimensions))
        }
        guard tensor.shape == shape else {
          throw EspalierError("has shape \(tensor.shape)", location: "image \(index)", accepted: "\(shape), as the first")
        }
        elements += tensor.elements
      }
      try target?.write(Tensor(elements, shape: Shape([rows.count] + shape.dimensions)), atRow: start)
      context.progress(RunProgress(activity: "images", done: rows.upperBound, total: count))
    }
    guard let target else { throw EspalierError("there are no images", location: "\(dataset.description)") }
    return target
  }
}

extension Tensor {
  /// The only row of a batch of one.
  fileprivate var withoutFirstAxis: Tensor { reshaped(Shape(Array(shape.dimensions.dropFirst()))) }
}

extension Image {
  /// The pixels as [C, H, W].
  fileprivate var planes: Tensor<UInt8> {
    let area = width * height
    var elements = [UInt8](repeating: 0, count: area * channels)
    for pixel in 0..<area {
      for channel in 0..<channels { elements[channel * area + pixel] = pixels.elements[pixel * channels + channel] }
    }
    return Tensor(elements, shape: [channels, height, width])
  }
}
