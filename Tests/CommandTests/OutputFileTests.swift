import Foundation
import Storage
import Tensors
import TestSupport
import Testing

/// Where results go: nothing that a person has is lost, and nothing half is left.
@Suite struct OutputFileTests {
  private let relevance = ["relevance", "lenet.onnx", "--data", "hdf5:images.h5", "--quiet"]

  private func bytes(_ name: String, in folder: URL) throws -> Data { try Data(contentsOf: folder.appendingPathComponent(name)) }

  /// A link and a file under the name that results were once written under.
  @Test func whatStandsBesideStays() throws {
    try Sample.withModelAndImages { folder in
      let precious = folder.appendingPathComponent("precious")
      let link = folder.appendingPathComponent("a.h5.partial")
      try Data("precious".utf8).write(to: precious)
      try FileManager.default.createSymbolicLink(at: link, withDestinationURL: precious)
      try Data("own".utf8).write(to: folder.appendingPathComponent("b.h5.partial"))
      for out in ["a.h5", "b.h5"] { #expect(try Tool.run(relevance + ["--out", out], in: folder).status == 0) }
      #expect(try bytes("precious", in: folder) == Data("precious".utf8))
      #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link.path) == precious.path)
      #expect(try bytes("b.h5.partial", in: folder) == Data("own".utf8))
      #expect(try bytes("a.h5", in: folder) == bytes("b.h5", in: folder))
    }
  }

  /// A link where a checkpoint would lie is neither followed nor taken away.
  @Test func aLinkInTheWayOfACheckpointStays() throws {
    try Sample.withModelAndImages { folder in
      let (precious, link) = (folder.appendingPathComponent("precious"), folder.appendingPathComponent("x.onnx.checkpoint"))
      try Data("precious".utf8).write(to: precious)
      try FileManager.default.createSymbolicLink(at: link, withDestinationURL: precious)
      for verb in [["train", "lenet", "--classes", "10"], ["tune", "lenet.onnx"]] {
        let run = try Tool.run(
          verb + ["--data", "hdf5:images.h5", "--epochs", "1", "--quiet", "--out", "x.onnx"], in: folder)
        #expect(run.failed(mentioning: "x.onnx.checkpoint"), "\(run)")
        #expect(try bytes("precious", in: folder) == Data("precious".utf8))
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link.path) == precious.path)
      }
    }
  }

  /// Two processes that write one file: each ends well with the file whole, or says that the other is at it.
  @Test(arguments: ["join", "stats", "relevance"]) func twoAtOnce(verb: String) throws {
    try Sample.withModelAndImages { folder in
      for (out, skip) in [("one.h5", "0"), ("other.h5", "20")] {
        #expect(try Tool.run(relevance + ["--limit", "20", "--skip", skip, "--out", out], in: folder).status == 0)
      }
      let command =
        switch verb {
        case "join": ["join", "one.h5", "other.h5", "--quiet"]
        case "stats": ["stats", "lenet.onnx", "--data", "hdf5:images.h5", "--statistic", "gram", "--quiet"]
        default: relevance
        }
      #expect(try Tool.run(command + ["--out", "alone.h5"], in: folder).status == 0)
      let alone = try bytes("alone.h5", in: folder)
      for _ in 0..<6 {
        let talks = [Pipe(), Pipe()]
        let processes = try talks.map { try Tool.start(command + ["--out", "both.h5"], in: folder, talk: $0) }
        for (process, talk) in zip(processes, talks) {
          let text = String(decoding: talk.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
          process.waitUntilExit()
          #expect(process.terminationReason == .exit)
          #expect(
            process.terminationStatus == 0 || process.terminationStatus == 1 && text.contains("another run is at work here"),
            "\(text)")
        }
        #expect(processes.contains { $0.terminationStatus == 0 })
        #expect(try bytes("both.h5", in: folder) == alone)
        try FileManager.default.removeItem(at: folder.appendingPathComponent("both.h5"))
      }
      #expect(try !FileManager.default.contentsOfDirectory(atPath: folder.path).contains { $0.hasPrefix("both") })
    }
  }

  /// Folders and files that lie where a run would keep what it has, and are somebody's own.
  @Test func whatIsNotOursIsNotDeleted() throws {
    try Sample.withModelAndImages { folder in
      let prune = ["prune", "lenet.onnx", "--criterion", "l1", "--budget", "macs=0.5", "--latency-batch", "0", "--quiet"]
      let stats = ["stats", "lenet.onnx", "--data", "hdf5:images.h5", "--quiet"]
      for (command, out, position) in [
        (prune, "o.onnx", "o.onnx.steps"), (stats, "o.h5", "o.h5.observe"), (relevance, "o.h5", "o.h5.parts"),
      ] {
        let own = folder.appendingPathComponent(position)
        try FileManager.default.createDirectory(at: own, withIntermediateDirectories: true)
        for name in ["thesis.txt", "key", "run.json"] { try Data(name.utf8).write(to: own.appendingPathComponent(name)) }
        let run = try Tool.run(command + ["--out", out], in: folder)
        #expect(run.failed(mentioning: position), "\(run)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: own.path).sorted() == ["key", "run.json", "thesis.txt"])
        try FileManager.default.removeItem(at: own)
        try Data("own".utf8).write(to: own)
        #expect(try Tool.run(command + ["--out", out], in: folder).failed(mentioning: position))
        #expect(try bytes(position, in: folder) == Data("own".utf8))
        try FileManager.default.removeItem(at: own)
        #expect(try Tool.run(command + ["--out", out], in: folder).status == 0)
      }
      // What a stage that does not run would have left.
      let other = folder.appendingPathComponent("o.h5.thresholds")
      try FileManager.default.createDirectory(at: other, withIntermediateDirectories: true)
      #expect(try Tool.run(stats + ["--out", "o.h5"], in: folder).status == 0)
      #expect(FileManager.default.fileExists(atPath: other.path))
    }
  }

  /// Whatever a command reads is not replaced by its result, by whatever path.
  @Test func inputsAreNotReplaced() throws {
    try Sample.withModelAndImages { folder in
      let files = FileManager.default
      let resources = testResource("../../ONNXTests/Resources/refused")
      for name in ["external.onnx", "external.bin"] {
        try files.copyItem(at: resources.appendingPathComponent(name), to: folder.appendingPathComponent(name))
      }
      #expect(try Tool.run(relevance + ["--out", "maps.h5"], in: folder).status == 0)
      let sheet = ["figure", "heatmap", "maps.h5", "--sheet"]
      for name in ["dir/a/1.png", "dir/b/2.png", "list/3.png"] {
        try files.createDirectory(
          at: folder.appendingPathComponent(name).deletingLastPathComponent(), withIntermediateDirectories: true)
        #expect(try Tool.run(sheet + ["--out", name], in: folder).status == 0)
      }
      try Data("path,label,mask\n3.png,0,../dir/b/2.png\n".utf8).write(to: folder.appendingPathComponent("list/list.csv"))
      try Data("base = \"epsilon_plus\"\n".utf8).write(to: folder.appendingPathComponent("rules.toml"))
      let file = try HDF5File.create(folder.appendingPathComponent("concepts.h5").path)
      try file.write(Tensor(repeating: UInt8(1), shape: [40, 2, 4, 4]), to: "concepts")
      try file.commit()
      for (from, to) in [("lenet.onnx", "hard.onnx"), ("images.h5", "hard.h5")] {
        try files.linkItem(at: folder.appendingPathComponent(from), to: folder.appendingPathComponent(to))
      }
      let before = try snapshot(folder)
      let prune = ["prune", "lenet.onnx", "--criterion", "l1", "--budget", "macs=0.5", "--latency-batch", "0", "--quiet"]
      let stats = ["stats", "lenet.onnx", "--quiet"]
      let commands: [[String]] = [
        ["prune", "external.onnx", "--criterion", "l1", "--budget", "macs=0.5", "--out", "external.bin"],
        prune + ["--out", "new/../lenet.onnx"], prune + ["--out", "hard.onnx"],
        prune + ["--validation", "hdf5:images.h5", "--out", "hard.h5"],
        [
          "prune", "lenet.onnx", "--criterion", "votes", "--data", "hdf5:images.h5", "--concepts", "hdf5:concepts.h5", "--budget",
          "macs=0.5", "--out", "concepts.h5",
        ],
        stats + ["--data", "folder:dir", "--out", "dir/b/2.png"], stats + ["--data", "csv:list/list.csv", "--out", "list/3.png"],
        stats + ["--data", "csv:list/list.csv", "--out", "dir/b/2.png"],
        relevance + ["--composite", "rules.toml", "--out", "rules.toml"],
        [
          "score", "lenet.onnx", "--data", "hdf5:images.h5", "--criterion", "lrp", "--composite", "rules.toml", "--out",
          "rules.toml",
        ],
        ["dissect", "lenet.onnx", "--data", "hdf5:images.h5", "--concepts", "folder:dir", "--out", "dir/a/1.png"],
        ["train", "lenet", "--data", "hdf5:images.h5", "--epochs", "0", "--out", "new.onnx", "--history", "hard.h5"],
      ]
      for command in commands {
        let run = try Tool.run(command, in: folder)
        #expect(run.failed(mentioning: "it is read by this command"), "\(command): \(run)")
      }
      #expect(try snapshot(folder) == before)
      let one = try Tool.run(
        ["train", "lenet", "--data", "hdf5:images.h5", "--out", "new.onnx", "--history", "dir/../new.onnx"], in: folder)
      #expect(one.failed(mentioning: "two results"), "\(one)")
    }
  }

  private func snapshot(_ folder: URL) throws -> [String: Data] {
    var files: [String: Data] = [:]
    for name in try FileManager.default.subpathsOfDirectory(atPath: folder.path) {
      files[name] = try? Data(contentsOf: folder.appendingPathComponent(name))
    }
    return files
  }

  /// Names that no file can have are refused before anything is computed.
  @Test func namesThatCannotBe() throws {
    try Sample.withModelAndImages { folder in
      for (out, message) in [
        ("", "no file is named"), ("maps/", "is not the name of a file"),
        (String(repeating: "n", count: 300), "file name too long"),
        ("lenet.onnx/maps.h5", "its folder"),
      ] {
        let run = try Tool.run(relevance.dropLast() + ["--out", out], in: folder)
        #expect(run.failed(mentioning: message), "\(run)")
      }
      // Room for the name, but none for another ending.
      let long = String(repeating: "n", count: 240) + ".h5"
      #expect(try Tool.run(relevance + ["--out", long], in: folder).status == 0)
      #expect(try bytes(long, in: folder).count > 1000)
    }
  }

  /// The same input is the same file, whenever it is made.
  @Test func sameBytes() throws {
    try Sample.withModelAndImages { folder in
      for round in ["a", "b"] {
        let run = try Tool.run(relevance + ["--out", "maps.h5", "--data-out", "\(round)-data.h5"], in: folder)
        #expect(run.status == 0, "\(run)")
        #expect(try Tool.run("figure", "heatmap", "maps.h5", "--out", "\(round).pdf", in: folder).status == 0)
        sleep(1)
      }
      for name in ["data.h5", "pdf"] {
        let pair = try ["a", "b"].map { try bytes(name == "pdf" ? "\($0).pdf" : "\($0)-data.h5", in: folder) }
        #expect(pair[0] == pair[1])
        #expect(!String(decoding: pair[0], as: UTF8.self).contains("CreationDate"))
      }
    }
  }
}
