import Foundation
import Storage
import TestSupport
import Testing

/// A disk that fills up while a result is written, stood in for by a limit on the size of files.
@Suite struct FullDiskTests {
  /// The tool under a limit of so many KiB a file; a write beyond it fails as one on a full disk does.
  private func start(_ arguments: [String], limit: Int, in folder: URL, talk: Pipe) throws -> Process {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/bash")
    process.arguments = ["-c", "trap '' XFSZ; ulimit -f \(limit); exec \"$@\"", "bash", Tool.url.path] + arguments
    process.currentDirectoryURL = folder
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    process.standardError = talk
    try process.run()
    return process
  }

  /// What was said in one line, if the tool failed as it should.
  private func end(_ process: Process, _ talk: Pipe) throws -> String {
    let text = String(decoding: talk.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationReason == .exit && process.terminationStatus == 1, "\(text)")
    #expect(text.split(separator: "\n").filter { $0.hasPrefix("espalier: error: ") }.count == 1, "\(text)")
    return text
  }

  private func contents(_ folder: URL) throws -> [String: Data] {
    var files: [String: Data] = [:]
    for name in try FileManager.default.subpathsOfDirectory(atPath: folder.path) {
      files[name] = (try? Data(contentsOf: folder.appendingPathComponent(name))) ?? Data()
    }
    return files
  }

  /// The way of writing, what it takes, the file and the limit in KiB.
  static let ways: [(String, [String], String, Int)] = [
    ("ONNX", ["new", "lenet", "--out", "new.onnx"], "new.onnx", 64),
    ("relevance", ["relevance", "lenet.onnx", "--data", "hdf5:images.h5", "--quiet", "--out", "new.h5"], "new.h5", 16),
    (
      "relevance, to the last byte", ["relevance", "lenet.onnx", "--data", "hdf5:images.h5", "--quiet", "--out", "new.h5"],
      "new.h5", 0
    ),
    ("PNG", ["figure", "heatmap", "maps.h5", "--out", "new.png"], "new.png", 4),
    ("sheet", ["figure", "heatmap", "maps.h5", "--sheet", "--out", "new.png"], "new.png", 1),
    ("PDF", ["figure", "heatmap", "maps.h5", "--out", "new.pdf"], "new.pdf", 4),
    ("CSV", train + ["--out", "model.onnx", "--history", "new.csv"], "new.csv", 0),
    ("checkpoint", train + ["--out", "model.onnx", "--history", "old.csv"], "model.onnx.checkpoint", 64),
    (
      "a pruned network",
      [
        "prune", "lenet.onnx", "--criterion", "l1", "--budget", "macs=0.5", "--latency-batch", "0", "--quiet", "--out",
        "new.onnx",
      ],
      "new.onnx", 16
    ),
    ("ONNX after training", train + ["--out", "new.onnx", "--history", "old.csv", "--epochs", "0"], "new.onnx", 64),
  ]

  private static let train = [
    "train", "lenet", "--classes", "10", "--data", "hdf5:images.h5", "--epochs", "1", "--batch", "20", "--quiet",
  ]

  /// One line, the file named, nothing under its name but what was there, and nothing beside it.
  @Test(arguments: [true, false]) func nothingHalfStays(replacing: Bool) throws {
    try Sample.withModelAndImages { folder in
      let relevance = ["relevance", "lenet.onnx", "--data", "hdf5:images.h5", "--out", "maps.h5"]
      #expect(try Tool.run(relevance, in: folder).status == 0)
      try Data("old".utf8).write(to: folder.appendingPathComponent("old.csv"))
      for (way, arguments, file, limit) in Self.ways {
        let position = folder.appendingPathComponent(file)
        // A checkpoint that is there is gone on from.
        let isReplaced = replacing && way != "checkpoint"
        if isReplaced { try Data("old".utf8).write(to: position) }
        var before = try contents(folder)
        let talk = Pipe()
        let text = try end(try start(arguments, limit: limit, in: folder, talk: talk), talk)
        #expect(text.contains("cannot be written") && text.contains(file), "\(way): \(text)")
        #expect(text.split(separator: "\n").count == 1, "\(way): \(text)")
        var after = try contents(folder)
        // The table of epochs is whole before a checkpoint is begun.
        (before["old.csv"], after["old.csv"]) = (nil, nil)
        #expect(after == before, "\(way): \(after.keys.sorted()) instead of \(before.keys.sorted())")
        if isReplaced { try FileManager.default.removeItem(at: position) }
      }
    }
  }

  /// Rows that are saved when a run is stopped, and cannot be: the parts that were whole before stay.
  @Test func parts() throws {
    try Sample.withModelAndImages { folder in
      try Sample.images(4000, in: folder, name: "many.h5")
      let command = ["relevance", "lenet.onnx", "--data", "hdf5:many.h5", "--workers", "1", "--batch", "8", "--out", "maps.h5"]
      let parts = folder.appendingPathComponent("maps.h5.parts")
      /// Stops a run ever later, until it has computed something.
      func stop(_ start: () throws -> Process, until isEnough: () throws -> Bool) throws {
        for wait in 0..<6 {
          let process = try start()
          let key = parts.appendingPathComponent("key").path
          while process.isRunning, !FileManager.default.fileExists(atPath: key) { usleep(2000) }
          usleep(100_000 << UInt32(wait))
          kill(process.processIdentifier, SIGINT)
          process.waitUntilExit()
          if try isEnough() { return }
        }
      }
      try stop({ try Tool.start(command, in: folder) }, until: { try contents(parts).count == 2 })
      let before = try contents(parts)
      #expect(before.count == 2)

      var text = ""
      var talk = Pipe()
      var last = Process()
      try stop(
        {
          talk = Pipe()
          last = try start(command, limit: 64, in: folder, talk: talk)
          return last
        },
        until: {
          text = String(decoding: talk.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
          return last.terminationStatus != 130
        })
      #expect(last.terminationReason == .exit && last.terminationStatus == 1, "\(text)")
      #expect(text.split(separator: "\n").filter { $0.hasPrefix("espalier: error: ") }.count == 1, "\(text)")
      #expect(text.contains("maps.h5.parts/") && text.contains("cannot be written"), "\(text)")
      #expect(try contents(parts) == before)
      #expect(!FileManager.default.fileExists(atPath: folder.appendingPathComponent("maps.h5").path))

      for out in ["maps.h5", "whole.h5"] { #expect(try Tool.run(command.dropLast() + [out], in: folder).status == 0) }
      let files = try ["maps.h5", "whole.h5"].map { try Data(contentsOf: folder.appendingPathComponent($0)) }
      #expect(files[0] == files[1])
    }
  }
}
