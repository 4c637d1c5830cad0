import Foundation
import TestSupport
import Testing

/// Streams that cannot be written, closed, or read by nobody.
@Suite struct StreamTests {
  /// The exit status of the tool, started by a shell with its streams redirected.
  private func status(_ arguments: String, _ redirection: String, in folder: URL) throws -> Int32 {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/bash")
    process.arguments = ["-c", "\"$TOOL\" \(arguments) \(redirection)"]
    process.currentDirectoryURL = folder
    process.environment = ProcessInfo.processInfo.environment.merging(["TOOL": Tool.url.path]) { $1 }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    return process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus
  }

  /// Talk that nobody hears never ends a run.
  @Test(arguments: ["2>/dev/full", "2>&-", "2> >(exec true)", "2</dev/null"]) func talk(redirection: String) throws {
    try Sample.withModelAndImages { folder in
      #expect(try status("inspect none.onnx", redirection, in: folder) == 1)
      #expect(try status("inspect", redirection, in: folder) == 64)
      let train = "train lenet --classes 10 --data hdf5:images.h5 --epochs 2 --batch 10 --out"
      #expect(try status("\(train) trained.onnx", redirection, in: folder) == 0)
      #expect(try status("\(train) alone.onnx", "", in: folder) == 0)
      let files = try ["trained.onnx", "alone.onnx"].map { try Data(contentsOf: folder.appendingPathComponent($0)) }
      #expect(files[0] == files[1])
    }
  }

  /// A result that cannot be printed is a failure, help and version too.
  @Test(arguments: [">/dev/full", ">&-", ">&- 2>&-", "</dev/null >&0"]) func results(redirection: String) throws {
    try Sample.withModelAndImages { folder in
      for arguments in ["--help", "help train", "--version", "train --help", "inspect lenet.onnx", "inspect lenet.onnx --json"] {
        let (redirected, plain) = (try status(arguments, redirection, in: folder), try status(arguments, "", in: folder))
        #expect(redirected == 1 && plain == 0, "\(arguments)")
      }
    }
  }

  /// A reader that goes away is no signal.
  @Test func pipe() throws {
    try Sample.withModelAndImages { folder in
      let gone = try status("inspect lenet.onnx", "> >(exec true); exit $?", in: folder)
      #expect(gone != -SIGPIPE)
      #expect(try status("inspect lenet.onnx", "| (exec <&-; sleep 0.2); exit ${PIPESTATUS[0]}", in: folder) == 1)
    }
  }
}
