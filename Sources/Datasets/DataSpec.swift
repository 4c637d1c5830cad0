import Foundation
import Images
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
  /// `image:FILE`.
  case image(String)

  /// The forms that are accepted.
  public static let forms =
    "fashion-mnist:train, fashion-mnist:test, idx:IMAGES,LABELS, hdf5:FILE, folder:DIR, csv:FILE, image:FILE or a path"

  private static let kinds = ["fashion-mnist", "idx", "hdf5", "folder", "csv", "image"]

  /// Parses a text.
  ///
  /// A path without a form before it is a folder, or a file that the end of its name tells the form of.
  ///
  /// - Throws: `EspalierError` that tells the accepted forms.
  public init(_ text: String) throws {
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 2, DataSpec.kinds.contains(parts[0]) else {
      guard let form = DataSpec.form(ofPath: text) else {
        throw DataSpec.failure(text, prefix: parts.count == 2 ? parts[0] : nil)
      }
      self = form
      return
    }
    let rest = parts[1]
    guard !rest.isEmpty else { throw EspalierError("\(text) names no file", location: "--data", accepted: DataSpec.forms) }
    switch parts[0] {
    case "fashion-mnist":
      guard let part = FashionMNIST.Part(rawValue: rest) else {
        throw EspalierError("fashion-mnist has no part \(rest)", location: "--data", accepted: "train or test")
      }
      self = .fashionMNIST(part)
    case "idx":
      let files = rest.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
      guard files.count == 2, files.allSatisfy({ !$0.isEmpty }) else {
        throw EspalierError("\(text) does not name two files", location: "--data", accepted: "idx:IMAGES,LABELS")
      }
      self = .idx(images: files[0], labels: files[1])
    case "hdf5": self = .hdf5(rest)
    case "folder": self = .folder(rest)
    case "csv": self = .csv(rest)
    default: self = .image(rest)
    }
  }

  private static func failure(_ text: String, prefix: String?) -> EspalierError {
    if FileManager.default.fileExists(atPath: text) {
      return EspalierError("what kind of data \(text) is cannot be told from its name", location: "--data", accepted: forms)
    }
    guard let prefix else {
      return EspalierError("\(text) is neither a form of data nor a path that exists", location: "--data", accepted: forms)
    }
    return EspalierError("\(prefix) is no kind of data", location: "--data", accepted: forms)
  }

  /// The form of an existing path; nil if there is none, or it cannot be told.
  private static func form(ofPath path: String) -> DataSpec? {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else { return nil }
    if isFolder.boolValue { return .folder(path) }
    return switch (path as NSString).pathExtension.lowercased() {
    case "csv": .csv(path)
    case "h5", "hdf5": .hdf5(path)
    case let kind where Image.fileExtensions.contains(kind): .image(path)
    default: nil
    }
  }

  public var description: String {
    switch self {
    case .fashionMNIST(let part): "fashion-mnist:\(part.rawValue)"
    case .idx(let images, let labels): "idx:\(images),\(labels)"
    case .hdf5(let file): "hdf5:\(file)"
    case .folder(let folder): "folder:\(folder)"
    case .csv(let file): "csv:\(file)"
    case .image(let file): "image:\(file)"
    }
  }

  /// Opens the data.
  ///
  /// - Parameters:
  ///   - classes: the labels of names and the names of labels, from `--classes`.
  ///   - preprocessing: what was asked for by `--preprocess`; data that cannot be prepared so are refused.
  ///   - task: what labels are; nil for classes, or those of pixels where they can be nothing else.
  ///   - masks: a folder of index masks, a PNG for each image of a folder; nil for none.
  /// - Throws: `EspalierError` if it is missing or damaged.
  public func open(
    classes: ClassMap? = nil, preprocessing: Preprocessing? = nil, task: LearningTask? = nil, masks: String? = nil
  ) throws -> any Dataset {
    try checkForm()
    if let masks {
      guard case .folder(let folder) = self else {
        throw EspalierError(
          "a folder of masks goes with a folder of images", location: "--masks",
          accepted: "folder:DIR; a csv has a column mask, an HDF5 file a dataset label [N, H, W]")
      }
      return try ImageFolder.open(folder, classes: classes).withMasks(in: masks)
    }
    return switch self {
    case .fashionMNIST(let part): try FashionMNIST.open(part)
    case .idx(let images, let labels): try IDXDataset(images: images, labels: labels, classNames: classes?.names)
    case .hdf5(let file): try HDF5Samples(file, classNames: classes?.names, preprocessing: preprocessing, task: task)
    case .folder(let folder): try ImageFolder.open(folder, classes: classes)
    case .csv(let file): try CSV.open(file, classes: classes, task: task)
    case .image(let file): try ImageList(image: file, classes: classes)
    }
  }

  /// Refuses a path that is plainly of another form, naming it.
  private func checkForm() throws {
    guard let path, let form = DataSpec.form(ofPath: path), form != self else { return }
    throw EspalierError("is not of the form \(kind)", file: path, accepted: "--data \(form)")
  }

  /// The kind, as it stands before the colon.
  private var kind: String { String(description.prefix { $0 != ":" }) }

  /// The path, where there is one.
  private var path: String? {
    switch self {
    case .hdf5(let path), .folder(let path), .csv(let path), .image(let path): path
    case .idx, .fashionMNIST: nil
    }
  }
}
