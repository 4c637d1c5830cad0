import ArgumentParser
import Datasets

/// How filters are compared with concepts.
struct ConceptOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("The share of a filter's activations above its threshold.", valueName: "q"))
  var quantile = 0.005

  @Option(
    help: ArgumentHelp("The share of a layer's filters that get a vote on each image and concept.", valueName: "share"))
  var voteShare = 0.1

  func validate() throws {
    guard quantile > 0, quantile < 1 else { throw ValidationError("--quantile lies between 0 and 1, not \(quantile)") }
    guard voteShare > 0, voteShare <= 1 else { throw ValidationError("--vote-share is above 0 and at most 1, not \(voteShare)") }
  }
}
