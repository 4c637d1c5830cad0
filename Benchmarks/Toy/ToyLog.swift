/// The log of one network, line by line as the authors' program writes it:
/// `dataset:mult-criterion:lrp-n:80-s:3-scenario:train-stage:post 91.2`.
enum ToyLog {
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
