import ArgumentParser
import Experiments
import Files
import Tensors

/// `espalier table`.
struct TableCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "table", abstract: "Write a table for a paper from stored results.",
    discussion: """
      Kinds: measure, evaluate, prune and leaderboard (criteria by their mean rank, from reports of prune) take what these verbs print with --json, several files for more rows; inspect takes a \
      network or the JSON of inspect; correlations (of the ranks that criteria give filters) takes a file of score. Numbers are rounded to their standard error. Bold is the best of a column, and what Welch's t \
      test does not tell from it. LaTeX wants the packages booktabs, threeparttable and siunitx (version 3).

        espalier measure vgg.onnx --data fashion-mnist:test --limit 100 --json > measures.json
        espalier table measure measures.json --format latex --out measures.tex
        espalier table inspect vgg.onnx --format markdown
        espalier table correlations scores.h5
      """)

  @Argument(help: "What is shown: measure, inspect, evaluate, prune, leaderboard or correlations.")
  var kind: TableRun.Kind

  @Argument(help: "Files of results.", completion: .file(extensions: ["json", "onnx", "h5"]))
  var files: [String]

  @Option(help: "How it is written: latex, markdown, csv or json.")
  var format = TableFormat.markdown

  @Option(help: ArgumentHelp("The caption (default: what it shows).", valueName: "text"))
  var caption: String?

  @Option(help: ArgumentHelp("In LaTeX, what it is referred to by, such as tab:pruning.", valueName: "label"))
  var label: String?

  @Flag(help: "In LaTeX, set it over both columns of a page.")
  var wide = false

  @Option(
    help: ArgumentHelp("The file to write (default: standard output).", valueName: "file"),
    completion: .file(extensions: ["tex", "md", "csv", "json"]))
  var out: String?

  @OptionGroup var talk: TalkOptions

  func validate() throws {
    if let label, label.isEmpty || !label.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || ":.-_/+".contains($0)) }) {
      throw ValidationError("--label is letters, digits and : . - _ / + , not '\(label)'")
    }
    if format != .latex, label != nil || wide { throw ValidationError("--label and --wide are for --format latex") }
  }

  func run() throws {
    if let out { try OutputPath.prepare(out, notReplacing: files) }
    let text = try TableRun(kind, caption: caption, label: label, isWide: wide).text(files, as: format, command: CommandText.text)
    guard let out else { return try StandardOutput.line(text) }
    try naming(file: out) { try AtomicFile.write(Array((text + "\n").utf8), to: out) }
    talk.say("\(out): a table of \(files.count.of("file"))")
  }
}

extension TableRun.Kind: ExpressibleByArgument {}
extension TableFormat: ExpressibleByArgument {}
