import Experiments
import Foundation
import Tensors

/// Two networks side by side as tables: layer by layer, and in all.
enum ComparisonTable {
  /// The text.
  ///
  /// - Parameter more: further totals with their titles.
  static func text(_ networks: NetworkComparison, more: [(String, NetworkComparison.Change)] = []) -> String {
    let layers = Table(
      columns: [
        ("layer", .left), ("operator", .left), ("filters", .right), ("after", .right), ("MACs", .right), ("after", .right),
        ("parameters", .right), ("after", .right),
      ],
      rows: networks.layers.map { layer in
        [layer.name, layer.operator]
          + [layer.filters, layer.macs, layer.parameters].flatMap { [$0.before.grouped, $0.after.grouped] }
      })
    let totals = Table(
      columns: [("total", .left), ("before", .right), ("after", .right), ("left", .right)],
      rows: ([
        ("MACs", networks.macs), ("parameters", networks.parameters), ("activations", networks.activations),
      ] + more).map { [$0, $1.before.grouped, $1.after.grouped, String(format: "%.1f %%", 100 * $1.share)] })
    return layers.text + "\n\n" + totals.text
  }
}
