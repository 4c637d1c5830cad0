import Datasets
import Experiments
import Foundation
import Synchronization
import TestSupport
import Testing

/// What a run tells while it is under way.
@Suite struct ProgressTests {
  /// Ctrl-C is answered at once, before the batch under way is done.
  @Test func interruptsAreAcknowledged() throws {
    try Sample.withModelAndImages { folder in
      try Sample.images(3000, in: folder, name: "many.h5")
      let talk = Pipe()
      let process = try Tool.start(
        ["stats", "lenet.onnx", "--data", "hdf5:many.h5", "--workers", "1", "--batch", "8", "--out", "out.h5"], in: folder,
        talk: talk)
      usleep(400_000)
      kill(process.processIdentifier, SIGINT)
      let text = String(decoding: talk.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
      process.waitUntilExit()
      #expect(process.terminationStatus == 130 && text.contains("stopping after this batch"), "\(text)")
    }
  }

  /// The clock starts with the work, and a slow attributor tells how far it is before its first batch is done.
  @Test func slowBatchesTellHowFarTheyAre() throws {
    try Sample.withModelAndImages { folder in
      let told = Mutex<[RunProgress]>([])
      let context = RunContext(workers: 1, progress: { progress in told.withLock { $0.append(progress) } })
      try RelevanceRun(
        attributor: "occlusion:window=8,stride=4", batch: 8, out: folder.appendingPathComponent("out.h5").path
      ).run(
        Model(folder.appendingPathComponent("lenet.onnx").path),
        on: DataRequest(.hdf5(folder.appendingPathComponent("images.h5").path), limit: 16), context)
      let steps = told.withLock { $0 }.filter { $0.activity == "relevance" }
      let first = try #require(steps.first)
      #expect(first.done == 0 && first.partial == 0 && first.total == 16)
      let early = steps.filter { $0.done == 0 && $0.partial > 0 }
      #expect(early.count > 2 && early.allSatisfy { $0.partial <= 8 })
      #expect(early.contains { 2...6 ~= $0.partial })
      #expect(early.map(\.partial) == early.map(\.partial).sorted())
      #expect(steps.last?.done == 16 && steps.last?.partial == 0)
    }
  }

  /// What is renamed was flushed to the disk before, and nothing that it replaces goes earlier.
  @Test(
    .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/strace"), "strace is not installed"),
    arguments: ["new", "train", "figure", "stats"])
  func whatIsRenamedIsFlushed(verb: String) throws {
    try Sample.withModelAndImages { folder in
      let maps = try Tool.run(
        "relevance", "lenet.onnx", "--data", "hdf5:images.h5", "--limit", "4", "--quiet", "--out", "maps.h5", in: folder)
      #expect(maps.status == 0, "\(maps)")
      let (command, out) =
        switch verb {
        case "new": (["new", "lenet"], "out.onnx")
        case "train": (["train", "lenet", "--classes", "10", "--data", "hdf5:images.h5", "--epochs", "2"], "out.onnx")
        case "figure": (["figure", "heatmap", "maps.h5"], "out.png")
        default: (["stats", "lenet.onnx", "--data", "hdf5:images.h5"], "out.h5")
        }
      let process = Process()
      process.executableURL = URL(fileURLWithPath: "/usr/bin/strace")
      let calls = "trace=fsync,fdatasync,rename,renameat,renameat2,unlink,unlinkat"
      process.arguments =
        ["-f", "-y", "-s", "4096", "-o", "trace", "-e", calls, Tool.url.path] + command + ["--quiet", "--out", out]
      process.currentDirectoryURL = folder
      process.standardError = FileHandle.nullDevice
      try process.run()
      process.waitUntilExit()
      // A container may forbid to trace.
      guard process.terminationStatus == 0 else { return }
      var (flushed, renamed, removed) = (Set<String>(), [String](), [String]())
      for line in try String(contentsOf: folder.appendingPathComponent("trace"), encoding: .utf8).split(separator: "\n") {
        func names(_ pattern: Regex<(Substring, Substring)>) -> [String] {
          line.matches(of: pattern).map { String($0.1.split(separator: "/").last ?? "") }
        }
        if line.contains(/f(data)?sync\(/) {
          flushed.formUnion(names(/<([^>]*)>/))
        } else if line.contains(/rename(at2?)?\(/) {
          let pair = names(/"([^"]*)"/)
          #expect(pair.count == 2 && flushed.contains(pair[0]), "\(line)")
          renamed.append(pair.last ?? "")
        } else if line.contains(/unlink(at)?\(/) {
          removed += names(/"([^"]*)"/)
        }
        // The checkpoint is needed until the network is there.
        #expect(!removed.contains("out.onnx.checkpoint") || renamed.contains(out), "\(line)")
      }
      #expect(renamed.last == out, "\(renamed)")
      #expect(verb != "train" || removed.contains("out.onnx.checkpoint") && renamed.contains("out.onnx.checkpoint"))
    }
  }
}
