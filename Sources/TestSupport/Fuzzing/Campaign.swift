import Foundation
import Synchronization

/// Many hostile files given to the tool, each of whose runs must end by itself, soon, within bounds of memory, and with one line
/// if it fails.
public struct Campaign: Sendable {
  /// The tool.
  public var tool: String
  /// A folder with what the commands need beside the hostile file; it is copied for each worker.
  public var scene: URL
  /// The kinds of files.
  public var kinds: [HostileKind]
  /// The seconds that a run has.
  public var seconds = 20.0
  /// The memory that a run may hold, in bytes.
  public var memory = 2 << 30
  /// Where hostile files that were not answered well are kept; nil to keep none.
  public var keep: URL?

  /// Makes a campaign.
  public init(tool: String, scene: URL, kinds: [HostileKind]) {
    (self.tool, self.scene, self.kinds) = (tool, scene, kinds)
  }

  /// What went wrong with one file.
  public struct Fault: Sendable, CustomStringConvertible {
    /// The kind of file.
    public var kind: String
    /// The number of its hostile version.
    public var number: Int
    /// The arguments of the tool.
    public var command: [String]
    /// What is wrong.
    public var reason: String

    public var description: String { "\(kind) \(number): \(reason): espalier \(command.joined(separator: " "))" }
  }

  /// Runs the files of given numbers, as many at a time as there are workers.
  ///
  /// A number decides kind, mutator, damage and command, so that any can be run again alone.
  ///
  /// - Parameter report: told each number that is done, and its fault if it has one; from any thread, one at a time.
  /// - Returns: the faults, by number.
  /// - Throws: an error if folders cannot be made or the tool does not start.
  public func run(_ numbers: Range<Int>, workers: Int, report: @Sendable (Int, Fault?) -> Void = { _, _ in }) throws -> [Fault] {
    let state = Mutex((next: numbers.lowerBound, faults: [Fault](), error: (any Error)?.none))
    DispatchQueue.concurrentPerform(iterations: workers) { _ in
      do {
        try withTemporaryFolder { folder in
          while let number = state.withLock({ state -> Int? in
            guard state.next < numbers.upperBound, state.error == nil else { return nil }
            defer { state.next += 1 }
            return state.next
          }) {
            let fault = try check(number, in: folder)
            state.withLock { state in
              if let fault { state.faults.append(fault) }
              report(number, fault)
            }
          }
        }
      } catch { state.withLock { $0.error = error } }
    }
    let (faults, error) = state.withLock { ($0.faults, $0.error) }
    if let error { throw error }
    return faults.sorted { $0.number < $1.number }
  }

  private func check(_ number: Int, in folder: URL) throws -> Fault? {
    let kind = kinds[number % kinds.count]
    let round = number / kinds.count
    let command = kind.commands[round % kind.commands.count]
    let mutator = kind.mutators[round / kind.commands.count % kind.mutators.count]
    let bytes = mutator(round)
    let (file, outcome) = try run(command, over: bytes, of: kind, in: folder)
    guard let reason = wrong(outcome) else { return nil }
    if let keep {
      let folder = keep.appendingPathComponent("\(number)")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      try Data(bytes).write(to: folder.appendingPathComponent(file.lastPathComponent))
      let notes = command.joined(separator: " ") + "\n" + reason + "\n" + outcome.talk.prefix(4000)
      try Data(notes.utf8).write(to: folder.appendingPathComponent("command.txt"))
    }
    return Fault(kind: kind.name, number: number, command: command, reason: reason)
  }

  /// The commands that fail over sound files, with what they said; hostile files would not come far there.
  ///
  /// - Throws: an error if folders cannot be made or the tool does not start.
  public func unsound() throws -> [String] {
    try withTemporaryFolder { folder in
      var failures: [String] = []
      for kind in kinds {
        for command in kind.commands {
          let (_, outcome) = try run(command, over: kind.sound, of: kind, in: folder)
          if outcome.status != 0 { failures.append("espalier \(command.joined(separator: " ")): \(outcome.talk)") }
        }
      }
      return failures
    }
  }

  /// Runs a command in a copy of the scene with given bytes in it.
  private func run(_ command: [String], over bytes: [UInt8], of kind: HostileKind, in folder: URL) throws -> (URL, ToolProcess) {
    let stage = folder.appendingPathComponent("stage")
    try? FileManager.default.removeItem(at: stage)
    try FileManager.default.copyItem(at: scene, to: stage)
    let file = stage.appendingPathComponent(kind.file(bytes))
    try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(bytes).write(to: file)
    return (file, try ToolProcess.run(tool, command, in: stage, seconds: seconds))
  }

  /// What is wrong with a run; nil if nothing is.
  private func wrong(_ outcome: ToolProcess) -> String? {
    if outcome.timedOut { return "ran for over \(seconds) s" }
    if let signal = outcome.signal { return "ended by signal \(signal)" }
    if outcome.peak > memory { return "held \(outcome.peak >> 20) MiB" }
    let lines = outcome.talk.split(whereSeparator: \.isNewline)
    let errors = lines.filter { $0.hasPrefix("espalier: error: ") }
    switch outcome.status {
    case 0: return errors.isEmpty ? nil : "ended with 0 after an error"
    case 1, 64:
      if errors.count != 1 { return "said \(errors.count) lines of error" }
      if let last = lines.last, !last.hasPrefix("espalier: error: ") { return "said more after its error" }
      return (lines.last?.utf8.count ?? 0) > 2000 ? "said a line of \(lines.last?.utf8.count ?? 0) bytes" : nil
    default: return "ended with \(outcome.status ?? 0)"
    }
  }
}
