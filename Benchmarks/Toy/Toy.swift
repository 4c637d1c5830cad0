import Engine
import Foundation
import Networks
import Plotting
import Pruning
import Scheduling
import Tensors
import Training

/// The toy experiment of Yeom et al., "Pruning by explaining", Pattern Recognition 2021, section 4.1, from data to table and figure:
/// `espalier-toy [--seeds N] [--networks N] [--workers N] FIGURE.png`.
///
/// A network that was trained on points in the plane loses 1000 of its 3000 hidden units at once, without tuning, by four criteria;
/// those that need data see n reference points, drawn anew for every seed. The table tells the share of the trained points that it
/// still gets right.
@main
enum Toy {
  static func main() {
    do { try run() } catch {
      FileHandle.standardError.write(Data("espalier-toy: error: \(error)\n".utf8))
      exit(1)
    }
  }

  private static func run() throws {
    useOneThreadHere()
    let settings = try ToySettings(Array(CommandLine.arguments.dropFirst()))
    let start = ContinuousClock.now
    var results: [ToyResult] = []
    for data in ToyData.allCases { results.append(try ToyResult(data, settings, note: note)) }
    print(ToyTable.markdown(results, seeds: settings.seeds))
    try ToyFigure(results).write(to: settings.figure)
    note("\(settings.figure): \((ContinuousClock.now - start).components.seconds) seconds in all")
  }

  private static func note(_ line: String) { FileHandle.standardError.write(Data((line + "\n").utf8)) }
}

/// What a run is asked for.
struct ToySettings {
  /// The draws of reference points.
  var seeds = 50
  /// The seed of the network's training.
  var network: UInt64 = 0
  var workers = ProcessInfo.processInfo.activeProcessorCount
  var figure = ""

  init(_ arguments: [String]) throws {
    var left = arguments[...]
    let usage = "espalier-toy [--seeds N] [--network SEED] [--workers N] FIGURE.png"
    while let word = left.popFirst() {
      if word.hasPrefix("--") {
        guard let text = left.popFirst(), let number = Int(text), number >= (word == "--network" ? 0 : 1) else {
          throw EspalierError("\(word) takes a number", accepted: usage)
        }
        switch word {
        case "--seeds": seeds = number
        case "--network": network = UInt64(number)
        case "--workers": workers = number
        default: throw EspalierError("there is no option \(word)", accepted: usage)
        }
      } else {
        figure = word
      }
    }
    guard !figure.isEmpty else { throw EspalierError("no file for the figure", accepted: usage) }
  }
}

/// What became of one network.
struct ToyResult {
  /// The accuracies, in percent, after pruning by a criterion with n reference points, one a seed.
  struct Cell {
    var criterion: ToyCriterion
    var references: Int
    var accuracies: [Double]

    var mean: Double { accuracies.reduce(0, +) / Double(max(accuracies.count, 1)) }
    var deviation: Double {
      let mean = mean
      let squares = accuracies.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
      return (squares / Double(max(accuracies.count, 1))).squareRoot()
    }
  }

  var data: ToyData
  /// The accuracy before, in percent.
  var before: Double
  var cells: [Cell] = []

  /// Trains a network and prunes it in every way.
  ///
  /// - Throws: `EspalierError` if the engine cannot, or a proof fails.
  init(_ data: ToyData, _ settings: ToySettings, note: (String) -> Void) throws {
    self.data = data
    let clock = ContinuousClock.now
    let graph = try ToyNetwork.trained(data, seed: settings.network, workers: settings.workers, progress: { _ in })
    let points = data.points(data.trained, seed: settings.network)
    let scheduler = BlockScheduler(width: settings.workers, prologue: useOneThreadHere)
    func accuracy(_ graph: Graph) throws -> Double {
      try 100 * Evaluation.run(graph, output: graph.outputs[0], on: points, shard: 250, scheduler: scheduler).top1
    }
    before = try accuracy(graph)
    note(
      String(
        format: "%@: trained in %d s, %.2f %%", data.rawValue, (ContinuousClock.now - clock).components.seconds, before))
    let map = try ChannelMap(graph)
    let groups = try ChannelGroups(map)
    let selection = Selection(Budget(.filters, 2.0 / 3), floor: 0)
    for criterion in ToyCriterion.allCases {
      for references in data.references {
        if criterion == .weight, let first = cells.first(where: { $0.criterion == .weight }) {
          // Weights know no reference points.
          cells.append(Cell(criterion: criterion, references: references, accuracies: first.accuracies))
          continue
        }
        var accuracies: [Double] = []
        for seed in 1...(criterion == .weight ? 1 : settings.seeds) {
          let scores = try criterion.scores(graph, groups, data.points(references, seed: UInt64(seed)))
          let removed = try selection.choose(in: groups, by: scores)
          // The proof is made once a cell; surgery is the same for every seed.
          let pruned = seed == 1 ? try Pruner.remove(removed, of: map).graph : try map.graph(without: removed)
          accuracies.append(try accuracy(pruned))
        }
        let cell = Cell(criterion: criterion, references: references, accuracies: accuracies)
        note(
          String(format: "%@, n = %d, %@: %.2f ± %.2f", data.rawValue, references, criterion.rawValue, cell.mean, cell.deviation))
        cells.append(cell)
      }
    }
  }

  /// The cell of a criterion and a number of reference points.
  func cell(_ criterion: ToyCriterion, _ references: Int) -> Cell? {
    cells.first { $0.criterion == criterion && $0.references == references }
  }
}
