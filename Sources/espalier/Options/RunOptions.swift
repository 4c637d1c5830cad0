import ArgumentParser
import Experiments
import Foundation
import Tensors

/// How a verb that computes for long does it.
struct WorkerOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Workers that compute at the same time (default: one a core). Results do not depend on it.", valueName: "n"))
  var workers: Int?

  @OptionGroup var talk: TalkOptions

  func validate() throws {
    if let workers, !(1...1024 ~= workers) { throw ValidationError("--workers is 1 to 1024, not \(workers)") }
  }

  /// Runs `body` with a context that draws progress and heeds Ctrl-C.
  func run<Result>(_ body: (RunContext) throws -> Result) throws -> Result {
    Interrupt.listen()
    let bar = ProgressBar()
    defer { bar.finish() }
    let (isQuiet, isVerbose) = (talk.quiet, talk.verbose)
    let workers = workers ?? ProcessInfo.processInfo.activeProcessorCount
    let clock = PhaseClock { if isVerbose { bar.note($0) } }
    if isVerbose {
      bar.note("espalier \(Release.version), \(Release.libraries.map(\.description).joined(separator: ", "))")
      bar.note("\(workers.of("worker")) on \(ProcessInfo.processInfo.activeProcessorCount.of("core"))")
    }
    let result = try body(
      RunContext(
        workers: workers, cancellation: Interrupt.cancellation,
        note: { if !isQuiet { bar.note($0) } },
        progress: {
          clock.see($0)
          if !isQuiet { bar.show($0) }
        }, detail: { if isVerbose { bar.note($0) } }))
    bar.finish()
    clock.finish()
    return result
  }

  /// Prints a line of talk, unless none is wanted.
  func say(_ text: String) { talk.say(text) }
}

/// How a verb passes over images.
struct RunOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Images that a worker takes at a time.", valueName: "n"))
  var batch = 32

  @OptionGroup var workers: WorkerOptions

  func validate() throws {
    guard 1...4096 ~= batch else { throw ValidationError("--batch is 1 to 4096, not \(batch)") }
  }

  /// Runs `body` with a context that draws progress and heeds Ctrl-C.
  func run<Result>(_ body: (RunContext) throws -> Result) throws -> Result { try workers.run(body) }

  /// Prints a line of talk, unless none is wanted.
  func say(_ text: String) { workers.say(text) }
}
