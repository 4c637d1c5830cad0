import Datasets
import Foundation
import Tensors

/// Which images a run takes, and how they are prepared.
public struct DataRequest: Sendable {
  /// The data set.
  public var spec: DataSpec
  /// A file that maps names to classes, if one is given.
  public var classes: String?
  /// A TOML file of preprocessing; nil for what the model's file says.
  public var preprocessing: String?
  /// The number of images left out at the beginning.
  public var skip: Int
  /// The most images.
  public var limit: Int?
  /// The most images of each class: its first.
  public var perClass: Int?

  /// What labels are; nil for what the network's output asks for.
  public var task: LearningTask?
  /// A folder of index masks, a PNG for each image of a folder; nil for none.
  public var masks: String?
  /// The seed by which images are drawn at random; nil to take the first.
  public var draw: UInt64?
  /// Keeps the data set open where many requests of a run are of one; nil to open it each time.
  public var cache: DataCache?

  /// Makes a request.
  public init(
    _ spec: DataSpec, classes: String? = nil, preprocessing: String? = nil, skip: Int = 0, limit: Int? = nil,
    perClass: Int? = nil, task: LearningTask? = nil, masks: String? = nil
  ) {
    self.task = task
    self.masks = masks
    self.skip = skip
    self.spec = spec
    self.classes = classes
    self.preprocessing = preprocessing
    self.limit = limit
    self.perClass = perClass
  }

  /// The files that are read, and the folders of images; no result may replace any of them.
  public var files: [String] {
    let data: [String] =
      switch spec {
      case .idx(let images, let labels): [images, labels]
      case .hdf5(let file), .image(let file): [file]
      case .csv(let file): [file] + CSV.files(namedBy: file)
      case .folder(let folder): ImageFolder.files(in: folder)
      case .fashionMNIST: []
      }
    return data + [classes, preprocessing].compactMap { $0 } + (masks.map(ImageFolder.files) ?? [])
  }

  /// Opens the data set and takes the images asked for.
  ///
  /// - Throws: `EspalierError` if something is missing or damaged, or nothing is left.
  public func open() throws -> Subset {
    let subset = try Subset(openWhole(), skip: skip, limit: limit, perClass: perClass, draw: draw)
    guard subset.count > 0 else { throw EspalierError("there are no images", location: "\(spec)") }
    return subset
  }

  /// Opens the data set with all its images.
  ///
  /// - Parameter known: how they were prepared, where that is known; nil for what the request says.
  func openWhole(prepared known: Preprocessing? = nil) throws -> any Dataset {
    func open() throws -> any Dataset {
      try spec.open(
        classes: classes.map { try ClassMap(file: $0) },
        preprocessing: known ?? preprocessing.map { try Preprocessing(file: $0) }, task: task, masks: masks)
    }
    guard let cache else { return try open() }
    let name = [
      spec.description, classes ?? "", known?.json ?? preprocessing.map { "file \($0)" } ?? "", task?.rawValue ?? "", masks ?? "",
    ].joined(separator: "\n")
    return try cache.dataset(name, open: open)
  }
}

extension Preprocessing {
  /// The preprocessing for a network: that of a file, else what the network's metadata say, else raw values over 255 at the
  /// network's size.
  ///
  /// - Throws: `EspalierError` if the file or the metadata cannot be understood.
  static func of(
    _ metadata: [String: String], file: String?, image: [Int]?, isChannelsLast: Bool? = nil, from model: String,
    note: (String) -> Void
  ) throws -> Preprocessing {
    if let file { return try Preprocessing(file: file) }
    if let stored = metadata[metadataKey] {
      return try naming(file: model) { try naming(location: "metadata \(metadataKey)") { try Preprocessing(json: stored) } }
    }
    let preprocessing = Preprocessing(for: image, isChannelsLast: isChannelsLast)
    note("\(model) does not say how images are prepared; taking \(preprocessing.json) (--preprocess FILE says otherwise)")
    return preprocessing
  }

  /// Raw values over 255, at the size that a network takes: [C, H, W], or [H, W, C].
  ///
  /// - Parameter isChannelsLast: the order of the axes; nil to take the last for colours where it alone can be that.
  init(for image: [Int]?, isChannelsLast: Bool? = nil) {
    guard let image else {
      self.init()
      return
    }
    let isChannelsLast = isChannelsLast ?? (![1, 3].contains(image[0]) && [1, 3].contains(image[2]))
    let (channels, height, width) = isChannelsLast ? (image[2], image[0], image[1]) : (image[0], image[1], image[2])
    self.init(
      resize: .exact(height: height, width: width), channels: channels == 1 ? 1 : 3, layout: isChannelsLast ? .nhwc : .nchw)
  }
}
