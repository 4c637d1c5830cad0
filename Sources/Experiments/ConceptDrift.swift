import Analysis
import Results
import Tensors

/// What the filters that a pruning kept detect before and after it.
///
/// Source: D. Bau et al., "Network dissection", CVPR 2017: a filter is told by the concept that it overlaps best, and detects it if
/// their IoU is above 0.04 (`DissectionResult.detection`).
public struct ConceptDrift: Hashable, Sendable {
  /// A concept that a filter overlaps best, and their IoU.
  public struct Best: Hashable, Sendable {
    /// The concept's position.
    public let concept: Int
    /// Their IoU, above 0.
    public let overlap: Float
  }

  /// A filter that was kept.
  public struct Filter: Hashable, Sendable {
    /// Its layer, as files name it.
    public let layer: String
    /// Its position in the layer before and after.
    public let positions: [Int]
    /// What it overlaps best before and after; nil where no concept overlaps at all.
    public let before, after: Best?
  }

  /// The filters that were kept in the layers that both files hold, in the order of the first.
  public let filters: [Filter]

  /// The IoU of filters with what they overlap best, 0 where nothing does.
  public var overlap: (before: Moments, after: Moments) {
    (Moments(filters.map { Double($0.before?.overlap ?? 0) }), Moments(filters.map { Double($0.after?.overlap ?? 0) }))
  }

  /// The number of filters that detect a concept.
  public var detectors: (before: Int, after: Int) {
    func count(_ best: KeyPath<Filter, Best?>) -> Int {
      filters.count { ($0[keyPath: best]?.overlap ?? 0) > DissectionResult.detection }
    }
    return (count(\.before), count(\.after))
  }

  /// The number of filters that overlap the same concept best before and after.
  public var constant: Int { filters.count { $0.before != nil && $0.before?.concept == $0.after?.concept } }

  /// Compares two dissections.
  ///
  /// - Parameters:
  ///   - before: a dissection of the network before pruning.
  ///   - after: one of what it became, by the same concepts on the same images.
  ///   - kept: the positions of the filters that were kept, by layer, as ``PruningRecord/kept`` has them; layers that it does not name
  ///     lost none.
  /// - Throws: `EspalierError` naming the file and layer, for dissections of other data or concepts, or of filters that are not those
  ///   kept.
  public init(_ before: FilterResultsReader, _ after: FilterResultsReader, kept: [String: [Int]]) throws {
    if let own = try after.provenance(ImageSource.digestKey), let wanted = try before.provenance(ImageSource.digestKey),
      own != wanted
    {
      throw EspalierError("it is of other images than \(before.path)", file: after.path, accepted: "files of one data set")
    }
    guard try before.vocabulary() == after.vocabulary() else {
      throw EspalierError("it is of other concepts than \(before.path)", file: after.path, accepted: "the same concepts")
    }
    let there = try Set(after.layers(of: "dissection"))
    let layers = try before.layers(of: "dissection").filter(there.contains)
    guard !layers.isEmpty else {
      throw EspalierError("it has no dissected layer in common with \(before.path)", file: after.path)
    }
    func best(_ result: DissectionResult, _ filter: Int) -> Best? {
      result.best(filter).map { Best(concept: $0.concept, overlap: $0.overlap) }
    }
    filters = try layers.flatMap { layer in
      let (old, new) = (try before.dissection(of: layer), try after.dissection(of: layer))
      let (most, count) = (old.overlap.shape[0], new.overlap.shape[0])
      let positions = try kept[before.node(of: layer, in: "dissection")] ?? kept[layer] ?? Array(0..<most)
      guard positions.count == count, positions.allSatisfy({ 0..<most ~= $0 }) else {
        throw EspalierError(
          "has \(count.of("filter")), where pruning kept \(positions.count) of \(most)", file: after.path, location: layer,
          accepted: "dissections of one network before and after pruning, and the record of it")
      }
      return positions.enumerated().map { position, filter in
        Filter(layer: layer, positions: [filter, position], before: best(old, filter), after: best(new, position))
      }
    }
  }
}
