import ArgumentParser
import Experiments

/// How much a verb says beside its results.
struct TalkOptions: ParsableArguments {
  @Flag(help: "Say nothing but what goes wrong.")
  var quiet = false

  @Flag(help: "Say more: versions of libraries, sizes of plans, the time of each phase.")
  var verbose = false

  func validate() throws {
    if quiet, verbose { throw ValidationError("--quiet and --verbose exclude each other") }
  }

  /// A context without progress, for verbs that are quick.
  var context: RunContext {
    let (isQuiet, isVerbose) = (quiet, verbose)
    return RunContext(
      note: { if !isQuiet { StandardError.line($0) } }, detail: { if isVerbose { StandardError.line($0) } })
  }

  /// Prints a line of talk, unless none is wanted.
  func say(_ text: String) { if !quiet { StandardError.line(text) } }
}
