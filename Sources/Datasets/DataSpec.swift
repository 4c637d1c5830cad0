import Tensors

/// Which data to read: the value of `--data`.
public enum DataSpec: Hashable, Sendable, CustomStringConvertible {
  /// `fashion-mnist:train` or `fashion-mnist:test`.
  case fashionMNIST(FashionMNIST.Part)
  /// `idx:IMAGES,LABELS`.
  case idx(images: String, labels: String)
  /// `hdf5:FILE`.
  case hdf5(String)
  /// `folder:DIR`.
  case folder(String)
  /// `csv:FILE`.
  case csv(String)

  /// The forms that are accepted.
  public static let forms =
    "fashion-mnist:train, fashion-mnist:test, idx:IMAGES,LABELS, hdf5:FILE, folder:DIR or csv:FILE"

  /// Parses a text.
  ///
  /// - Throws: `EspalierError` that tells the accepted forms.
  public init(_ text: String) throws {
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 2, !parts[1].isEmpty else {
      throw EspalierError("\(text) is no data", place: "--data", accepted: DataSpec.forms)
    }
    let rest = parts[1]
    switch parts[0] {
    case "fashion-mnist":
      guard let part = FashionMNIST.Part(rawValue: rest) else {
        throw EspalierError("fashion-mnist has no part \(rest)", place: "--data", accepted: "train or test")
      }
      self = .fashionMNIST(part)
    case "idx":
      let files = rest.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
      guard files.count == 2, files.allSatisfy({ !$0.isEmpty }) else {
        throw EspalierError("\(text) does not name two files", place: "--data", accepted: "idx:IMAGES,LABELS")
      }
      self = .idx(images: files[0], labels: files[1])
    case "hdf5": self = .hdf5(rest)
    case "folder": self = .folder(rest)
    case "csv": self = .csv(rest)
    default: throw EspalierError("\(parts[0]) is no kind of data", place: "--data", accepted: DataSpec.forms)
    }
  }

  public var description: String {
    switch self {
    case .fashionMNIST(let part): "fashion-mnist:\(part.rawValue)"
    case .idx(let images, let labels): "idx:\(images),\(labels)"
    case .hdf5(let file): "hdf5:\(file)"
    case .folder(let folder): "folder:\(folder)"
    case .csv(let file): "csv:\(file)"
    }
  }

  /// Opens the data.
  ///
  /// - Parameter classes: the labels of names and the names of labels, from `--classes`.
  /// - Throws: `EspalierError` if it is missing or damaged.
  public func open(classes: ClassMap? = nil) throws -> any Dataset {
    switch self {
    case .fashionMNIST(let part): try FashionMNIST.open(part)
    case .idx(let images, let labels): try IDXDataset(images: images, labels: labels, classNames: classes?.names)
    case .hdf5(let file): try HDF5Samples(file, classNames: classes?.names)
    case .folder(let folder): try ImageFolder.open(folder, classes: classes)
    case .csv(let file): try CSV.open(file, classes: classes)
    }
  }
}
