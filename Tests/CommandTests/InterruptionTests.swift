import Foundation
import Storage
import Tensors
import TestSupport
import Testing

@Suite struct InterruptionTests {
  /// Waits until a file appears, or the process ends.
  private func wait(for path: URL, of process: Process) {
    while process.isRunning, !FileManager.default.fileExists(atPath: path.path) { usleep(2000) }
  }

  /// Stopped or killed, nothing stands at the file's position; the same command then makes the file of a run that was left alone.
  @Test(arguments: [SIGINT, SIGKILL]) func relevance(signal: Int32) throws {
    try Sample.withModelAndImages { folder in
      try Sample.images(2000, in: folder, name: "many.h5")
      func command(_ out: String) -> [String] {
        ["relevance", "lenet.onnx", "--data", "hdf5:many.h5", "--workers", "1", "--batch", "8", "--out", out]
      }
      let process = try Tool.start(command("maps.h5"), in: folder)
      wait(for: folder.appendingPathComponent("maps.h5.parts/key"), of: process)
      usleep(50_000)
      kill(process.processIdentifier, signal)
      process.waitUntilExit()
      #expect(process.terminationStatus == (signal == SIGINT ? 130 : SIGKILL))
      let maps = folder.appendingPathComponent("maps.h5")
      #expect(!FileManager.default.fileExists(atPath: maps.path))

      for out in ["maps.h5", "whole.h5"] { #expect(try Tool.run(command(out), in: folder).status == 0) }
      #expect(!FileManager.default.fileExists(atPath: maps.path + ".parts"))
      #expect(try Data(contentsOf: maps) == Data(contentsOf: folder.appendingPathComponent("whole.h5")))
    }
  }

  /// What another command left is thrown away.
  @Test func relevanceByOtherRules() throws {
    try Sample.withModelAndImages { folder in
      try Sample.images(2000, in: folder, name: "many.h5")
      func command(_ out: String, _ composite: String) -> [String] {
        [
          "relevance", "lenet.onnx", "--data", "hdf5:many.h5", "--workers", "1", "--batch", "8", "--composite", composite,
          "--out",
          out,
        ]
      }
      let process = try Tool.start(command("maps.h5", "epsilon_plus"), in: folder)
      wait(for: folder.appendingPathComponent("maps.h5.parts/key"), of: process)
      usleep(200_000)
      kill(process.processIdentifier, SIGINT)
      process.waitUntilExit()
      #expect(process.terminationStatus == 130)
      for out in ["maps.h5", "whole.h5"] { #expect(try Tool.run(command(out, "epsilon_plus_flat"), in: folder).status == 0) }
      let files = try ["maps.h5", "whole.h5"].map { try Data(contentsOf: folder.appendingPathComponent($0)) }
      #expect(files[0] == files[1])
    }
  }

  @Test(arguments: [SIGINT, SIGKILL]) func training(signal: Int32) throws {
    try Sample.withModelAndImages { folder in
      try Sample.images(1000, in: folder, name: "many.h5")
      func command(_ out: String) -> [String] {
        [
          "train", "lenet", "--classes", "10", "--data", "hdf5:many.h5", "--epochs", "3", "--batch", "32", "--rate", "0.02",
          "--seed", "4",
          "--out", out,
        ]
      }
      let process = try Tool.start(command("trained.onnx"), in: folder)
      // The table is written after the first epoch.
      wait(for: folder.appendingPathComponent("trained.csv"), of: process)
      kill(process.processIdentifier, signal)
      process.waitUntilExit()
      #expect(process.terminationStatus == (signal == SIGINT ? 130 : SIGKILL))
      let trained = folder.appendingPathComponent("trained.onnx")
      #expect(!FileManager.default.fileExists(atPath: trained.path))

      for out in ["trained.onnx", "whole.onnx"] { #expect(try Tool.run(command(out), in: folder).status == 0) }
      #expect(try Data(contentsOf: trained) == Data(contentsOf: folder.appendingPathComponent("whole.onnx")))
    }
  }

  /// `stats`, `dissect` and `score`, stopped in any of their passes, say how to go on and do.
  @Test(arguments: ["stats", "dissect", "score"]) func passes(verb: String) throws {
    try Sample.withModelAndImages { folder in
      let count = 1500
      try Sample.images(count, in: folder, name: "many.h5")
      let masks = (0..<count * 2 * 49).map { UInt8(($0 / 49 + $0 % 7) % 3 == 0 ? 1 : 0) }
      let file = try HDF5File.create(folder.appendingPathComponent("concepts.h5").path)
      try file.write(Tensor(masks, shape: [count, 2, 7, 7]), to: "concepts")
      try file.write(["one", "two"], to: "concept_names")
      try file.commit()
      let own =
        verb == "stats"
        ? ["moments", "quantiles:resolution=32", "gram", "taylor"].flatMap { ["--statistic", $0] }
        : ["--concepts", "hdf5:concepts.h5"]
      func command(_ out: String) -> [String] {
        [verb, "lenet.onnx", "--data", "hdf5:many.h5", "--workers", "2", "--batch", "4", "--out", out] + own
      }
      let states = ["observe", "thresholds", "dissect"].map { folder.appendingPathComponent("out.h5.\($0)").path }
      func isCut() -> Bool { states.contains(where: FileManager.default.fileExists(atPath:)) }
      let talk = folder.appendingPathComponent("talk")
      let out = folder.appendingPathComponent("out.h5")

      // Too early, and there is nothing to go on from; too late, and it is done.
      var delay = 0.05
      for _ in 0..<40 where !isCut() {
        try? FileManager.default.removeItem(at: out)
        try Data().write(to: talk)
        let process = try Tool.start(command("out.h5"), in: folder, talk: FileHandle(forWritingTo: talk))
        usleep(UInt32(delay * 1e6))
        kill(process.processIdentifier, SIGINT)
        process.waitUntilExit()
        delay *= process.terminationStatus == 0 ? 0.7 : 1.5
        #expect([0, 2, 130].contains(process.terminationStatus))
        if isCut() { #expect(process.terminationStatus == 130) }
      }
      #expect(isCut())
      #expect(!FileManager.default.fileExists(atPath: out.path))
      #expect(try String(contentsOf: talk, encoding: .utf8).contains("the same command goes on from there"))

      let resumed = try Tool.run(command("out.h5"), in: folder)
      #expect(resumed.status == 0 && resumed.talk.contains("going on where an earlier run stopped"), "\(resumed.talk)")
      #expect(try Tool.run(command("whole.h5"), in: folder).status == 0)
      #expect(try Data(contentsOf: out) == Data(contentsOf: folder.appendingPathComponent("whole.h5")))
      #expect(try !FileManager.default.contentsOfDirectory(atPath: folder.path).contains { $0.hasPrefix("out.h5.") })
    }
  }
}
