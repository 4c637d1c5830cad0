import ArgumentParser

@main
struct Espalier: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "espalier", abstract: "Interpretability-driven pruning of convolutional networks.", version: "0.1.0")
}
