import ArgumentParser

/// How many filters with their images a figure shows, and how they stand.
struct FilterGridOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The most filters.", valueName: "n"))
  var limit = 12

  @Option(help: ArgumentHelp("The most images of each.", valueName: "n"))
  var images = 6

  @Option(help: ArgumentHelp("How many filters stand side by side.", valueName: "n"))
  var columns = 2

  func validate() throws {
    guard 1...10_000 ~= limit else { throw ValidationError("--limit is 1 to 10000, not \(limit)") }
    guard 1...100 ~= images else { throw ValidationError("--images is 1 to 100, not \(images)") }
    guard 1...100 ~= columns else { throw ValidationError("--columns is 1 to 100, not \(columns)") }
  }
}
