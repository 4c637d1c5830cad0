import Foundation
import Networks
import ONNX
import Tensors
import TestSupport
import Testing

/// Files that cannot be read are answered with one line that names what is at fault.
@Suite struct FailureTests {
  static let refused: [(String, [String])] = [
    ("opset6", ["opset 6", "7 to 28"]), ("opset99", ["opset 99", "7 to 28"]), ("if-of-data", ["If 'choice'", "depends on"]),
    ("loop-of-data", ["Loop 'rounds'", "number of rounds"]), ("loop-long", ["Loop 'rounds'", "131072"]),
    ("loop-until", ["Loop 'rounds'", "condition"]), ("sequence-element", ["SequenceAt 'taken'", "no element 2"]),
    ("sequence-unknown", ["SequenceAt 'taken'", "not known"]),
    ("domain", ["Gelu 'act'", "com.example"]), ("unknown-operator", ["Det 'det'"]),
    ("unknown-attribute", ["Relu 'relu'", "speed"]), ("attribute-type", ["LeakyRelu", "alpha"]),
    ("attribute-of-older-set", ["Clip", "min"]), ("nan", ["initializer 'w'", "NaN"]), ("sparse", ["initializer 'w'", "sparse"]),
    ("external-absent", ["initializer 'w'", "absent.bin", "no such file"]), ("external-parent", ["outside"]),
    ("external-absolute", ["outside"]), ("external-folder", ["initializer 'w'"]), ("external-short", ["at most 20 bytes"]),
    ("external-negative", ["offset", "-4"]), ("external-length", ["12 bytes", "16 bytes"]),
    ("dims", ["initializer 'w'", "5×1×1"]),
    ("dims-huge", ["too large"]), ("dims-negative", ["negative"]), ("type-string", ["string"]), ("type-unknown", ["99"]),
    ("undefined-value", ["nowhere"]), ("cycle", ["depends on its own output"]), ("twice", ["'y' is defined twice"]),
    ("indices", ["MaxPool", "'i'"]), ("integer-input", ["input 'i'"]),
    ("arity", ["Add has 1 inputs"]), ("kernel-shape", ["Conv 'conv'", "kernel_shape"]), ("stride", ["strides"]),
    ("cast", ["Cast"]), ("empty", ["empty"]), ("text", ["damaged"]),
    ("function-recursion", ["F 'call'", "calls itself"]), ("function-doubling", ["F 'call'", "too many"]),
    ("function-doubling-nothing", ["too many"]), ("function-depth", ["64 levels"]),
    ("function-missing-attribute", ["F 'call'", "attribute 'slope'", "missing"]),
    ("function-unknown-attribute", ["no attribute 'speed'"]), ("function-attribute-type", ["attribute 'slope'", "string"]),
    ("function-reference", ["no attribute 'slope'"]), ("function-undefined", ["value 'w'", "nowhere"]),
    ("function-twice", ["value 'y'", "defined twice"]), ("function-no-output", ["output 'y'", "nowhere"]),
    ("function-inputs", ["given 2 inputs"]), ("function-opset", ["opset 15", "18"]), ("function-inner", ["Det 'call/det'"]),
    ("reference", ["LeakyRelu 'leaky'", "refers to 'slope'"]), ("attention-cache", ["Attention 'attention'", "past_key"]),
    ("attention-heads", ["q_num_heads", "kv_num_heads"]), ("grid-sample-cubic", ["GridSample 'sample'", "bicubic"]),
  ]

  @Test(arguments: refused) func aFileIsRefused(_ name: String, _ parts: [String]) throws {
    let file = TestModels.resources.appendingPathComponent("refused/\(name).onnx").path
    let error = #expect(throws: EspalierError.self) { try Graph(onnx: file) }
    let text = try #require(error).description
    #expect(text.hasPrefix(file))
    for part in parts { #expect(text.contains(part), "\(text)") }
  }

  @Test func aFolderAndNoFileAreRefused() throws {
    try withTemporaryFolder { folder in
      #expect(throws: EspalierError.self) { try Graph(onnx: folder.path) }
      #expect(throws: EspalierError.self) { try Graph(onnx: folder.appendingPathComponent("none.onnx").path) }
      let graph = try Graph(onnx: TestModels.golden[0].path)
      #expect(throws: EspalierError.self) { try graph.writeONNX(to: folder.path) }
      #expect(throws: EspalierError.self) { try graph.writeONNX(to: folder.appendingPathComponent("none/model.onnx").path) }
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
    }
  }

  @Test func aLinkOutOfTheFolderIsNotFollowed() throws {
    try withTemporaryFolder { folder in
      let files = FileManager.default
      let (inner, bytes) = (folder.appendingPathComponent("inner"), folder.appendingPathComponent("bytes"))
      try files.createDirectory(at: inner, withIntermediateDirectories: false)
      try Data(count: 20).write(to: bytes)
      try files.createSymbolicLink(at: inner.appendingPathComponent("external.bin"), withDestinationURL: bytes)
      let model = inner.appendingPathComponent("model.onnx")
      try files.copyItem(at: TestModels.resources.appendingPathComponent("refused/external.onnx"), to: model)
      let error = #expect(throws: EspalierError.self) { try Graph(onnx: model.path) }
      #expect(error?.problem.contains("outside") == true)
    }
  }

  /// Models that are links, and the cache of the hub, where model and weights are links to blobs beside the snapshots.
  @Test func linkedModelsAreRead() throws {
    try withTemporaryFolder { folder in
      let files = FileManager.default
      func make(_ path: String) throws -> URL {
        let url = folder.appendingPathComponent(path)
        try files.createDirectory(at: url, withIntermediateDirectories: true)
        return url
      }
      func link(_ position: URL, to path: String) throws {
        try files.createSymbolicLink(atPath: position.path, withDestinationPath: path)
      }
      let source = TestModels.resources.appendingPathComponent("refused")
      let (blobs, snapshot) = (try make("hub/blobs"), try make("hub/snapshots/abc"))
      try files.copyItem(at: source.appendingPathComponent("external.onnx"), to: blobs.appendingPathComponent("0a"))
      try files.copyItem(at: source.appendingPathComponent("external.bin"), to: blobs.appendingPathComponent("0b"))
      try link(snapshot.appendingPathComponent("model.onnx"), to: "../../blobs/0a")
      try link(snapshot.appendingPathComponent("external.bin"), to: "../../blobs/0b")
      let plain = try Graph(onnx: source.appendingPathComponent("external.onnx").path)
      let cached = try Graph(onnx: snapshot.appendingPathComponent("model.onnx").path)
      #expect(cached.constants.values.map(\.floats) == plain.constants.values.map(\.floats))
      // Weights beside the model that a link leads to.
      let far = try make("far")
      for name in ["external.onnx", "external.bin"] {
        try files.copyItem(at: source.appendingPathComponent(name), to: far.appendingPathComponent(name))
      }
      let linked = folder.appendingPathComponent("linked.onnx")
      try link(linked, to: "far/external.onnx")
      #expect(try Graph(onnx: linked.path).constants.values.map(\.floats) == plain.constants.values.map(\.floats))
      // Out of the cache no link is followed.
      try files.removeItem(at: snapshot.appendingPathComponent("external.bin"))
      try link(snapshot.appendingPathComponent("external.bin"), to: far.appendingPathComponent("external.bin").path)
      let error = #expect(throws: EspalierError.self) { try Graph(onnx: snapshot.appendingPathComponent("model.onnx").path) }
      #expect(error?.problem.contains("outside") == true)
    }
  }

  @Test(arguments: TestModels.golden) func everyTruncationIsRefused(_ file: URL) throws {
    let bytes = try Data(contentsOf: file)
    try withTemporaryFolder { folder in
      let copy = folder.appendingPathComponent("short.onnx")
      for length in stride(from: 0, to: bytes.count - 1, by: 97) {
        try bytes.prefix(length).write(to: copy)
        #expect(throws: EspalierError.self) { try Graph(onnx: copy.path) }
      }
    }
  }

  @Test(arguments: TestModels.golden + TestModels.older) func damagedFilesAreRefusedOrRead(_ file: URL) throws {
    let mutator = Mutator([UInt8](try Data(contentsOf: file)))
    try withTemporaryFolder { folder in
      let copy = folder.appendingPathComponent("damaged.onnx")
      for number in 0..<60 {
        try Data(mutator(number)).write(to: copy)
        do {
          let graph = try Graph(onnx: copy.path, allowingNaN: true)
          try graph.writeONNX(to: folder.appendingPathComponent("again.onnx").path)
        } catch let error as EspalierError {
          #expect(!error.description.isEmpty)
        }
      }
    }
  }
}
