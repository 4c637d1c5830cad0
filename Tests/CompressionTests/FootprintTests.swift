import Compression
import Foundation
import Networks
import ONNX
import TestSupport
import Tensors
import Testing

@Suite struct FootprintTests {
  /// A convolution 2 → 3 of 3 × 3 on 5 × 6 with a bias, and a linear layer 3 → 4: counted by hand.
  private func network(metadata: [String: String] = [:]) throws -> Graph {
    var editor = GraphEditor(name: "counted")
    editor.inputs = [GraphInput(name: "x", dimensions: [.symbolic("N"), .fixed(2), .fixed(5), .fixed(6)])]
    let weight = editor.add(.float(Tensor((0..<54).map { Float($0 % 3) }, shape: [3, 2, 3, 3])), named: "w")
    let bias = editor.add(.float(Tensor([1, 0, -1], shape: [3])), named: "b")
    let conv = editor.add(Op.Conv(), named: "conv", inputs: ["x", weight, bias])
    let pooled = editor.add(Op.GlobalAveragePool(), named: "pool", inputs: [conv])
    let flat = editor.add(Op.Flatten(), named: "flat", inputs: [pooled])
    let dense = editor.add(.float(Tensor((0..<12).map(Float.init), shape: [4, 3])), named: "v")
    editor.outputs = [editor.add(Op.Gemm(transposeB: true), named: "fc", inputs: [flat, dense])]
    editor.metadata = metadata
    return try editor.graph()
  }

  @Test func countedByHand() throws {
    let footprint = try Footprint(network())
    let macs = 3 * 4 * 3 * 2 * 9 + 12
    #expect(footprint.macs == macs && footprint.parameters == 54 + 3 + 12)
    #expect(footprint.nonZeros == 36 + 2 + 11)
    #expect(footprint.activations == 3 * 3 * 4 + 4)
    #expect(footprint.bitOperations == macs * 32 * 32)
  }

  /// Bytes are those of the file on the disk, without what records in its metadata take.
  @Test func bytesAreThoseOfTheFile() throws {
    try withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("a.onnx").path
      let plain = try network(metadata: ["mine": "stays"])
      try plain.writeONNX(to: path)
      let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int
      #expect(try Footprint(plain).bytes == size)
      let noted = try network(metadata: ["mine": "stays", "espalier.chain": "[]", "espalier.pruning": "{}"])
      #expect(try Footprint(noted) == Footprint(plain))
    }
  }

  /// What ResNet-20 has: 40.6 million MACs and 0.27 million parameters, with shortcuts without weights.
  @Test func resNet20() throws {
    let footprint = try Footprint(Architecture.named("resnet20", classes: 10, input: [3, 32, 32], seed: 0))
    #expect(abs(Double(footprint.macs) - 40.6e6) < 0.3e6 && abs(Double(footprint.parameters) - 0.27e6) < 0.005e6)
  }
}
