import Foundation
import Networks
import ONNX
import Tensors
import TestSupport
import Testing

@Suite struct BadInputTests {
  /// Files that are no good, by what is wrong with them; each is made in a folder with a model and images.
  private static func spoil(_ folder: URL, like file: String) throws {
    let good = try Data(contentsOf: folder.appendingPathComponent(file))
    for (name, data) in [
      ("empty", Data()), ("truncated", good.prefix(good.count / 2)), ("short", good.prefix(11)),
      ("text", Data("this is no such file\n".utf8)),
    ] { try data.write(to: folder.appendingPathComponent(name)) }
    try FileManager.default.createDirectory(at: folder.appendingPathComponent("directory"), withIntermediateDirectories: true)
  }

  static let faults = ["absent", "empty", "truncated", "short", "text", "directory"]

  @Test(arguments: faults) func models(fault: String) throws {
    try Sample.withModelAndImages { folder in
      try Self.spoil(folder, like: "lenet.onnx")
      for verb in [
        ["inspect", fault], ["evaluate", fault, "--data", "hdf5:images.h5"],
        ["relevance", fault, "--data", "hdf5:images.h5", "--out", "out"],
        ["tune", fault, "--data", "hdf5:images.h5", "--out", "out"],
      ] {
        let outcome = try Tool.run(verb, in: folder)
        #expect(outcome.failed(mentioning: fault), "\(verb): \(outcome)")
        #expect(!FileManager.default.fileExists(atPath: folder.appendingPathComponent("out").path))
      }
    }
  }

  @Test(arguments: faults) func images(fault: String) throws {
    try Sample.withModelAndImages { folder in
      try Self.spoil(folder, like: "images.h5")
      for verb in [
        ["evaluate", "lenet.onnx", "--data", "hdf5:\(fault)"], ["evaluate", "lenet.onnx", "--data", "idx:\(fault),\(fault)"],
        ["evaluate", "lenet.onnx", "--data", "csv:\(fault)"],
        ["relevance", "lenet.onnx", "--data", "hdf5:\(fault)", "--out", "out"],
        ["train", "lenet", "--data", "hdf5:\(fault)", "--out", "out"],
        ["figure", "heatmap", fault, "--out", "out.png"],
      ] {
        let outcome = try Tool.run(verb, in: folder)
        #expect(outcome.failed(mentioning: fault), "\(verb): \(outcome)")
      }
      if fault == "absent" || fault == "directory" || fault == "empty" {
        let outcome = try Tool.run("evaluate", "lenet.onnx", "--data", "folder:\(fault)", in: folder)
        #expect(outcome.failed(mentioning: fault), "\(outcome)")
      }
    }
  }

  @Test(arguments: faults) func settings(fault: String) throws {
    try Sample.withModelAndImages { folder in
      try Self.spoil(folder, like: "lenet.onnx")
      // No settings at all are settings, and any text names classes.
      let options = (fault == "empty" ? [] : ["--preprocess"]) + (["short", "text"].contains(fault) ? [] : ["--classes"])
      for option in options {
        let outcome = try Tool.run("evaluate", "lenet.onnx", "--data", "hdf5:images.h5", option, fault, in: folder)
        #expect(outcome.failed(mentioning: fault), "\(option): \(outcome)")
      }
    }
  }

  @Test func labelsOutOfRange() throws {
    try Sample.withModelAndImages { folder in
      try Sample.images(in: folder, labels: { $0 == 7 ? 10 : $0 % 10 }, name: "mislabelled.h5")
      for verb in [
        ["evaluate", "lenet.onnx"], ["relevance", "lenet.onnx", "--out", "out.h5"], ["tune", "lenet.onnx", "--out", "out.onnx"],
      ] {
        let outcome = try Tool.run(verb + ["--data", "hdf5:mislabelled.h5"], in: folder)
        #expect(outcome.status == 1 && outcome.talk.contains("10"), "\(verb): \(outcome)")
      }
      let target = try Tool.run(
        "relevance", "lenet.onnx", "--data", "hdf5:images.h5", "--target", "10", "--out", "out.h5", in: folder)
      #expect(target.failed(mentioning: "0 to 9"), "\(target)")
    }
  }

  @Test func imagesWithoutLabels() throws {
    try Sample.withModelAndImages { folder in
      try Sample.images(in: folder, labels: nil, name: "unlabelled.h5")
      for verb in [["evaluate", "lenet.onnx"], ["tune", "lenet.onnx", "--out", "out.onnx"]] {
        let outcome = try Tool.run(verb + ["--data", "hdf5:unlabelled.h5"], in: folder)
        #expect(outcome.failed(mentioning: "no labels"), "\(verb): \(outcome)")
      }
      #expect(
        try Tool.run("relevance", "lenet.onnx", "--data", "hdf5:unlabelled.h5", "--out", "out.h5", in: folder).status == 0)
    }
  }

  @Test func weightsThatAreNoNumbers() throws {
    try Sample.withModelAndImages { folder in
      let path = folder.appendingPathComponent("lenet.onnx").path
      var editor = GraphEditor(try Graph(onnx: path))
      let name = try #require(editor.constants.keys.first { editor.constants[$0]?.shape.rank == 4 })
      var weights = try #require(editor.constants[name]?.floats)
      weights.elements[3] = .nan
      editor.constants[name] = .float(weights)
      try editor.graph().writeONNX(to: path)
      for verb in [["inspect", "lenet.onnx"], ["evaluate", "lenet.onnx", "--data", "hdf5:images.h5"]] {
        let outcome = try Tool.run(verb, in: folder)
        #expect(outcome.failed(mentioning: name), "\(verb): \(outcome)")
      }
    }
  }

  @Test func imagesOfAnotherShape() throws {
    try Sample.withModelAndImages { folder in
      #expect(try Tool.run("new", "resnet20", "--out", "resnet.onnx", in: folder).status == 0)
      let outcome = try Tool.run("evaluate", "resnet.onnx", "--data", "hdf5:images.h5", in: folder)
      #expect(outcome.failed(mentioning: "3×32×32"), "\(outcome)")
    }
  }

  @Test func namesThatAreNotKnown() throws {
    try Sample.withModelAndImages { folder in
      let architecture = try Tool.run("new", "nonsense", in: folder)
      #expect(architecture.failed(mentioning: "resnet20", status: 64), "\(architecture)")
      let output = try Tool.run("evaluate", "lenet.onnx", "--data", "hdf5:images.h5", "--output", "nonsense", in: folder)
      #expect(output.failed(mentioning: "nonsense"), "\(output)")
    }
  }

  /// A disk without room, and positions that cannot hold a file.
  @Test func positionsThatCannotBeWritten() throws {
    try Sample.withModelAndImages { folder in
      try Data().write(to: folder.appendingPathComponent("file"))
      for out in ["/dev/full", ".", "file/below.onnx", "/proc/espalier.onnx"] {
        let outcome = try Tool.run("new", "lenet", "--out", out, in: folder)
        #expect(outcome.failed(mentioning: out), "\(out): \(outcome)")
        let relevance = try Tool.run("relevance", "lenet.onnx", "--data", "hdf5:images.h5", "--out", out, in: folder)
        #expect(relevance.failed(mentioning: out), "\(out): \(relevance)")
      }
      let full = try Tool.start(["inspect", "lenet.onnx"], in: folder, output: FileHandle(forWritingAtPath: "/dev/full")!)
      full.waitUntilExit()
      #expect(full.terminationStatus == 1)
    }
  }

  @Test(.disabled(if: getuid() == 0, "root may read and write everything")) func noPermission() throws {
    try Sample.withModelAndImages { folder in
      let model = folder.appendingPathComponent("lenet.onnx").path
      try FileManager.default.setAttributes([.posixPermissions: 0], ofItemAtPath: model)
      let unreadable = try Tool.run("inspect", "lenet.onnx", in: folder)
      #expect(unreadable.failed(mentioning: "lenet.onnx"), "\(unreadable)")
      let closed = folder.appendingPathComponent("closed")
      try FileManager.default.createDirectory(
        at: closed, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o500])
      let unwritable = try Tool.run("new", "lenet", "--out", "closed/lenet.onnx", in: folder)
      #expect(unwritable.failed(mentioning: "closed/lenet.onnx"), "\(unwritable)")
    }
  }
}
