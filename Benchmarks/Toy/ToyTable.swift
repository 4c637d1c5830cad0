import Foundation

/// The table of the experiment, beside the means of the authors' published log.
enum ToyTable {
  /// The authors' means, in percent: before pruning, and by n the criteria in order.
  static let published: [ToyData: (before: Double, cells: [Int: [Double]])] = [
    .moon: (99.90, [2: [99.60, 83.07, 79.80, 85.01], 10: [99.60, 86.17, 84.76, 99.86], 200: [99.60, 93.53, 94.77, 99.85]]),
    .circle: (
      100.00, [2: [97.10, 69.21, 68.35, 70.23], 10: [97.10, 82.23, 87.18, 99.98], 200: [97.10, 90.88, 97.04, 100.00]]
    ),
    .mult: (
      94.95,
      [
        4: [91.00, 34.27, 34.27, 62.98], 20: [91.00, 67.96, 77.34, 91.85], 80: [91.00, 77.39, 83.21, 91.59],
        200: [91.00, 81.25, 84.90, 91.39], 800: [91.00, 81.66, 85.07, 91.20],
      ]
    ),
  ]

  /// The table in Markdown; cells further than three points from the authors' are bold.
  static func markdown(_ results: [ToyResult], seeds: Int) -> String {
    let networks = results.first?.before.count ?? 0
    var lines = [
      "Accuracy on the trained points in %, after 1000 of 3000 hidden units went: mean over \(seeds) draws of n reference points and"
        + (networks == 1
          ? " one network, and in brackets the mean of the authors."
          : " \(networks) networks, the least and the greatest network's mean, and in brackets the mean of the authors, who trained one.")
        + " Bold: further than three points from these.", "",
      "| data (before) | n | " + ToyCriterion.allCases.map(\.rawValue).joined(separator: " | ") + " |",
      "|---|---|" + ToyCriterion.allCases.map { _ in "---|" }.joined(),
    ]
    for result in results {
      let known = published[result.data]
      for (position, n) in result.data.references.enumerated() {
        let before = String(format: "%.2f; %.2f", ToyResult.mean(result.before), known?.before ?? .nan)
        let head = position == 0 ? "\(result.data.rawValue) (\(before))" : ""
        let cells = ToyCriterion.allCases.enumerated().map { column, criterion -> String in
          guard let cell = result.cell(criterion, n), let theirs = known?.cells[n]?[column] else { return "" }
          let own = String(format: "%.1f", cell.mean)
          let range = String(format: ", %.1f–%.1f", cell.means.min() ?? .nan, cell.means.max() ?? .nan)
          return (abs(cell.mean - theirs) > 3 ? "**\(own)**" : own) + (networks == 1 ? "" : range)
            + String(format: " (%.1f)", theirs)
        }
        lines.append("| \(head) | \(n) | " + cells.joined(separator: " | ") + " |")
      }
    }
    return lines.joined(separator: "\n")
  }
}
