import Foundation
import ONNX
import TestSupport
import Testing

@Suite struct FuzzTests {
  /// The short form of `make fuzz`: some hostile files of every kind, each answered by one line, soon, and within bounds of
  /// memory.
  @Test func hostileFiles() throws {
    try withTemporaryFolder { folder in
      let scene = folder.appendingPathComponent("scene")
      try FileManager.default.createDirectory(at: scene, withIntermediateDirectories: true)
      var campaign = Campaign(tool: Tool.url.path, scene: scene, kinds: try Scene.make(in: scene, tool: Tool.url.path, seed: 11))
      campaign.memory = 1 << 30
      let unsound = try campaign.unsound()
      #expect(unsound.isEmpty, "\(unsound.joined(separator: "\n"))")
      let faults = try campaign.run(0..<campaign.kinds.count * 22, workers: 2)
      #expect(faults.isEmpty, "\(faults.map(\.description).joined(separator: "\n"))")
    }
  }

  /// A mutator of well-formed protobuf gives back messages that parse, and changes most of them.
  @Test func protobufStaysWellFormed() throws {
    try withTemporaryFolder { folder in
      let file = folder.appendingPathComponent("network.onnx")
      try RandomNetworks.graph(seed: 2).writeONNX(to: file.path)
      let bytes = [UInt8](try Data(contentsOf: file))
      let mutator = ProtobufMutator(bytes)
      var changed = 0
      for number in 0..<50 {
        let hostile = mutator(number)
        #expect(hostile == mutator(number))
        if hostile != bytes { changed += 1 }
      }
      #expect(changed > 40)
    }
  }
}
