import Foundation

/// The built tool, run as a person would.
enum Tool {
  /// What a run came to.
  struct Outcome {
    /// The exit status; a signal's number if one ended it.
    var status: Int32
    /// What it printed as results.
    var output: String
    /// What it said.
    var talk: String

    /// Whether it failed with one line that speaks of a text.
    func failed(mentioning text: String, status expected: Int32 = 1) -> Bool {
      status == expected && output.isEmpty && talk.hasPrefix("espalier: error: ") && talk.contains(text)
        && talk.filter(\.isNewline).count == 1
    }
  }

  /// The tool: the one that `ESPALIER_TOOL` names, so that another version can be put to the same tests, or the one beside the
  /// tests' own executable.
  static let url =
    ProcessInfo.processInfo.environment["ESPALIER_TOOL"].map { URL(fileURLWithPath: $0) }
    ?? URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().appendingPathComponent("espalier")

  /// A run that is under way.
  static func start(
    _ arguments: [String], in folder: URL, output: Any = FileHandle.nullDevice, talk: Any = FileHandle.nullDevice,
    environment: [String: String] = [:]
  ) throws -> Process {
    let process = Process()
    process.executableURL = url
    process.arguments = arguments
    process.currentDirectoryURL = folder
    // Help is broken into lines of this width wherever the tests run.
    process.environment = ProcessInfo.processInfo.environment.merging(["COLUMNS": "80"]) { $1 }.merging(environment) { $1 }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = output
    process.standardError = talk
    try process.run()
    return process
  }

  /// Runs to the end.
  static func run(_ arguments: String..., in folder: URL) throws -> Outcome { try run(arguments, in: folder) }

  /// Runs to the end.
  static func run(_ arguments: [String], in folder: URL) throws -> Outcome {
    // Files rather than pipes: a full pipe would stop the tool.
    let name = UUID().uuidString
    let files = ["out", "err"].map { folder.appendingPathComponent("\(name).\($0)") }
    for file in files { try Data().write(to: file) }
    let process = try start(
      arguments, in: folder, output: FileHandle(forWritingTo: files[0]), talk: FileHandle(forWritingTo: files[1]))
    process.waitUntilExit()
    defer { for file in files { try? FileManager.default.removeItem(at: file) } }
    return Outcome(
      status: process.terminationStatus, output: try String(contentsOf: files[0], encoding: .utf8),
      talk: try String(contentsOf: files[1], encoding: .utf8))
  }
}
