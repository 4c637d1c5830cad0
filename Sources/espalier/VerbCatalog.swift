import ArgumentParser

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
    FigureCommand.self,
  ]
}
