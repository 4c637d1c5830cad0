import Foundation
import Storage
import Tensors
import TestSupport
import Testing

/// What stopped runs leave, damaged: never another result, never a command that no longer works.
@Suite struct SavedStateTests {
  /// Stops a command until it leaves something that `found` accepts.
  private func stop(_ command: [String], in folder: URL, until isFound: () throws -> Bool) throws {
    var delay = 0.05
    for _ in 0..<60 where try !isFound() {
      try? FileManager.default.removeItem(at: folder.appendingPathComponent("out.h5"))
      let process = try Tool.start(command, in: folder)
      usleep(UInt32(delay * 1e6))
      kill(process.processIdentifier, SIGTERM)
      process.waitUntilExit()
      delay *= process.terminationStatus == 0 ? 0.7 : 1.4
    }
    #expect(try isFound())
  }

  @Test(arguments: [false, true], ["observe", "dissect"]) func passes(isCut: Bool, stage: String) throws {
    try Sample.withModelAndImages { folder in
      try Sample.images(1500, in: folder, name: "many.h5")
      try Self.settings(isFirst: true, in: folder)
      func command(_ out: String) -> [String] {
        (stage == "observe"
          ? ["stats", "lenet.onnx", "--statistic", "moments", "--statistic", "gram"]
          : ["dissect", "lenet.onnx", "--concepts", "hdf5:concepts.h5", "--quantile", "0.1"])
          + ["--data", "hdf5:many.h5", "--workers", "1", "--batch", "4", "--out", out]
      }
      let state = folder.appendingPathComponent("out.h5.\(stage)")
      try stop(command("out.h5"), in: folder) { FileManager.default.fileExists(atPath: state.path) }
      let saved = try Data(contentsOf: state)
      #expect(try Tool.run(command("whole.h5"), in: folder).status == 0)
      let whole = try Data(contentsOf: folder.appendingPathComponent("whole.h5"))
      let damaged: [Data] =
        isCut
        ? [saved.dropLast(1), saved.dropLast(saved.count / 2), saved.prefix(24), saved.prefix(17)]
        : [30, saved.count / 3, saved.count / 2, saved.count - 40, saved.count - 3].map { position in
          var copy = saved
          copy[position] ^= 1 << (position % 8)
          return copy
        }
      for (round, bytes) in damaged.enumerated() {
        try bytes.write(to: state)
        let run = try Tool.run(command("out.h5"), in: folder)
        #expect(run.status == 0 && run.talk.contains("'out.h5.\(stage)' is damaged and left aside"), "\(round): \(run)")
        #expect(try Data(contentsOf: folder.appendingPathComponent("out.h5")) == whole)
        #expect(!FileManager.default.fileExists(atPath: state.path))
      }
      try saved.write(to: state)
      let run = try Tool.run(command("out.h5"), in: folder)
      #expect(run.status == 0 && run.talk.contains("going on where an earlier run stopped"), "\(run)")
      #expect(try Data(contentsOf: folder.appendingPathComponent("out.h5")) == whole)
    }
  }

  @Test func parts() throws {
    try Sample.withModelAndImages { folder in
      try Sample.images(3000, in: folder, name: "many.h5")
      func command(_ out: String) -> [String] {
        ["relevance", "lenet.onnx", "--data", "hdf5:many.h5", "--workers", "1", "--batch", "8", "--out", out]
      }
      let parts = folder.appendingPathComponent("out.h5.parts")
      func files() -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: parts.path)) ?? []).filter { $0.hasSuffix(".h5") }
      }
      try stop(command("out.h5"), in: folder) { !files().isEmpty }
      let part = try #require(files().first)
      let kept = folder.appendingPathComponent("kept")
      try FileManager.default.copyItem(at: parts, to: kept)
      #expect(try Tool.run(command("whole.h5"), in: folder).status == 0)
      let whole = try Data(contentsOf: folder.appendingPathComponent("whole.h5"))
      for round in 0..<4 {
        try? FileManager.default.removeItem(at: parts)
        try FileManager.default.copyItem(at: kept, to: parts)
        let file = parts.appendingPathComponent(part)
        var bytes = try Data(contentsOf: file)
        switch round {
        // Among the numbers, where HDF5 itself notices nothing.
        case 0: bytes[bytes.count / 2] ^= 1
        case 1: bytes = bytes.dropLast(100)
        case 2:
          try FileManager.default.removeItem(at: file)
          try bytes.write(to: parts.appendingPathComponent("0-9223372036854775807-0123456789abcdef.h5"))
        default: break
        }
        if round < 2 { try bytes.write(to: file) }
        let run = try Tool.run(command("out.h5"), in: folder)
        #expect(run.status == 0, "\(run)")
        #expect(
          run.talk.contains("is damaged and left aside") == (round < 3) && run.talk.contains("going on after") == (round == 3))
        #expect(try Data(contentsOf: folder.appendingPathComponent("out.h5")) == whole)
        #expect(!FileManager.default.fileExists(atPath: parts.path))
      }
    }
  }

  /// What a run with other settings left is not gone on from, be they in a file whose name is the same.
  @Test(arguments: ["composite", "target", "quantile", "vote share", "concepts"]) func otherSettings(changed: String) throws {
    try Sample.withModelAndImages { folder in
      try Sample.images(1500, in: folder, name: "many.h5")
      try Self.settings(isFirst: true, in: folder)
      let isScore = ["composite", "target"].contains(changed)
      func command(_ out: String, isFirst: Bool) -> [String] {
        func value(_ name: String, _ one: String, _ other: String) -> String { name != changed || isFirst ? one : other }
        let base = ["--data", "hdf5:many.h5", "--workers", "1", "--batch", "4", "--out", out]
        return isScore
          ? ["score", "lenet.onnx", "--criterion", "lrp", "--composite", "rules.toml", "--target", value("target", "3", "4")]
            + base
          : [
            "dissect", "lenet.onnx", "--concepts", "hdf5:concepts.h5", "--quantile", value("quantile", "0.1", "0.2"),
            "--vote-share", value("vote share", "0.1", "0.5"),
          ] + base
      }
      let state = folder.appendingPathComponent("out.h5.\(isScore ? "observe" : "dissect")").path
      try stop(command("out.h5", isFirst: true), in: folder) { FileManager.default.fileExists(atPath: state) }
      try Self.settings(isFirst: false, changed, in: folder)
      let run = try Tool.run(command("out.h5", isFirst: false), in: folder)
      #expect(run.status == 0 && !run.talk.contains("going on"), "\(run)")
      #expect(try Tool.run(command("whole.h5", isFirst: false), in: folder).status == 0)
      let files = try ["out.h5", "whole.h5"].map { try Data(contentsOf: folder.appendingPathComponent($0)) }
      #expect(files[0] == files[1])
    }
  }

  /// Writes the files that settings lie in: those of the first run, or with one of them changed.
  static func settings(isFirst: Bool, _ changed: String = "", in folder: URL) throws {
    let epsilon = changed == "composite" ? "0.5" : "0.001"
    let rules = "base = \"epsilon_plus\"\n[[rules]]\nrule = \"epsilon\"\nepsilon = \(epsilon)\n"
    try Data(rules.utf8).write(to: folder.appendingPathComponent("rules.toml"))
    let scale = changed == "preprocess" ? "0.3" : "0.2"
    try Data("channels = 1\nmean = 0.3\nstd = \(scale)\n".utf8).write(to: folder.appendingPathComponent("p.toml"))
    guard isFirst || changed == "concepts" else { return }
    let period = changed == "concepts" ? 5 : 3
    var masks = [UInt8](repeating: 0, count: 1500 * 2 * 49)
    for position in masks.indices where (position / 49 + position % 7) % period == 0 { masks[position] = 1 }
    let file = try HDF5File.create(folder.appendingPathComponent("concepts.h5").path)
    try file.write(Tensor(masks, shape: [1500, 2, 7, 7]), to: "concepts")
    try file.commit()
  }

  /// Other ways to be asked to stop than Ctrl-C.
  @Test(arguments: [SIGINT, SIGTERM, SIGHUP]) func signals(number: Int32) throws {
    try Sample.withModelAndImages { folder in
      try Sample.images(1000, in: folder, name: "many.h5")
      let command = [
        "train", "lenet", "--classes", "10", "--data", "hdf5:many.h5", "--epochs", "200", "--batch", "32", "--out",
        "trained.onnx",
      ]
      let talk = Pipe()
      let process = try Tool.start(command, in: folder, talk: talk)
      while process.isRunning, !FileManager.default.fileExists(atPath: folder.appendingPathComponent("trained.csv").path) {
        usleep(2000)
      }
      kill(process.processIdentifier, number)
      process.waitUntilExit()
      #expect(process.terminationReason == .exit && process.terminationStatus == 128 + number)
      #expect(FileManager.default.fileExists(atPath: folder.appendingPathComponent("trained.onnx.checkpoint").path))
    }
  }
}
