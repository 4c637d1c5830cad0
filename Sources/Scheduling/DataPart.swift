import Tensors

/// One of N parts of the shards of a pass, for a job of its own.
///
/// Parts are ranges of shards, all of about one length. Where shards are many, their borders are at multiples of a power of two,
/// so that what a part learned is a few subtrees of the ``FixedTree``.
public struct DataPart: Hashable, Sendable, CustomStringConvertible {
  /// Which part it is, 1 … ``count``.
  public let number: Int
  /// The number of parts, N.
  public let count: Int

  /// The most parts.
  public static let most = 1_000_000

  /// Makes a part.
  ///
  /// - Throws: `EspalierError` if there is no such part.
  public init(_ number: Int, of count: Int) throws {
    guard 1...DataPart.most ~= count, 1...count ~= number else {
      throw EspalierError(
        "there is no part \(number) of \(count)", accepted: "I/N with I from 1 to N, and N at most \(DataPart.most)")
    }
    self.number = number
    self.count = count
  }

  /// Reads `I/N`.
  ///
  /// - Throws: `EspalierError` for another text.
  public init(_ text: String) throws {
    let halves = text.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
    guard halves.count == 2, let number = halves[0], let count = halves[1] else {
      throw EspalierError("'\(text)' is no part", accepted: "I/N with I from 1 to N, such as 3/8")
    }
    try self.init(number, of: count)
  }

  public var description: String { "\(number)/\(count)" }

  /// The shards of the part, of `total`; none where there are more parts than shards.
  public func shards(of total: Int) -> Range<Int> { cut(number - 1, total)..<cut(number, total) }

  /// The positions of the part's images, of `count`, in shards of `batch`.
  public func images(of count: Int, batch: Int) -> Range<Int> {
    let shards = shards(of: (count + batch - 1) / batch)
    return min(shards.lowerBound * batch, count)..<min(shards.upperBound * batch, count)
  }

  /// The first shard behind `index` parts.
  private func cut(_ index: Int, _ total: Int) -> Int {
    if index == count { return total }
    // A part is longer than the mean by an eighth at most.
    var unit = 1
    while unit * 2 * 8 * count <= total { unit *= 2 }
    return min((total * index / count + unit / 2) / unit * unit, total)
  }
}
