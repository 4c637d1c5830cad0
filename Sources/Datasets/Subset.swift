import Files
import Tensors

/// Some samples of a data set, in its order.
public struct Subset: Dataset {
  /// The positions of the samples in the whole set.
  public let indices: [Int]
  private let whole: any Dataset

  /// Takes the first samples behind the first `skip`: at most `perClass` of each class (a sample counts for its first label), and
  /// at most `limit` in all.
  ///
  /// Without labels all samples are of one class.
  ///
  /// - Parameter draw: a seed, to draw the samples at random rather than take the first; they keep their order.
  ///
  /// - Throws: `EspalierError` if a number is not positive, or labels cannot be read.
  public init(_ whole: any Dataset, skip: Int = 0, limit: Int? = nil, perClass: Int? = nil, draw: UInt64? = nil) throws {
    guard skip >= 0 else { throw EspalierError("\(skip) samples", location: "--skip", accepted: "0 and more") }
    if let limit, limit < 1 { throw EspalierError("\(limit) samples are none", location: "--limit", accepted: "1 and more") }
    if let perClass, perClass < 1 {
      throw EspalierError("\(perClass) samples are none", location: "--per-class", accepted: "1 and more")
    }
    var indices: [Int] = []
    var taken: [Int?: Int] = [:]
    let candidates = min(skip, whole.count)..<whole.count
    var order = Array(candidates)
    if let draw {
      var random = Philox(seed: draw, stream: Philox.stream(named: "samples"))
      order = random.permutation(order.count).map { candidates.lowerBound + $0 }
    }
    for index in order {
      if let limit, indices.count == limit { break }
      if let perClass {
        let label = try whole.labels(index).first
        if taken[label, default: 0] == perClass { continue }
        taken[label, default: 0] += 1
      }
      indices.append(index)
    }
    self.indices = indices.sorted()
    self.whole = whole
  }

  public var count: Int { indices.count }
  public var classNames: [String]? { whole.classNames }
  public var isOfOneSize: Bool { whole.isOfOneSize }
  public var description: String { "\(count) of \(whole.description)" }
  public var notes: [String] { whole.notes }
  public func name(_ index: Int) -> String { whole.name(indices[index]) }
  public func labels(_ index: Int) throws -> [Int] { try whole.labels(indices[index]) }
  public func target(_ index: Int) throws -> Int? { try whole.target(indices[index]) }
  public func pixelLabels(_ index: Int) throws -> PixelLabels? { try whole.pixelLabels(indices[index]) }
  public func values(_ index: Int) throws -> [Float]? { try whole.values(indices[index]) }
  public func sample(_ index: Int) throws -> Sample { try whole.sample(indices[index]) }

  public func digest() throws -> String { try digest(whole: wholeDigest()) }

  /// The digest of the whole set.
  ///
  /// - Throws: `EspalierError` if it cannot be read.
  public func wholeDigest() throws -> String { try whole.digest() }

  /// The digest, where that of the whole set is known.
  public func digest(whole: String) -> String { Subset.digest(whole: whole, indices) }

  /// The digest of some samples, by their positions in a set of which it is known.
  public static func digest(whole: String, _ indices: [Int]) -> String {
    var hash = SHA256()
    hash.update(line: whole)
    hash.update(line: indices.description)
    return hash.hexadecimal
  }

  public var listDigest: String? { whole.listDigest.map(digest) }

  /// What the digest of the whole set is of, as far as a range of these samples goes: ranges that follow each other, from the
  /// first sample to the last, have all of it.
  ///
  /// - Throws: `EspalierError` if a file cannot be read.
  public func digestLines(_ samples: Range<Int>) throws -> [String]? {
    func position(_ sample: Int) -> Int { sample == 0 ? 0 : sample == count ? whole.count : indices[sample] }
    return try whole.digestLines(position(samples.lowerBound)..<position(samples.upperBound))
  }
}
