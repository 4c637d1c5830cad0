import Datasets
import Images
import Tensors

/// The images of a data set as people see them: at the size of the network's input, without normalisation.
struct ImageSource {
  let dataset: any Dataset
  private let preprocessing: Preprocessing?
  /// Whether tensors are [H, W, C]; images have channels of their own.
  private let isChannelsLast: Bool

  /// Takes the images of a whole data set as a run prepared them.
  ///
  /// - Throws: `EspalierError` if it cannot be opened.
  init(_ data: PreparedData) throws {
    dataset = try data.request.openWhole()
    preprocessing = data.preprocessing
    isChannelsLast = data.preprocessing.layout == .nhwc
  }

  /// Takes the images that a file of results was made from.
  ///
  /// - Parameters:
  ///   - request: where they lie, and the classes that their labels come from.
  ///   - provenance: what the file says of a key, such as `preprocessing`; nil where it says nothing.
  ///   - file: the file, for messages.
  /// - Throws: `EspalierError` if the data cannot be opened, or are others than those of the file.
  init(_ request: DataRequest, provenance: (String) throws -> String?, file: String) throws {
    let digest = try provenance(ImageSource.digestKey)
    if let digest, case .hdf5(let path) = request.spec, ImageFile.origin(of: path) == digest {
      // What `--data-out` wrote beside the results: the same images, fitted already.
      dataset = try request.openWhole()
      (preprocessing, isChannelsLast) = (nil, false)
      return
    }
    let json = try provenance("preprocessing")
    preprocessing = try json.map { json in
      try naming(file: file) { try naming(location: "preprocessing") { try Preprocessing(json: json) } }
    }
    // Bytes of HDF5 files are images where they were prepared; what cannot have been is a tensor.
    dataset = try (try? request.openWhole(prepared: preprocessing)) ?? request.openWhole()
    isChannelsLast = preprocessing?.layout == .nhwc
    if let digest, digest != (try dataset.digest()) {
      let origin = try provenance("data").map { " (\($0))" } ?? ""
      throw EspalierError(
        "these are not the images that \(file) was computed for\(origin): their SHA-256 differs", location: "\(request.spec)",
        accepted: "the same data, with --classes where it was given")
    }
  }

  /// The name of the digest of all of a data set among what a file says of its origin.
  static let digestKey = "dataset_sha256"

  /// An image by its position in the whole data set.
  ///
  /// - Parameter size: the height and width of what is shown beside it; nil for any.
  /// - Throws: `EspalierError` if there is none, or it is damaged or of another size.
  func image(_ index: Int, size: (height: Int, width: Int)? = nil) throws -> Image {
    guard index < dataset.count else {
      throw EspalierError(
        "the results are of image \(index), and there \(dataset.count == 1 ? "is" : "are") \(dataset.count)",
        location: dataset.description, accepted: "the data that they were computed for")
    }
    let image: Image
    switch try dataset.sample(index).content {
    case .image(let stored): image = try preprocessing?.fitted(stored) ?? stored
    case .tensor(let tensor):
      guard tensor.shape.rank == 3, tensor.count > 0 else {
        throw EspalierError("has shape \(tensor.shape), which is no image's", location: "image \(index)")
      }
      image = Image(isChannelsLast ? tensor.planesFirst : tensor)
    }
    if let size, size.height != image.height || size.width != image.width {
      throw EspalierError(
        "image \(index) becomes \(image.height)×\(image.width) pixels, and its map has \(size.height)×\(size.width)",
        location: dataset.description, accepted: "the data that the maps were computed for")
    }
    return image
  }
}

extension Tensor {
  /// [H, W, C] as [C, H, W].
  fileprivate var planesFirst: Tensor {
    let (height, width, channels) = (shape[0], shape[1], shape[2])
    let moved = (0..<channels).flatMap { channel in (0..<height * width).map { elements[$0 * channels + channel] } }
    return Tensor(moved, shape: [channels, height, width])
  }
}

extension Image {
  /// A tensor [C, H, W] as an image: its least value black and its greatest white; the first channel, or three of them.
  init(_ tensor: Tensor<Float>) {
    let shape = tensor.shape
    let channels = shape[0] >= 3 ? 3 : 1
    let area = shape[1] * shape[2]
    let finite = tensor.elements.filter(\.isFinite)
    let (low, high) = (finite.min() ?? 0, finite.max() ?? 0)
    let scale = high > low ? 255 / (high - low) : 0
    var pixels = [UInt8](repeating: 0, count: area * channels)
    for channel in 0..<channels {
      for position in 0..<area {
        let value = (tensor.elements[channel * area + position] - low) * scale
        pixels[position * channels + channel] = value > 0 ? UInt8(min(value, 255)) : 0
      }
    }
    self.init(pixels: Tensor(pixels, shape: [shape[1], shape[2], channels]))
  }
}
