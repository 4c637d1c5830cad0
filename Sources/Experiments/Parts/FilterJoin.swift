import Analysis
import Foundation
import Tensors

/// Parts of passes that observe filters, joined into what one run over all images finds.
enum FilterJoin {
  /// Joins parts of `stats`, `dissect` or `score`, and writes the file of one run.
  ///
  /// - Throws: `EspalierError` naming the part that is damaged, or the file that cannot be written; `CancellationError`.
  static func run(_ set: PartSet, to out: String, _ context: RunContext) throws -> FilterReport {
    let content = try set.parts[0].content(as: FilterContent.self)
    try content.check(set.parts[0].path)
    let requests = try naming(file: set.parts[0].path) { try content.statistics.map { try StatisticCatalog.requests([$0])[0] } }
    var known: [[Float]] = []
    let report = FilterReport(
      content,
      try whole(set, context) { part, decoder in
        let thresholds = try content.concepts == nil ? [] : FilterJoin.thresholds(content.sites.map(\.channels), &decoder)
        if known.isEmpty { known = thresholds }
        guard thresholds.map({ $0.map(\.bitPattern) }) == known.map({ $0.map(\.bitPattern) }) else { throw PartFile.damage(part) }
        return content.fresh(requests, thresholds: thresholds)
      })
    let data = try set.parts.compactMap { try $0.content(as: FilterContent.self).data }
    let digests = data.isEmpty ? [:] : PartialData.digests(data)
    try report.write(to: out, provenance: content.provenance.merging(digests) { $1 })
    return report
  }

  /// Joins parts of the search for thresholds, and writes what `--thresholds` takes.
  ///
  /// - Returns: the number of images that were passed over.
  /// - Throws: `EspalierError` naming the part that is damaged, or the file that cannot be written; `CancellationError`.
  static func runThresholds(_ set: PartSet, to out: String, _ context: RunContext) throws -> Int {
    let content = try set.parts[0].content(as: ThresholdContent.self)
    try content.check(set.parts[0].path)
    let fresh = content.fresh()
    let state = try whole(set, context) { _, _ in fresh }
    var encoder = StateEncoder()
    for values in content.thresholds(state) { encoder.append(values) }
    var header = set.header
    (header.kind, header.part, header.parts) = (.foundThresholds, 1, 1)
    try PartFile.write(out, header, content: content, state: encoder.bytes)
    return content.images
  }

  /// Thresholds, one a channel of each site.
  static func thresholds(_ channels: [Int], _ decoder: inout StateDecoder) throws -> [[Float]] {
    try channels.map { try decoder.array(of: Float.self, count: $0) }
  }

  /// What all parts together learned.
  ///
  /// - Parameter begin: reads what stands before a part's numbers, and says what makes empty accumulators.
  private static func whole(
    _ set: PartSet, _ context: RunContext, begin: (String, inout StateDecoder) throws -> @Sendable () -> AnalysisState
  ) throws -> AnalysisState {
    var whole: PartialPass?
    var fresh: (@Sendable () -> AnalysisState)?
    for (number, part) in set.parts.enumerated() {
      try context.cancellation.check()
      let own = try naming(file: part.path) {
        var decoder = StateDecoder(try part.state())
        let begun = try begin(part.path, &decoder)
        fresh = fresh ?? begun
        let own = try PartialPass(from: &decoder, of: part.range, begun)
        guard decoder.isAtEnd, own.shards == part.range else { throw PartFile.damage(part.path) }
        return own
      }
      if whole == nil { whole = own } else { whole!.append(own) }
      context.progress(RunProgress(activity: "join", unit: "parts", done: number + 1, total: set.parts.count))
    }
    guard let whole = whole.take(), let fresh else { preconditionFailure("a job has a part") }
    return (consume whole).result(fresh)
  }
}

/// What a search for thresholds is made of.
struct ThresholdContent: Codable {
  var sites: [FilterContent.Site]
  /// The share of activations above a threshold.
  var share: Double
  /// The number of images that are passed over.
  var images: Int
  /// What the thresholds are, for people.
  var description: String

  /// What makes the empty accumulators of one pass, which share what they know.
  func fresh() -> @Sendable () -> AnalysisState {
    let (share, images) = (share, images)
    let sites = sites.map { ($0.shape, ThresholdAccumulator.Floors(channels: $0.channels)) }
    return {
      AnalysisState(
        sites.map { shape, floors in
          SiteAccumulators([(.forward, ThresholdAccumulator(shape, share: share, images: images, floors: floors))])
        })
    }
  }

  /// The thresholds that a whole pass found, one a channel of each site.
  func thresholds(_ state: AnalysisState) -> [[Float]] {
    state.sites.map { ($0.all[0] as? ThresholdAccumulator)?.thresholds ?? [] }
  }

  /// Refuses what no search has, in a file that somebody else may have written.
  ///
  /// - Throws: `EspalierError`.
  func check(_ path: String) throws {
    let isSound =
      share > 0 && share < 1 && 1...1 << 40 ~= images
      && sites.allSatisfy { 1...1 << 20 ~= $0.channels && 1...1 << 12 ~= $0.height && 1...1 << 12 ~= $0.width }
    guard isSound else { throw PartFile.damage(path) }
  }
}
