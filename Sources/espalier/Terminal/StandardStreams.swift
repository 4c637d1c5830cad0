import Foundation
import Tensors

/// The streams that a program is started with.
enum StandardStreams {
  /// Sees to it that writing to them can fail but not end the run, and that no file that is opened takes the place of one that is
  /// closed.
  static func prepare() {
    // A reader that goes away is an error of the write, not the end of hours of work.
    signal(SIGPIPE, SIG_IGN)
    for (descriptor, mode) in [(STDIN_FILENO, O_RDONLY), (STDOUT_FILENO, O_RDONLY), (STDERR_FILENO, O_WRONLY)] {
      // Open for reading alone, closed standard output still refuses what is written.
      if fcntl(descriptor, F_GETFD) < 0 { _ = open("/dev/null", mode) }
    }
  }

  /// Writes all of a text.
  ///
  /// - Returns: whether that went well.
  static func write(_ text: String, to descriptor: Int32) -> Bool {
    var text = text
    return text.withUTF8 { bytes in
      var rest = bytes[...]
      while !rest.isEmpty {
        let count = Foundation.write(descriptor, UnsafeBufferPointer(rebasing: rest).baseAddress, rest.count)
        if count > 0 {
          rest = rest.dropFirst(count)
        } else if count < 0, errno == EAGAIN {
          var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
          poll(&waiting, 1, 1000)
          if waiting.revents & Int16(POLLOUT) == 0 { return false }
        } else if count == 0 || errno != EINTR {
          return false
        }
      }
      return true
    }
  }
}

/// Where talk goes.
enum StandardError {
  /// Whether a person watches.
  static let isTerminal = isatty(STDERR_FILENO) == 1

  /// Prints one line.
  static func line(_ text: String) { write(text + "\n") }

  /// Prints text as it is; where that cannot be, nobody hears it and the run goes on.
  static func write(_ text: String) { _ = StandardStreams.write(text, to: STDERR_FILENO) }
}

/// Where results go.
enum StandardOutput {
  /// Prints a result.
  ///
  /// - Throws: `EspalierError` if it cannot be written, to a full disk for example.
  static func line(_ text: String) throws {
    guard StandardStreams.write(text + "\n", to: STDOUT_FILENO) else {
      throw EspalierError("cannot be written", location: "standard output", accepted: "a disk with room")
    }
  }

  /// Prints a result as JSON, with the keys in order.
  ///
  /// - Throws: `EspalierError` if it cannot be written; an error of the encoder for numbers that JSON does not know.
  static func json(_ value: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    try line(String(decoding: encoder.encode(value), as: UTF8.self))
  }
}
