import Foundation
import Images
import Storage
import TestSupport
import Tensors
import Testing

/// Parts of a data set and their join, for every verb that has them.
@Suite struct PartTests {
  /// A command with parts.
  struct Job: Sendable, CustomTestStringConvertible {
    var verb: String
    var options: [String]
    /// The ending of the result.
    var ending = "h5"

    var testDescription: String { "\(verb) \(options.joined(separator: " "))" }

    var command: [String] { [verb, "lenet.onnx", "--data", "hdf5:images.h5", "--batch", "4", "--workers", "2"] + options }
  }

  static let jobs = [
    Job(verb: "relevance", options: ["--top", "3", "--conservation"]), Job(verb: "relevance", options: ["--maps", "none"]),
    Job(
      verb: "stats",
      options: ["moments", "quantiles:resolution=32,thinning=2", "gram", "taylor", "relevance", "top-images"].flatMap {
        ["--statistic", $0]
      }),
    Job(verb: "score", options: []),
    Job(verb: "score", options: ["--concepts", "hdf5:concepts.h5", "--thresholds", "known.h5"]),
    Job(verb: "dissect", options: ["--concepts", "hdf5:concepts.h5", "--quantile", "0.05"]),
    Job(
      verb: "measure",
      options: ["--method", "gradient", "--method", "random", "--measure", "sparseness", "--measure", "pixel-flipping"]
        + ["--measure", "sensitivity:n=2", "--measure", "randomisation:stages=2"], ending: "csv"),
    Job(verb: "measure", options: ["--method", "gradient", "--measure", "sparseness"]),
    Job(verb: "evaluate", options: []),
  ]

  private func with(_ count: Int = 57, _ body: (URL) throws -> Void) throws {
    try Sample.withModelAndImages { folder in
      try Sample.images(count, in: folder)
      let masks = (0..<count * 2 * 49).map { UInt8(($0 / 49 + $0 % 7) % 3 == 0 ? 1 : 0) }
      let file = try HDF5File.create(folder.appendingPathComponent("concepts.h5").path)
      try file.write(Tensor(masks, shape: [count, 2, 7, 7]), to: "concepts")
      try file.write(["one", "two"], to: "concept_names")
      try file.commit()
      try body(folder)
    }
  }

  @discardableResult
  private func run(_ arguments: [String], in folder: URL, _ location: SourceLocation = #_sourceLocation) throws -> Tool.Outcome {
    let run = try Tool.run(arguments, in: folder)
    #expect(run.status == 0, "\(arguments.joined(separator: " ")): \(run.talk)", sourceLocation: location)
    return run
  }

  /// Without the speed, which is another each time.
  private func text(_ data: Data) -> [Substring] {
    String(decoding: data, as: UTF8.self).split(separator: "\n").filter { !$0.contains("imagesPerSecond") }
  }

  private func parts(_ command: [String], _ count: Int, _ name: String, in folder: URL) throws -> [String] {
    try (1...count).map { number in
      let file = "\(name)-\(number)-of-\(count)"
      try run(command + ["--part", "\(number)/\(count)", "--out", file], in: folder)
      return file
    }
  }

  /// Byte for byte the file of one run, and what it prints, for any number of parts in any order; there are more parts than
  /// batches too.
  @Test(arguments: jobs) func joinGivesTheBytesOfOneRun(job: Job) throws {
    try with { folder in
      func data(_ name: String) throws -> Data { try Data(contentsOf: folder.appendingPathComponent(name)) }
      if job.options.contains("known.h5") {
        try run(PartTests.jobs[5].command + ["--out", "known.h5"], in: folder)
      }
      let isEvaluation = job.verb == "evaluate"
      let whole = "whole.\(job.ending)"
      let own = try run(job.command + (isEvaluation ? ["--json"] : ["--out", whole]), in: folder).output
      for count in [1, 2, 3, 7, 20] {
        var more: [String] = []
        if job.verb == "dissect" {
          let first = try parts(job.command, count, "first", in: folder)
          try run(["join"] + first.reversed() + ["--out", "thresholds.h5"], in: folder)
          more = ["--thresholds", "thresholds.h5"]
        }
        let files = try parts(job.command + more, count, "part", in: folder)
        let out = "joined.\(job.ending)"
        let join = try run(
          ["join"] + files.reversed() + [files[0], "--out", out] + (isEvaluation ? ["--json"] : []), in: folder)
        #expect(join.talk.contains("is part 1/\(count), as"), "\(join.talk)")
        if isEvaluation {
          #expect(text(Data(join.output.utf8)) == text(Data(own.utf8)), "\(count) parts")
          #expect(try text(data(out)) == text(Data(own.utf8)))
        } else {
          #expect(try data(out) == data(whole), "\(count) parts")
          #expect(join.output == own)
        }
        let left = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".parts") }
        #expect(left.isEmpty)
      }
      // Thresholds of parts serve one run as well.
      if job.verb == "dissect" {
        try run(job.command + ["--thresholds", "thresholds.h5", "--out", "again.h5"], in: folder)
        #expect(try data("again.h5") == data(whole))
      }
    }
  }

  /// What cannot be joined is refused by what differs, and nothing is written.
  @Test func whatCannotBeJoinedIsRefused() throws {
    try with { folder in
      func part(_ command: [String], _ part: String, _ out: String) throws {
        try run(command + ["--part", part, "--out", out], in: folder)
      }
      func refused(_ files: [String], _ message: String, _ location: SourceLocation = #_sourceLocation) throws {
        let join = try Tool.run(["join"] + files + ["--out", "joined.h5"], in: folder)
        #expect(join.failed(mentioning: message), "\(join.talk)", sourceLocation: location)
        #expect(!FileManager.default.fileExists(atPath: folder.appendingPathComponent("joined.h5").path))
      }
      let stats = ["stats", "lenet.onnx", "--data", "hdf5:images.h5", "--batch", "4", "--statistic", "moments"]
      for number in 1...3 { try part(stats, "\(number)/3", "s\(number)") }
      try refused(["s3"], "parts 1, 2 are missing")
      try refused(["s1", "s3"], "part 2 is missing")
      try refused(["s1", "s2", "images.h5"], "images.h5: is no part of a job")
      try refused(["s1", "s2", "lenet.onnx"], "lenet.onnx: is not an HDF5 file")
      try part(stats, "2/4", "of-four")
      try refused(["s1", "s3", "of-four"], "of-four: is part 2/4 (accepted: one of 3, as 's1')")
      try part(stats + ["--statistic", "gram"], "2/3", "other")
      try refused(
        ["s1", "s3", "other"], "other: is a part of another job: its statistics is moments gram (accepted: moments, as 's1')")
      try part(stats + ["--limit", "50"], "2/3", "other")
      try refused(["s1", "s3", "other"], "other: is a part of another job: its data_sha256 is")
      try part(["evaluate", "lenet.onnx", "--data", "hdf5:images.h5", "--batch", "4"], "2/3", "other")
      try refused(["s1", "s3", "other"], "other: is a part of evaluate (accepted: parts of stats, as 's1')")
      try run(["new", "lenet", "--classes", "10", "--seed", "4", "--out", "lenet2.onnx"], in: folder)
      try part(["stats", "lenet2.onnx"] + stats.dropFirst(2), "2/3", "other")
      try refused(["s1", "s3", "other"], "other: is a part of another job: its model_sha256 is")
      // The same part with other numbers, as a broken machine would compute it.
      let file = try HDF5File.open(folder.appendingPathComponent("s2").path)
      let changed = try HDF5File.create(folder.appendingPathComponent("changed").path)
      for name in ["header", "content", "state"] {
        var bytes: Tensor<UInt8> = try file.dataset("part/\(name)").read()
        if name == "header" {
          let moved = String(decoding: bytes.elements, as: UTF8.self).replacing(/"checksum":"[0-9a-f]/, with: "\"checksum\":\"x")
          bytes = Tensor(Array(moved.utf8), shape: [moved.utf8.count])
        }
        try changed.write(bytes, to: "part/\(name)")
      }
      try changed.commit(sealed: true)
      try refused(["s1", "s2", "s3", "changed"], "changed: is part 2/3 too, with other numbers than 's2'")
      // A flipped bit.
      var bytes = try Data(contentsOf: folder.appendingPathComponent("s2"))
      bytes[bytes.count / 2] ^= 1
      try bytes.write(to: folder.appendingPathComponent("s2"))
      try refused(["s1", "s2", "s3"], "s2")
      let noFile = try Tool.run("join", "s1", "s3", in: folder)
      #expect(noFile.status == 1)
    }
  }

  /// What parts cannot give is refused before anything is computed.
  @Test func whatPartsCannotGiveIsRefused() throws {
    try with { folder in
      let part = ["--part", "1/2", "--out", "p.h5"]
      let base = ["lenet.onnx", "--data", "hdf5:images.h5"]
      for (command, message) in [
        (["relevance"] + base + ["--virelay", "project"], "--virelay: is of all images"),
        (["relevance"] + base + ["--data-out", "d.h5"], "--data-out: is of all images"),
        (["dissect"] + base + ["--concepts", "hdf5:concepts.h5", "--report", "page"], "a report needs what all parts find"),
      ] {
        let run = try Tool.run(command + part, in: folder)
        #expect(run.failed(mentioning: message), "\(run.talk)")
      }
      for arguments in [
        ["stats"] + base + ["--part", "3/2", "--out", "p.h5"], ["stats"] + base + ["--part", "x", "--out", "p.h5"],
        ["evaluate"] + base + ["--out", "p.h5"],
      ] { #expect(try Tool.run(arguments, in: folder).status == 64) }
      for verb in ["measure", "evaluate"] {
        #expect(try Tool.run([verb] + base + ["--part", "1/2"], in: folder).failed(mentioning: "a part needs a file"))
      }
      #expect(
        try Tool.run(["stats"] + base + ["--part", "auto", "--out", "p-{part}.h5"], in: folder).failed(mentioning: "no launcher"))
      // Thresholds of another quantile, and a part in their place.
      let dissect = ["dissect"] + base + ["--concepts", "hdf5:concepts.h5"]
      try run(dissect + ["--part", "1/1", "--out", "first.h5"], in: folder)
      try run(["join", "first.h5", "--out", "thresholds.h5"], in: folder)
      let out = ["--out", "d.h5"]
      let other = try Tool.run(dissect + ["--quantile", "0.1", "--thresholds", "thresholds.h5"] + out, in: folder)
      #expect(
        other.failed(mentioning: "thresholds.h5: its thresholds are of another job: quantile is 0.005 (accepted: 0.1)"),
        "\(other.talk)")
      #expect(try Tool.run(dissect + ["--thresholds", "first.h5"] + out, in: folder).failed(mentioning: "first.h5: is a part"))
      #expect(try Tool.run(["join", "thresholds.h5"] + out, in: folder).failed(mentioning: "is joined already"))
    }
  }

  /// A launcher's tasks say which part they take, only where that is asked for; without, all images are computed and that is said.
  @Test func launchersArePartsOnlyWhenAsked() throws {
    try with(20) { folder in
      func launched(_ more: [String]) throws -> (status: Int32, talk: String) {
        let talk = folder.appendingPathComponent("talk")
        try Data().write(to: talk)
        let process = try Tool.start(
          ["evaluate", "lenet.onnx", "--data", "hdf5:images.h5", "--batch", "4"] + more, in: folder,
          talk: FileHandle(forWritingTo: talk), environment: ["SLURM_ARRAY_TASK_ID": "2", "SLURM_ARRAY_TASK_COUNT": "3"])
        process.waitUntilExit()
        return (process.terminationStatus, try String(contentsOf: talk, encoding: .utf8))
      }
      let whole = try launched([])
      #expect(whole.status == 0 && whole.talk.contains("all images are computed here"), "\(whole.talk)")
      let part = try launched(["--part", "auto", "--out", "part-{part}.h5"])
      #expect(
        part.status == 0 && part.talk.contains("part 2/3 of the images, to part-2.h5: SLURM_ARRAY_TASK_ID 2"), "\(part.talk)")
      #expect(FileManager.default.fileExists(atPath: folder.appendingPathComponent("part-2.h5").path))
      let one = try launched(["--part", "auto", "--out", "part.h5"])
      #expect(one.status == 1 && one.talk.contains("all 3 tasks would write it"), "\(one.talk)")
    }
  }

  /// A part that dies is run again alone, goes on, and changes no byte; two processes on one part are told.
  @Test(arguments: ["stats", "relevance"]) func aPartThatDiesGoesOn(verb: String) throws {
    try with(1500) { folder in
      func command(_ out: String, _ part: [String]) -> [String] {
        [verb, "lenet.onnx", "--data", "hdf5:images.h5", "--batch", "4", "--workers", "1"]
          + (verb == "stats" ? ["--statistic", "gram", "--statistic", "quantiles:resolution=32,thinning=1"] : []) + part
          + ["--out", out]
      }
      try run(command("whole.h5", []), in: folder)
      try run(command("p1.h5", ["--part", "1/2"]), in: folder)
      let part = command("p2.h5", ["--part", "2/2"])
      let states = folder.appendingPathComponent("p2.h5.parts").path
      func isCut() -> Bool {
        ((try? FileManager.default.contentsOfDirectory(atPath: states)) ?? []).contains {
          $0 != "key" && !$0.hasSuffix(".partial")
        }
      }
      // Too early, and there is nothing to go on from; too late, and it is done.
      var delay = 0.1
      for _ in 0..<40 where !isCut() {
        try? FileManager.default.removeItem(atPath: folder.appendingPathComponent("p2.h5").path)
        let process = try Tool.start(part, in: folder)
        usleep(UInt32(delay * 1e6))
        kill(process.processIdentifier, SIGTERM)
        process.waitUntilExit()
        delay *= process.terminationStatus == 0 ? 0.7 : 1.4
      }
      #expect(isCut())
      // One that is killed has the folder no more, and neither hides from it nor from a third.
      let killed = try Tool.start(part, in: folder)
      while killed.isRunning, !FileManager.default.fileExists(atPath: states + "/key") { usleep(1000) }
      usleep(20_000)
      let other = try Tool.run(part, in: folder)
      if killed.isRunning {
        #expect(other.failed(mentioning: "another run is at work here") || other.status == 0, "\(other.talk)")
      }
      kill(killed.processIdentifier, SIGKILL)
      killed.waitUntilExit()
      try run(part, in: folder)
      try run(["join", "p2.h5", "p1.h5", "--out", "joined.h5"], in: folder)
      #expect(
        try Data(contentsOf: folder.appendingPathComponent("joined.h5"))
          == Data(contentsOf: folder.appendingPathComponent("whole.h5")))
      #expect(!FileManager.default.fileExists(atPath: states))
    }
  }

  /// Where images are files, a part reads its own alone, and what the result says of the data is still what one run says.
  @Test(arguments: ["stats", "relevance", "evaluate"]) func aPartReadsItsOwnImages(verb: String) throws {
    try Sample.withModelAndImages { folder in
      for number in 0..<30 {
        let pixels = (0..<784).map { UInt8(($0 * (number + 3)) % 251) }
        let image = Image(pixels: Tensor(pixels, shape: [28, 28, 1]))
        let path = folder.appendingPathComponent("images/\(number % 3)/\(number).png")
        try FileManager.default.createDirectory(at: path.deletingLastPathComponent(), withIntermediateDirectories: true)
        try image.writePNG(to: path.path)
      }
      let command = [verb, "lenet.onnx", "--data", "folder:images", "--batch", "2", "--skip", "1", "--limit", "27"]
      let whole = verb == "evaluate" ? ["--json"] : ["--out", "whole.h5"]
      let own = try run(command + whole, in: folder).output
      let files = try parts(command, 3, "part", in: folder)
      try run(["join", "--out", "joined.h5"] + files, in: folder)
      func data(_ name: String) throws -> Data { try Data(contentsOf: folder.appendingPathComponent(name)) }
      if verb == "evaluate" {
        #expect(try text(data("joined.h5")) == text(Data(own.utf8)))
      } else {
        #expect(try data("joined.h5") == data("whole.h5"))
      }
      // The last image is none any more: that is the last part's business.
      try Data("no image".utf8).write(to: folder.appendingPathComponent("images/2/29.png"))
      try Data("no image".utf8).write(to: folder.appendingPathComponent("images/2/8.png"))
      try run(command + ["--part", "1/3", "--out", "again"], in: folder)
      #expect(try verb == "evaluate" || data("again") == data(files[0]))
      #expect(try Tool.run(command + ["--part", "3/3", "--out", "again", "--quiet"], in: folder).failed(mentioning: ".png"))
    }
  }
}
