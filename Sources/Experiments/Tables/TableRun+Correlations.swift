import Analysis
import Tensors

extension TableRun {
  /// Rank correlations of criteria: below the diagonal Spearman's, above it Kendall's, means over layers.
  func correlations(_ file: String) throws -> ResultTable {
    let (reader, names) = try StoredScores.opened(file, criteria: [])
    guard names.count > 1 else {
      throw EspalierError("the file holds one criterion, \(names[0])", file: file, accepted: "scores by two or more")
    }
    let layers = try reader.layers(of: "scores/\(names[0])")
    guard !layers.isEmpty else { throw EspalierError("the file holds no layer's scores by '\(names[0])'", file: file) }
    let lists = try layers.map { layer in try names.map { try reader.scores($0, of: layer).elements } }
    let spearman = RankCorrelation.mean(lists.map(RankCorrelation.matrix))
    let kendall = RankCorrelation.mean(lists.map(KendallCorrelation.matrix))
    let rows = names.indices.map { row in
      ResultTable.Row(
        [.text(names[row])]
          + names.indices.map { column in
            let value = row == column ? 1 : row > column ? spearman[row, column] : kendall[row, column]
            return value.isFinite ? .number(value, decimals: 2) : .none
          })
    }
    return ResultTable(
      caption: "Rank correlation of criteria", columns: [.init("criterion", isNumeric: false)] + names.map { .init($0) },
      rows: rows,
      notes: [
        "Below the diagonal Spearman's ρ, above it Kendall's τ-b, means over \(layers.count.of("layer")).",
        "Layers in which all scores by a criterion are equal have none.",
      ])
  }
}
