import Foundation
import Synchronization

#if canImport(Glibc)
  import Glibc
#endif

/// One run of the tool under watch: its status, how long it took, the most memory it held.
public struct ToolProcess: Sendable {
  /// The exit status; nil if a signal ended it.
  public var status: Int32?
  /// The signal that ended it; nil if it ended by itself.
  public var signal: Int32?
  /// Whether it was ended because its time was over.
  public var timedOut: Bool
  /// The most memory that was resident, in bytes.
  public var peak: Int
  /// What it wrote to standard error.
  public var talk: String

  /// Runs to the end, or to the end of the time given.
  ///
  /// - Parameters:
  ///   - folder: the working folder; standard error is kept there.
  ///   - seconds: the time that it has.
  ///   - signal: what ends it then.
  /// - Throws: an error if it cannot be started.
  public static func run(
    _ tool: String, _ arguments: [String], in folder: URL, seconds: Double, signal: Int32 = SIGKILL
  ) throws -> ToolProcess {
    let talk = folder.appendingPathComponent(".talk").path
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 2, talk, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    // `env` changes the folder and becomes the tool; back traces of a trap would take half a second each.
    let words = ["/usr/bin/env", "--chdir=\(folder.path)", "SWIFT_BACKTRACE=enable=no", tool] + arguments
    var argv = words.map { strdup($0) } + [nil]
    defer { for word in argv { free(word) } }
    var identifier = pid_t()
    let code = posix_spawn(&identifier, words[0], &actions, nil, &argv, environ)
    guard code == 0 else { throw POSIXError(POSIXErrorCode(rawValue: code) ?? .EIO) }

    let end = ContinuousClock.now + .seconds(seconds)
    var (status, usage, timedOut, watched) = (Int32(0), rusage(), false, 0)
    while wait4(identifier, &status, timedOut ? 0 : WNOHANG, &usage) == 0 {
      if ContinuousClock.now > end {
        timedOut = true
        kill(identifier, signal)
      } else {
        watched = max(watched, residentPeak(of: identifier))
        usleep(3000)
      }
    }
    // A process is counted with the memory of the one that started it, which may be larger than its own.
    var own = rusage()
    getrusage(0, &own)  // RUSAGE_SELF, whose type differs between systems
    let peak = usage.ru_maxrss > own.ru_maxrss ? usage.ru_maxrss * 1024 : watched
    let ending = status & 0x7F
    return ToolProcess(
      status: ending == 0 ? status >> 8 & 0xFF : nil, signal: ending == 0 ? nil : ending, timedOut: timedOut,
      peak: peak,
      talk: String(decoding: (try? Data(contentsOf: URL(fileURLWithPath: talk))) ?? Data(), as: UTF8.self))
  }

  /// The most memory that a running process has had resident since it became what it is, in bytes; 0 if that cannot be told.
  private static func residentPeak(of process: pid_t) -> Int {
    guard let text = try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8),
      let line = text.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") })
    else { return 0 }
    return (line.split(whereSeparator: \.isWhitespace).compactMap { Int($0) }.first ?? 0) * 1024
  }
}
