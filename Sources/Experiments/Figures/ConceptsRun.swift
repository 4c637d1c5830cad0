import Analysis
import Datasets
import Plotting
import Results
import Tensors

/// How many filters detect each concept, from a file of a dissection.
///
/// Source: D. Bau et al., "Network dissection", CVPR 2017: a filter detects the concept that it overlaps best, if their IoU is above
/// 0.04; figures 5 (units of a layer by concept) and 7 (detectors by layer and category).
public struct ConceptsRun: Sendable {
  /// The layers, a panel of concepts each; empty for detectors of all layers by category.
  public var layers: [String]
  /// The IoU above which a filter detects.
  public var detection: Double
  /// The most concepts of a layer.
  public var limit: Int
  /// The title.
  public var title: String?

  /// Makes a run.
  public init(
    layers: [String] = [], detection: Double = Double(DissectionResult.detection), limit: Int = 40, title: String? = nil
  ) {
    (self.layers, self.detection, self.limit, self.title) = (layers, detection, limit, title)
  }

  /// Draws.
  ///
  /// - Throws: `EspalierError` for a file without dissection, or a layer that it has not.
  public func write(_ file: String, to output: FigureOutput) throws {
    try output.prepare(notReplacing: [file])
    let reader = try FilterResultsReader(file)
    let known = try reader.layers(of: "dissection")
    guard !known.isEmpty else {
      throw EspalierError("the file holds no dissection", file: file, accepted: "one that espalier dissect wrote")
    }
    let vocabulary = try reader.vocabulary()
    let results = try (layers.isEmpty ? known : layers).map { try reader.dissection(of: $0) }
    let grid = layers.isEmpty ? byLayer(known, results, vocabulary) : byConcept(results, vocabulary)
    try output.write(PanelsFigure(title: title, grid), of: [file])
  }

  /// The number of filters of a layer that detect each concept, by the concept's position.
  public func counts(_ result: DissectionResult) -> [Int] {
    var counts = [Int](repeating: 0, count: result.overlap.shape[1])
    for filter in 0..<result.overlap.shape[0] {
      if let best = result.best(filter), Double(best.overlap) > detection { counts[best.concept] += 1 }
    }
    return counts
  }

  private var rule: String { "A filter detects the concept that it overlaps best, if their IoU is above \(detection)." }

  private func byConcept(_ results: [DissectionResult], _ vocabulary: ConceptVocabulary) -> PanelGrid {
    var (left, hidden) = (0, 0)
    let panels = zip(layers, results).map { layer, result -> Panel in
      let counts = counts(result)
      // By category, and in it the most filters first.
      let found = counts.indices.filter { counts[$0] > 0 }.sorted {
        let (a, b) = (vocabulary.concepts[$0].category, vocabulary.concepts[$1].category)
        return (a, -counts[$0], $0) < (b, -counts[$1], $1)
      }
      let most = Set(found.sorted { (counts[$0], $1) > (counts[$1], $0) }.prefix(limit))
      let concepts = found.filter(most.contains)
      (left, hidden) = (max(left, concepts.count), hidden + found.count - concepts.count)
      let marks = vocabulary.categories.enumerated().compactMap { category, name -> BarMark? in
        let values = concepts.map { vocabulary.concepts[$0].category == category ? Double(counts[$0]) : .nan }
        return values.contains(where: \.isFinite) ? BarMark(name, series: category, values: values) : nil
      }
      let detectors = counts.reduce(0, +)
      return Panel(
        title: "\(layer): \(detectors) of \(result.overlap.shape[0]) filters",
        x: PanelAxis("", categories: concepts.map { vocabulary.concepts[$0].name }),
        y: PanelAxis("filters that detect it", isWhole: true), marks: marks)
    }
    let rest = hidden > 0 ? " \(hidden.of("concept")) of fewer filters left out." : ""
    var grid = PanelGrid(panels, columns: 1, aspect: left > 16 ? 0.35 : 0.5, note: rule + rest)
    if left > 16 { grid.panelWidth = 490 }
    return grid
  }

  private func byLayer(_ names: [String], _ results: [DissectionResult], _ vocabulary: ConceptVocabulary) -> PanelGrid {
    let counts = results.map(counts)
    let used = vocabulary.categories.indices.filter { category in
      counts.contains { layer in layer.indices.contains { layer[$0] > 0 && vocabulary.concepts[$0].category == category } }
    }
    let marks = used.enumerated().map { place, category -> any Mark in
      let values = counts.map { layer in
        Double(layer.indices.reduce(0) { $0 + (vocabulary.concepts[$1].category == category ? layer[$1] : 0) })
      }
      return BarMark(vocabulary.categories[category], series: place, values: values, place: (place, used.count))
    }
    let panel = Panel(
      x: PanelAxis("", categories: names), y: PanelAxis("filters that detect a concept", isWhole: true), marks: marks)
    return PanelGrid([panel], note: rule)
  }
}
