import Networks
import Plotting
import Pruning
import Results
import Tensors

/// Figures of pruned networks and of channel groups.
public enum PruningFigureRun {
  /// Draws which filters a pruned network has kept.
  ///
  /// - Parameters:
  ///   - path: a network that `prune` wrote.
  ///   - scores: a file of scores of the network before, to order and shade filters by; nil for none.
  ///   - criterion: the criterion in it; nil where it holds one.
  /// - Throws: `EspalierError` if the network carries no record, or scores do not fit.
  public static func drawPruning(
    _ path: String, scores: String? = nil, criterion: String? = nil, title: String? = nil, to output: FigureOutput
  ) throws {
    let inputs = [path] + (scores.map { [$0] } ?? [])
    try output.prepare(notReplacing: inputs)
    let model = try Model(path)
    guard let record = try naming(file: path, { try PruningRecord(model.graph.metadata) }) else {
      throw EspalierError("it carries no record of pruning", file: path, accepted: "a network that espalier prune wrote")
    }
    var known: [String: [Double]] = [:]
    if let scores {
      let reader = try FilterResultsReader(scores)
      let names = try reader.criteria()
      guard let name = criterion ?? (names.count == 1 ? names[0] : nil), names.contains(name) else {
        throw EspalierError(
          criterion.map { "it holds no scores by '\($0)'" + EspalierError.suggestion(for: $0, among: names) }
            ?? "it holds scores by \(names.count.of("criterion", "criteria"))", file: scores,
          accepted: names.isEmpty ? "a file of scores" : "--criterion " + EspalierError.list(names))
      }
      for layer in try reader.layers(of: "scores/\(name)") { known[layer] = try reader.scores(name, of: layer).elements }
    }
    let map = try naming(file: path) { try ChannelMap(model.graph) }
    let layers = try map.linear.compactMap { own -> PruningFigure.Layer? in
      guard let layer = map.layers[own.node] else { return nil }
      let count = record.filters[layer.node.label] ?? own.outputs.count
      var isKept = [Bool](repeating: record.kept[layer.node.label] == nil, count: count)
      for position in record.kept[layer.node.label] ?? [] where position < count { isKept[position] = true }
      if let scores = known[layer.name], scores.count != count {
        throw EspalierError("\(scores.count) scores for \(count) filters", file: path, location: "layer '\(layer.name)'")
      }
      return PruningFigure.Layer(layer.name, isKept: isKept, scores: known[layer.name])
    }
    let caption =
      "\(record.criterion), \(record.budget); grey filters went"
      + (known.isEmpty ? "" : "; by score, the darker the greater")
    try output.write(PruningFigure(title: title, layers: layers, caption: caption), of: inputs)
  }

  /// Draws the channel groups of a network.
  ///
  /// - Throws: `EspalierError`.
  public static func drawGroups(_ path: String, title: String? = nil, to output: FigureOutput) throws {
    try output.prepare(notReplacing: [path])
    let model = try Model(path)
    try naming(file: path) {
      let map = try ChannelMap(model.graph)
      let groups = try ChannelGroups(map)
      let names = map.linear.compactMap { map.layers[$0.node]?.name }
      let rows = Dictionary(map.linear.enumerated().map { ($1.node, $0) }, uniquingKeysWith: { first, _ in first })
      let figure = GroupsFigure(
        title: title, layers: names,
        groups: groups.all.map { group in
          GroupsFigure.Group(
            layers: group.layers.compactMap { rows[$0.id] }, channels: group.channels.count, reason: group.reason)
        })
      try output.write(figure, of: [path])
    }
  }
}
