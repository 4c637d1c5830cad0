import ArgumentParser
import Tensors

/// Every verb; each lives in a file of its own in `Commands/` and has a line here.
enum VerbCatalog {
  /// The verbs, in the order in which they are listed to people.
  static let all: [any ParsableCommand.Type] = [
    NewCommand.self,
    InspectCommand.self,
    TrainCommand.self,
    TuneCommand.self,
    EvaluateCommand.self,
    RelevanceCommand.self,
    JoinCommand.self,
    MeasureCommand.self,
    StatsCommand.self,
    DissectCommand.self,
    ScoreCommand.self,
    SensitivityCommand.self,
    PruneCommand.self,
    CompressCommand.self,
    StudyCommand.self,
    FigureCommand.self,
    TableCommand.self,
    CatalogueCommand.self,
  ]

  /// The words at the start of a command line that lead to a command.
  static func path(of arguments: [String]) -> [String] { Array(arguments.prefix(command(arguments).depth)) }

  /// Refuses a verb, or a kind of figure, that there is not, with the nearest that there is.
  ///
  /// - Throws: `ValidationError`.
  static func check(_ arguments: [String]) throws {
    let words = arguments.first == "help" ? Array(arguments.dropFirst()) : arguments
    let (commands, depth) = command(words)
    guard !commands.isEmpty, depth < words.count, !words[depth].hasPrefix("-"), !words[depth].isEmpty else { return }
    let (word, names) = (words[depth], commands.map { $0._commandName })
    if depth == 0, word == "help" || (arguments.first == "help" && TopicCatalog.names.contains(word)) { return }
    var problem = "there is no \(depth == 0 ? "verb" : "kind of figure") '\(word)'"
    if depth == 0, FigureCommand.kinds.contains(word) {
      problem += "; did you mean 'figure \(word)'?"
    } else {
      problem += EspalierError.suggestion(
        for: word, among: names + (arguments.first == "help" && depth == 0 ? TopicCatalog.names : []))
    }
    throw ValidationError("\(problem) (accepted: \(EspalierError.list(names)))")
  }

  /// The commands that may follow the words that lead to a command, and the number of these words.
  private static func command(_ arguments: [String]) -> (below: [any ParsableCommand.Type], depth: Int) {
    var (below, depth) = (all, 0)
    while depth < arguments.count, let next = below.first(where: { $0._commandName == arguments[depth] }) {
      below = next.configuration.subcommands
      depth += 1
    }
    return (below, depth)
  }
}

extension FigureCommand {
  /// The names of the kinds of figures.
  static var kinds: [String] { configuration.subcommands.map { $0._commandName } }
}
