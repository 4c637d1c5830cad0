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

  /// Stopped or killed, nothing stands at the file's place; the same command then makes the file of a run that was left alone.
  @Test(arguments: [SIGINT, SIGKILL]) func relevance(signal: Int32) throws {
    try Sample.withModelAndPictures { folder in
      try Sample.pictures(2000, in: folder, name: "many.h5")
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
    try Sample.withModelAndPictures { folder in
      try Sample.pictures(2000, in: folder, name: "many.h5")
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
    try Sample.withModelAndPictures { folder in
      try Sample.pictures(1000, in: folder, name: "many.h5")
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
}
