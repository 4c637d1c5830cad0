import ArgumentParser
import Experiments
import Foundation

/// How a verb that computes for long does it.
struct WorkerOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Workers that compute at the same time (default: one a core). Results do not depend on it.", valueName: "n"))
  var workers: Int?

  @Flag(help: "Say nothing while at work.")
  var quiet = false

  func validate() throws {
    if let workers, !(1...1024 ~= workers) { throw ValidationError("--workers is 1 to 1024, not \(workers)") }
  }

  /// Runs `body` with a context that draws progress and heeds Ctrl-C.
  func run<Result>(_ body: (RunContext) throws -> Result) throws -> Result {
    Interrupt.listen()
    let bar = ProgressBar()
    defer { bar.finish() }
    let isQuiet = quiet
    return try body(
      RunContext(
        workers: workers ?? ProcessInfo.processInfo.activeProcessorCount, cancellation: Interrupt.cancellation,
        note: { if !isQuiet { bar.note($0) } }, progress: { if !isQuiet { bar.show($0) } }))
  }
}

/// How a verb passes over pictures.
struct RunOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Pictures that a worker takes at a time.", valueName: "n"))
  var batch = 32

  @OptionGroup var workers: WorkerOptions

  func validate() throws {
    guard 1...4096 ~= batch else { throw ValidationError("--batch is 1 to 4096, not \(batch)") }
  }

  /// Runs `body` with a context that draws progress and heeds Ctrl-C.
  func run<Result>(_ body: (RunContext) throws -> Result) throws -> Result { try workers.run(body) }
}
