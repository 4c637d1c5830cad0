import Analysis
import Engine
import Foundation
import Networks
import Tensors

/// What every layer of a pass takes on one thread, the median of several passes, beside its arithmetic.
struct StepProfile {
  private struct Row {
    var label: String
    var kind: String
    var milliseconds: Double
    var macs: Int
    /// Bytes of inputs, weights and outputs, each met once.
    var bytes: Int
  }

  private static let passes = 9
  private let rows: [Row]

  /// Runs forward passes, or relevance passes by a composite.
  init(_ graph: Graph, batch: Int, composite: String?) throws {
    let pass: CompiledPass
    if let composite {
      pass = try RelevancePlan(graph, composite: CompositeCatalog.composite(composite), batch: batch).pass
    } else {
      let compiler = try PassCompiler(graph, output: nil, batch: batch, needsScores: false)
      try compiler.builder.forward()
      pass = compiler.finish()
    }
    let network = try graph.canonized()
    let program = try Program(pass.plan)
    try pass.run(program, Driver.noise(graph, batch: batch), others: [:], targets: Array(repeating: .predicted, count: batch))
    var times: [String: [Double]] = [:]
    for turn in 0..<StepProfile.passes {
      try program.run { label, duration in
        times[label, default: Array(repeating: 0, count: StepProfile.passes)][turn] += duration / .milliseconds(1)
      }
    }
    let facts = try network.facts(batch: batch)
    let kernels = Dictionary(pass.plan.implementations, uniquingKeysWith: { "\($0) + \($1)" })
    let nodes = Dictionary(network.nodes.map { ($0.label, $0) }, uniquingKeysWith: { first, _ in first })
    rows = times.map { label, times in
      let node = nodes[label]
      let inputs = node?.inputs.map { $0.flatMap { facts[$0]?.shape } } ?? []
      let outputs = node?.outputs.compactMap { facts[$0]?.shape } ?? []
      return Row(
        label: label, kind: [node?.op.name, kernels[label]].compactMap { $0 }.joined(separator: " "),
        milliseconds: times.sorted()[StepProfile.passes / 2], macs: node?.op.cost(inputs: inputs, outputs: outputs).macs ?? 0,
        bytes: 4 * (inputs.compactMap { $0?.count }.reduce(0, +) + outputs.reduce(0) { $0 + $1.count }))
    }
  }

  /// Prints kinds and then layers, what takes longest first.
  func print() {
    let kinds = Dictionary(grouping: rows, by: \.kind).map { kind, rows in
      Row(
        label: "\(rows.count) ×", kind: kind, milliseconds: rows.reduce(0) { $0 + $1.milliseconds },
        macs: rows.reduce(0) { $0 + $1.macs }, bytes: rows.reduce(0) { $0 + $1.bytes })
    }
    let total = rows.reduce(0) { $0 + $1.milliseconds }
    for list in [kinds, rows] {
      Swift.print("     ms      %  GMAC/s  GB/s")
      for row in list.sorted(by: { ($1.milliseconds, $0.label) < ($0.milliseconds, $1.label) }) {
        let (rate, flow) = (Double(row.macs) / row.milliseconds / 1e6, Double(row.bytes) / row.milliseconds / 1e6)
        let numbers = [(row.milliseconds, 2, 7), (100 * row.milliseconds / total, 1, 7), (rate, 1, 8), (flow, 1, 6)].map {
          number, digits, width in
          let text = String(format: "%.\(digits)f", number)
          return String(repeating: " ", count: max(0, width - text.count)) + text
        }
        Swift.print(numbers.joined(), row.label, row.kind)
      }
      Swift.print()
    }
  }
}
