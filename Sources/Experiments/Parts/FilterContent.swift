import Analysis
import Datasets
import Results
import Tensors

/// What a pass that observes filters is made of: all that accumulators and a report need beside numbers, so that parts can be
/// joined without network and data.
struct FilterContent: Codable {
  /// A site, as results know it.
  struct Site: Codable {
    var name: String, node: String, title: String
    var order: Int
    var channels: Int, height: Int, width: Int, rows: Int

    init(_ site: Analysis.Site) {
      (name, node, title, order) = (site.layer.name, site.layer.node.name, site.title, site.layer.order)
      (channels, height, width, rows) = (site.shape.channels, site.shape.height, site.shape.width, site.shape.rows)
    }

    var shape: SiteShape { SiteShape(channels: channels, height: height, width: width, rows: rows) }
    var layer: ResultLayer { ResultLayer(name: name, node: node, order: order, channels: channels) }
  }

  /// The concepts of a dissection.
  struct Concepts: Codable {
    var categories: [String]
    var names: [String]
    /// Positions in `categories`, one a name.
    var category: [Int]
    var voteShare: Double
  }

  /// The sites, in the plan's order.
  var sites: [Site]
  /// The statistics, `NAME[:key=value,…]`.
  var statistics: [String]
  /// The concepts, if there are some.
  var concepts: Concepts?
  /// The criteria that scores were asked for.
  var criteria: [String]
  /// The number of images.
  var images: Int
  /// How the numbers came about.
  var provenance: [String: String]
  /// What a part knows of the data's digests.
  var data: PartialData?

  /// What makes the empty accumulators of a pass.
  ///
  /// - Parameters:
  ///   - requests: the statistics.
  ///   - thresholds: one a channel of each site; not read without concepts.
  func fresh(_ requests: [StatisticRequest], thresholds: [[Float]]) -> @Sendable () -> AnalysisState {
    let (shapes, dissection) = (sites.map(\.shape), dissection)
    return {
      AnalysisState(
        shapes.enumerated().map { position, shape in
          SiteAccumulators(
            requests.map { (phase: $0.type.phase, accumulator: $0.make(shape)) }
              + (dissection.map {
                [(phase: Phase.forward, accumulator: DissectionAccumulator(shape, thresholds: thresholds[position], $0))]
              } ?? []))
        })
    }
  }

  private var dissection: DissectionSettings? {
    concepts.map { DissectionSettings(vocabulary: $0.vocabulary, voteShare: $0.voteShare) }
  }

  /// Refuses what no pass has, in a file that somebody else may have written.
  ///
  /// - Throws: `EspalierError`.
  func check(_ path: String) throws {
    let isSound =
      sites.allSatisfy {
        1...1 << 20 ~= $0.channels && 1...1 << 20 ~= $0.height && 1...1 << 20 ~= $0.width && 0...1 << 20 ~= $0.rows
      } && Set(sites.map(\.name)).count == sites.count && images >= 0
      && (concepts.map { concepts in
        concepts.names.count == concepts.category.count && concepts.category.allSatisfy(concepts.categories.indices.contains)
          && concepts.voteShare > 0 && concepts.voteShare <= 1
      } ?? true)
    guard isSound else { throw PartFile.damage(path) }
  }
}

extension FilterContent.Concepts {
  init(_ vocabulary: ConceptVocabulary, voteShare: Double) {
    self.init(
      categories: vocabulary.categories, names: vocabulary.concepts.map(\.name), category: vocabulary.concepts.map(\.category),
      voteShare: voteShare)
  }

  var vocabulary: ConceptVocabulary {
    ConceptVocabulary(
      categories: categories, concepts: zip(names, category).map { Concept(name: $0, category: $1) })
  }
}

extension FilterReport {
  /// What a whole pass found out.
  init(_ content: FilterContent, _ state: AnalysisState) {
    self.init(
      layers: zip(content.sites, state.sites).map { site, accumulators in
        Layer(
          layer: site.layer, title: site.title,
          statistics: accumulators.all.flatMap { ($0 as? any Statistic)?.results ?? [] },
          dissection: accumulators.all.lazy.compactMap { ($0 as? DissectionAccumulator)?.result }.first)
      }, vocabulary: content.concepts?.vocabulary, criteria: content.criteria, images: content.images)
  }
}
