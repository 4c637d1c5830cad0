import Foundation
import Networks
import ONNX
import TestSupport
import Testing

/// Blocks of networks as other tools wrote them.
@Suite struct RealBlockTests {
  /// As their modules were put together: `Tests/Golden/README.md`.
  @Test(arguments: [
    ("vgg", []), ("resnet", ["3 residual", "4 residual", "5 residual", "6 residual"]),
    ("inception", ["2 inception", "4 inception"]), ("mobile", ["bottleneck", "bottleneck"]),
  ])
  func goldenNetworks(name: String, expected: [String]) throws {
    let blocks = try Graph(onnx: GoldenFiles.url("networks/\(name).onnx").path).blocks
    let joined = blocks.filter { $0.kind != .layer && $0.kind != .other }
    #expect(joined.map { name == "mobile" ? $0.kind.rawValue : "\($0.name) \($0.kind.rawValue)" } == expected)
  }

  @Test(.enabled(if: !TestModels.real.isEmpty, "ESPALIER_MODELS names no folder"))
  func realNetworks() throws {
    for url in TestModels.real {
      let graph = try Graph(onnx: url.path)
      let blocks = graph.blocks
      #expect(Set(blocks.map(\.name)).count == blocks.count)
      #expect(blocks.last?.output == graph.outputs.first)
      func count(_ kind: Block.Kind) -> Int { blocks.filter { $0.kind == kind }.count }
      let names = blocks.map(\.name)
      switch url.deletingPathExtension().lastPathComponent {
      case "mobilenet_v2":
        #expect(count(.residual) == 10 && count(.bottleneck) == 7)
        #expect(names == (0...18).map { "features.features.\($0)" } + ["classifier.classifier.1.Gemm"])
      case "efficientnet_lite0":
        #expect(count(.residual) == 9 && count(.bottleneck) == 7)
        #expect(names == ["_conv_stem.Conv"] + (0...15).map { "_blocks.\($0)" } + ["_conv_head.Conv", "_fc.Gemm"])
      default: #expect(count(.residual) == 0)
      }
    }
  }
}
