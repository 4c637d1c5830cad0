import ArgumentParser
import Experiments
import Tensors

/// `espalier figure budgets`.
struct BudgetsFigureCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "budgets", abstract: "Draw accuracy by criterion and budget.",
    discussion: """
      A row a criterion, a column a budget; the best of a column is framed.

        espalier figure budgets l1-50.json l1-25.json lrp-50.json lrp-25.json --out budgets.pdf
      """)

  @Argument(help: "What `espalier prune --json` printed.", completion: .file(extensions: ["json"]))
  var files: [String]

  @Option(help: ArgumentHelp("The title.", valueName: "text"))
  var title: String?

  @OptionGroup var output: FigureOptions

  func run() throws {
    try BudgetsRun(title: title).write(files, to: output.output())
    output.say("\(output.out): \(files.count.of("report"))")
  }
}
