import Engine
import Experiments
import Foundation
import Networks
import ONNX
import Pruning
import Scheduling
import Tensors
import Training

/// The toy experiment of Yeom et al., "Pruning by explaining", Pattern Recognition 2021, section 4.1, from data to table and
/// figure: `espalier-toy [--seeds N] [--networks N] [--workers N] [--data NAME] FOLDER`.
///
/// A network that was trained on points in the plane loses 1000 of its 3000 hidden units at once, without tuning, by four
/// criteria; those that need data see n reference points, drawn anew for every seed as the authors drew them. The table tells the
/// share of the trained points that it still gets right. The authors trained one network a data set; here are several, since what
/// is left of a network after pruning hangs on its training too. Networks that lie in the folder (`mult-0.onnx`) are taken from
/// there, the others are trained and left there, with a log of the run in the authors' form for each (`log-0.txt`), the authors'
/// means (`published.txt`) and the figure (`toy.png`), which `espalier figure references` draws of such logs too. `Benchmarks/toy-authors` runs the authors' own program on the same networks.
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
    try FileManager.default.createDirectory(atPath: settings.folder, withIntermediateDirectories: true)
    var results: [ToyResult] = []
    for data in settings.data { results.append(try ToyResult(data, settings, note: note)) }
    print(ToyTable.markdown(results, seeds: settings.seeds))
    for network in 0..<settings.networks {
      let log = ToyLog.text(results, network: network)
      try Data(log.utf8).write(to: URL(fileURLWithPath: settings.folder + "/log-\(network).txt"), options: .atomic)
    }
    let published = settings.folder + "/published.txt"
    try Data(ToyLog.published.utf8).write(to: URL(fileURLWithPath: published), options: .atomic)
    let logs = (0..<settings.networks).map { settings.folder + "/log-\($0).txt" }
    let figure = settings.folder + "/toy.png"
    try ReferencesRun().write(logs, published: published, to: FigureOutput(figure))
    note("\(figure): \((ContinuousClock.now - start).components.seconds) seconds in all")
  }

  private static func note(_ line: String) { FileHandle.standardError.write(Data((line + "\n").utf8)) }
}

/// What a run is asked for.
struct ToySettings {
  /// The draws of reference points.
  var seeds = 50
  /// The networks that are trained a data set, each from a seed of its own.
  var networks = 3
  var workers = ProcessInfo.processInfo.activeProcessorCount
  /// Of all data sets, or one.
  var data = ToyData.allCases
  /// Where networks, logs and the figure lie.
  var folder = ""

  init(_ arguments: [String]) throws {
    var left = arguments[...]
    let usage = "espalier-toy [--seeds N] [--networks N] [--workers N] [--data NAME] FOLDER"
    while let word = left.popFirst() {
      if word == "--data" {
        guard let name = left.popFirst(), let one = ToyData(rawValue: name) else {
          throw EspalierError("--data takes one of \(ToyData.allCases.map(\.rawValue).joined(separator: ", "))", accepted: usage)
        }
        data = [one]
      } else if word.hasPrefix("--") {
        guard let text = left.popFirst(), let number = Int(text), number >= 1 else {
          throw EspalierError("\(word) takes a number", accepted: usage)
        }
        switch word {
        case "--seeds": seeds = number
        case "--networks": networks = number
        case "--workers": workers = number
        default: throw EspalierError("there is no option \(word)", accepted: usage)
        }
      } else {
        folder = word
      }
    }
    guard !folder.isEmpty else { throw EspalierError("no folder for what it makes", accepted: usage) }
  }

  /// Where a network of a data set lies.
  func network(_ data: ToyData, _ index: Int) -> String { "\(folder)/\(data.rawValue)-\(index).onnx" }
}

/// What became of the networks of one data set.
struct ToyResult {
  /// The accuracies, in percent, after pruning by a criterion with n reference points.
  struct Cell {
    var criterion: ToyCriterion
    var references: Int
    /// By network, then by seed.
    var accuracies: [[Double]]

    /// The mean of every network.
    var means: [Double] { accuracies.map(ToyResult.mean) }
    /// The mean over networks and seeds.
    var mean: Double { ToyResult.mean(means) }
    /// The deviation over seeds, on average over networks.
    var deviation: Double {
      ToyResult.mean(
        accuracies.map { draws in
          let mean = ToyResult.mean(draws)
          return ToyResult.mean(draws.map { ($0 - mean) * ($0 - mean) }).squareRoot()
        })
    }
  }

  var data: ToyData
  /// The accuracy of every network before, in percent.
  var before: [Double] = []
  var cells: [Cell] = []

  /// Trains the networks and prunes each in every way.
  ///
  /// - Throws: `EspalierError` if the engine cannot, or a proof fails.
  init(_ data: ToyData, _ settings: ToySettings, note: (String) -> Void) throws {
    self.data = data
    for criterion in ToyCriterion.allCases {
      cells += data.references.map { Cell(criterion: criterion, references: $0, accuracies: []) }
    }
    for network in 0..<settings.networks {
      let clock = ContinuousClock.now
      let points = data.points(data.trained, seed: 0)
      let file = settings.network(data, network)
      let isKept = FileManager.default.fileExists(atPath: file)
      let graph: Graph
      if isKept {
        graph = try Graph(onnx: file)
      } else {
        graph = try ToyNetwork.trained(data, on: points, seed: UInt64(network), workers: settings.workers)
        try graph.writeONNX(to: file)
      }
      let scheduler = BlockScheduler(width: settings.workers, prologue: useOneThreadHere)
      func accuracy(_ graph: Graph) throws -> Double {
        try 100 * Evaluation.run(graph, output: graph.outputs[0], on: points, shard: 250, scheduler: scheduler).top1
      }
      before.append(try accuracy(graph))
      let seconds = (ContinuousClock.now - clock).components.seconds
      note(String(format: "%@: %@, %d s, %.2f %%", file, isKept ? "found" : "trained", seconds, before[network]))
      let map = try ChannelMap(graph)
      let groups = try ChannelGroups(map)
      let selection = Selection(Budget(.filters, 2.0 / 3), floor: 0)
      for position in cells.indices {
        let (criterion, references) = (cells[position].criterion, cells[position].references)
        if criterion == .weight, references != data.references[0] {
          // Weights know no reference points.
          cells[position].accuracies.append(cells[0].accuracies[network])
          continue
        }
        let accuracies = try (0..<(criterion == .weight ? 1 : settings.seeds)).map { seed in
          let scores = try criterion.scores(graph, groups, data.points(references, seed: UInt32(seed)))
          let removed = try selection.choose(in: groups, by: scores)
          // The proof is made once a cell; surgery is the same for every seed.
          let pruned = seed == 0 ? try Pruner.remove(removed, of: map).graph : try map.graph(without: removed)
          return try accuracy(pruned)
        }
        cells[position].accuracies.append(accuracies)
        note(
          String(
            format: "%@, network %d, n = %d, %@: %.2f", data.rawValue, network, references, criterion.rawValue,
            ToyResult.mean(accuracies)))
      }
    }
  }

  /// The cell of a criterion and a number of reference points.
  func cell(_ criterion: ToyCriterion, _ references: Int) -> Cell? {
    cells.first { $0.criterion == criterion && $0.references == references }
  }

  static func mean(_ numbers: [Double]) -> Double { numbers.reduce(0, +) / Double(max(numbers.count, 1)) }
}
