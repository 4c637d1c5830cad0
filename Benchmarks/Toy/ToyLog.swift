/// The log of one network, line by line as the authors' program writes it:
/// `dataset:mult-criterion:lrp-n:80-s:3-scenario:train-stage:post 91.2`.
enum ToyLog {
  /// The means of the authors' published log, a line a cell.
  static var published: String {
    let lines = ToyData.allCases.flatMap { data -> [String] in
      let cells = (ToyTable.published[data]?.cells ?? [:]).sorted { $0.key < $1.key }
      return cells.flatMap { count, means in
        zip(ToyCriterion.allCases, means).map { criterion, mean in
          "dataset:\(data.rawValue)-criterion:\(criterion.nameInLogs)-n:\(count)-s:0-scenario:train-stage:post \(mean)"
        }
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// The accuracies, in percent, of the network with this number after every pruning.
  static func text(_ results: [ToyResult], network: Int) -> String {
    var lines: [String] = []
    for result in results {
      for cell in result.cells {
        let head = "dataset:\(result.data.rawValue)-criterion:\(cell.criterion.nameInLogs)-n:\(cell.references)"
        for (seed, accuracy) in cell.accuracies[network].enumerated() {
          lines.append("\(head)-s:\(seed)-scenario:train-stage:post \(accuracy)")
        }
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }
}
