import ArgumentParser

/// `espalier figure`: each kind is a command of its own.
struct FigureCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "figure", abstract: "Draw a figure for a paper from stored results.",
    subcommands: [
      HeatmapCommand.self, MontageCommand.self, UnitsCommand.self, FiltersCommand.self, PruningFigureCommand.self,
      GroupsFigureCommand.self, SensitivityFigureCommand.self, TradeoffFigureCommand.self, BudgetsFigureCommand.self,
      FlippingFigureCommand.self, TrainingFigureCommand.self, ScatterFigureCommand.self, DistributionsFigureCommand.self,
      ConfusionFigureCommand.self, ClassesFigureCommand.self, GalleryFigureCommand.self, DriftFigureCommand.self,
      ConceptsFigureCommand.self, ReferencesFigureCommand.self, LeaderboardFigureCommand.self,
    ])
}
