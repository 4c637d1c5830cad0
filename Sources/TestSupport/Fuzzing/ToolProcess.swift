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
    var (status, usage, timedOut) = (Int32(0), rusage(), false)
    while wait4(identifier, &status, timedOut ? 0 : WNOHANG, &usage) == 0 {
      if ContinuousClock.now > end {
        timedOut = true
        kill(identifier, signal)
      } else {
        usleep(3000)
      }
    }
    let ending = status & 0x7F
    return ToolProcess(
      status: ending == 0 ? status >> 8 & 0xFF : nil, signal: ending == 0 ? nil : ending, timedOut: timedOut,
      peak: usage.ru_maxrss * 1024,
      talk: String(decoding: (try? Data(contentsOf: URL(fileURLWithPath: talk))) ?? Data(), as: UTF8.self))
  }
}
