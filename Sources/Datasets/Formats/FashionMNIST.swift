import Foundation
import Tensors

/// Fashion-MNIST as the Debian package `dataset-fashion-mnist` installs it: grey images of 28×28, ten classes.
///
/// Source: H. Xiao, K. Rasul, R. Vollgraf, "Fashion-MNIST: a novel image dataset for benchmarking machine learning
/// algorithms", arXiv:1708.07747.
public enum FashionMNIST {
  /// The half of the data.
  public enum Part: String, CaseIterable, Sendable {
    /// 60,000 images.
    case train
    /// 10,000 images.
    case test
  }

  /// The names of the classes, by label.
  public static let classNames = [
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
  ]

  /// Where the Debian package puts the files.
  public static let folder = "/usr/share/datasets/fashion-mnist"

  /// Whether the Debian package is installed.
  public static var isInstalled: Bool { FileManager.default.fileExists(atPath: folder + "/t10k-images-idx3-ubyte.gz") }

  /// Reads one part.
  ///
  /// - Throws: `EspalierError` if the package is not installed, naming it.
  public static func open(_ part: Part) throws -> IDXDataset {
    guard isInstalled else {
      throw EspalierError("is not there", file: folder, accepted: "Debian's package dataset-fashion-mnist, or idx:IMAGES,LABELS")
    }
    let stem = folder + (part == .train ? "/train" : "/t10k")
    return try IDXDataset(
      images: stem + "-images-idx3-ubyte.gz", labels: stem + "-labels-idx1-ubyte.gz", classNames: classNames)
  }
}
