import Datasets
import Synchronization
import Tensors

/// Data sets that stay open for a run that passes over them many times, with their digests.
///
/// They are taken to stay as they are until the run ends.
public final class DataCache: Sendable {
  private let opened = Mutex<[String: any Dataset]>([:])

  /// Makes an empty cache.
  public init() {}

  /// The data set of a name, opened the first time.
  func dataset(_ name: String, open: () throws -> any Dataset) rethrows -> any Dataset {
    if let known = opened.withLock({ $0[name] }) { return known }
    let dataset = KnownDataset(try open())
    return opened.withLock { opened in
      if let known = opened[name] { return known }
      opened[name] = dataset
      return dataset
    }
  }
}

/// A data set whose digests are computed once.
private struct KnownDataset: Dataset {
  private let inner: any Dataset
  private let memory = Memory()

  private final class Memory: Sendable {
    let digest = Mutex<String?>(nil)
  }

  init(_ inner: any Dataset) { self.inner = inner }

  var count: Int { inner.count }
  var classNames: [String]? { inner.classNames }
  var description: String { inner.description }
  var isOfOneSize: Bool { inner.isOfOneSize }
  var notes: [String] { inner.notes }
  var listDigest: String? { inner.listDigest }
  func labels(_ index: Int) throws -> [Int] { try inner.labels(index) }
  func name(_ index: Int) -> String { inner.name(index) }
  func sample(_ index: Int) throws -> Sample { try inner.sample(index) }
  func pixelLabels(_ index: Int) throws -> PixelLabels? { try inner.pixelLabels(index) }
  func values(_ index: Int) throws -> [Float]? { try inner.values(index) }
  func target(_ index: Int) throws -> Int? { try inner.target(index) }
  func digestLines(_ samples: Range<Int>) throws -> [String]? { try inner.digestLines(samples) }

  func digest() throws -> String {
    if let known = memory.digest.withLock({ $0 }) { return known }
    let digest = try inner.digest()
    memory.digest.withLock { $0 = digest }
    return digest
  }
}
