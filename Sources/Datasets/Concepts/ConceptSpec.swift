import Tensors

/// Where concept masks come from: the value of `--concepts`.
public enum ConceptSpec: Hashable, Sendable, CustomStringConvertible {
  /// `hdf5:FILE`.
  case hdf5(String)
  /// `folder:DIR`.
  case folder(String)
  /// `broden:DIR`.
  case broden(String)
  /// `alpha`.
  case alpha
  /// `foreground:T`.
  case foreground(UInt8)

  /// The forms that are accepted.
  public static let forms = "hdf5:FILE, folder:DIR, broden:DIR, alpha or foreground:T (T from 0 to 255)"

  /// Parses a text.
  ///
  /// - Throws: `EspalierError` that tells the accepted forms.
  public init(_ text: String) throws {
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    switch (parts[0], parts.count > 1 ? parts[1] : nil) {
    case ("hdf5", let file?) where !file.isEmpty: self = .hdf5(file)
    case ("folder", let folder?) where !folder.isEmpty: self = .folder(folder)
    case ("broden", let folder?) where !folder.isEmpty: self = .broden(folder)
    case ("alpha", nil): self = .alpha
    case ("foreground", let threshold?):
      guard let value = UInt8(threshold) else {
        throw EspalierError(
          "\(threshold) is no raw pixel value", location: "--concepts", accepted: "foreground:0 to foreground:255")
      }
      self = .foreground(value)
    default: throw EspalierError("\(text) names no concepts", location: "--concepts", accepted: ConceptSpec.forms)
    }
  }

  public var description: String {
    switch self {
    case .hdf5(let file): "hdf5:\(file)"
    case .folder(let folder): "folder:\(folder)"
    case .broden(let folder): "broden:\(folder)"
    case .alpha: "alpha"
    case .foreground(let threshold): "foreground:\(threshold)"
    }
  }

  /// The files that are read, or the folder of such.
  public var files: [String] {
    switch self {
    case .hdf5(let path), .folder(let path), .broden(let path): [path]
    case .alpha, .foreground: []
    }
  }

  /// Opens the masks of a data set's images.
  ///
  /// - Parameters:
  ///   - dataset: the images that a pass will see.
  ///   - preprocessing: how images become inputs; masks that are images change their geometry alike.
  /// - Throws: `EspalierError` if they are missing or do not fit.
  public func open(for dataset: Subset, preprocessing: Preprocessing) throws -> any ConceptSource {
    switch self {
    case .hdf5(let file): try HDF5Concepts(file, for: dataset)
    case .folder(let folder): try FolderConcepts(folder, for: dataset, preprocessing: preprocessing)
    case .broden(let folder): try BrodenConcepts(folder, for: dataset, preprocessing: preprocessing)
    case .alpha: try AlphaConcepts(dataset, preprocessing: preprocessing)
    case .foreground(let threshold): try ForegroundConcepts(dataset, preprocessing: preprocessing, threshold: threshold)
    }
  }
}
