import Experiments
import Foundation

/// Where the time of a network's forward pass goes before and after pruning, as a table.
enum ProfileTable {
  /// The text; kinds of layers that take less than a thousandth of the time are left out.
  static func text(_ profile: LatencyProfile) -> String {
    let total = profile.parts.reduce(0) { $0 + $1.milliseconds[0] }
    return Table(
      columns: [
        ("where the time goes, ms", .left), ("before", .right), ("after", .right), ("faster", .right), ("MACs left", .right),
      ],
      rows: profile.parts.filter { $0.milliseconds.contains { $0 > total / 1000 } }.map { part in
        let (before, after) = (part.milliseconds[0], part.milliseconds[1])
        return [
          part.kind, String(format: "%.2f", before), String(format: "%.2f", after),
          before > 0 && after > 0 ? String(format: "%.2f ×", before / after) : "",
          part.macs[0] > 0 ? String(format: "%.1f %%", 100 * Double(part.macs[1]) / Double(part.macs[0])) : "",
        ]
      }
    ).text
  }
}
