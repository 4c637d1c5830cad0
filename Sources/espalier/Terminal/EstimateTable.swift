import Experiments
import Foundation
import Tensors

/// What a study is expected to take, as a table.
enum EstimateTable {
  static func text(_ estimate: StudyEstimate) -> String {
    var table = Table(
      columns: [("network", .left), ("arm", .left), ("chains", .right), ("steps", .right), ("time", .right), ("disk", .right)])
    for part in estimate.parts {
      table.rows.append([
        part.network, part.arm ?? "(training)", "\(part.chains)", "\(part.steps)", time(part.seconds), size(part.bytes),
      ])
    }
    table.rows.append([
      "all", "", "\(estimate.chains)", "\(estimate.parts.reduce(0) { $0 + $1.steps })", time(estimate.seconds),
      size(estimate.bytes),
    ])
    return table.text + "\n\nmemory: about \(size(Double(estimate.memory)))"
  }

  private static func time(_ seconds: Double) -> String {
    let whole = Int(seconds.rounded())
    if whole < 60 { return "\(whole) s" }
    return whole < 3600 ? "\(whole / 60) min" : "\(whole / 3600) h \(whole / 60 % 60) min"
  }

  private static func size(_ bytes: Double) -> String {
    bytes < 1e9 ? "\(Int((bytes / 1e6).rounded())) MB" : String(format: "%.1f GB", bytes / 1e9)
  }
}
