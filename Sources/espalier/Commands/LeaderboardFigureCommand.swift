import ArgumentParser
import Experiments
import Tensors

/// `espalier figure leaderboard`.
struct LeaderboardFigureCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "leaderboard", abstract: "Draw criteria of pruning in the order of their mean rank.",
    discussion: """
      A row a criterion, a column a budget, in colours of ranks with accuracies inside; the last column is the mean rank. Every criterion \
      must have a report at every budget.

        espalier figure leaderboard l1-50.json l1-25.json lrp-50.json lrp-25.json --out leaderboard.pdf
      """)

  @Argument(help: "What `espalier prune --json` printed.", completion: .file(extensions: ["json"]))
  var files: [String]

  @Option(help: ArgumentHelp("The title.", valueName: "text"))
  var title: String?

  @OptionGroup var output: FigureOptions

  func run() throws {
    try LeaderboardRun(title: title).write(files, to: output.output())
    output.say("\(output.out): \(files.count.of("report"))")
  }
}
