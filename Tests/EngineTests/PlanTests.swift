import Engine
import Foundation
import Networks
import TestSupport
import Tensors
import Testing

@Suite struct PlanTests {
  @Test(arguments: TinyNetworks.all().map(\.name), [false, true])
  func buffersInUseTogetherDoNotOverlap(_ name: String, isTraining: Bool) throws {
    let graph = isTraining ? tiny(name) : try tiny(name).canonized()
    let wanted = ["input"] + graph.floatConstants.keys.filter { $0.hasSuffix(".weight") }
    let plan = try Differentiated(graph, batch: 3, from: ["output"], to: wanted, isTraining: isTraining).plan
    for (index, a) in plan.positions.enumerated() {
      #expect(a.bytes.upperBound <= plan.arenaByteCount && a.bytes.lowerBound % 64 == 0)
      for b in plan.positions[..<index] where a.steps.overlaps(b.steps) {
        #expect(!a.bytes.overlaps(b.bytes), "\(a) and \(b)")
      }
    }
    #expect(plan.arenaByteCount < plan.unplannedByteCount)
  }

  /// A thread that nobody prepared makes primitives for itself alone: with more, results and speed hung on the machine's cores.
  @Test func plansKeepToTheirThread() {
    let done = DispatchSemaphore(value: 0)
    nonisolated(unsafe) var threads = 0
    let thread = Thread {
      do {
        _ = try PlanBuilder(TinyNetworks.vgg().canonized(), batch: 1)
        threads = threadsHere()
      } catch { Issue.record(error) }
      done.signal()
    }
    thread.stackSize = 1 << 24
    thread.start()
    done.wait()
    #expect(threads == 1)
  }

  @Test func memoryIsSharedAlongAChain() throws {
    var editor = GraphEditor(name: "chain")
    editor.inputs = [GraphInput(name: editor.freshName("x"), dimensions: [.symbolic("N"), .fixed(16), .fixed(16), .fixed(16)])]
    var value = "x"
    for layer in 0..<12 {
      let weight = editor.add(.float(noise([16, 16, 3, 3], "\(layer)")), named: "w\(layer)")
      let window = Window(padding: .explicit(begin: [1, 1], end: [1, 1]))
      value = editor.add(
        Op.Relu(), named: "r\(layer)", inputs: [editor.add(Op.Conv(window: window), named: "c\(layer)", inputs: [value, weight])])
    }
    editor.outputs = [value]
    let map = 2 * 16 * 16 * 16 * 4
    let builder = try PlanBuilder(editor.graph(), batch: 2)
    try builder.forward()
    let plan = builder.finish()
    // The input and the result stay; between them two maps are enough.
    #expect(plan.arenaByteCount <= 4 * map)
    #expect(plan.unplannedByteCount >= 13 * map)
    #expect(builder.parameters.byteCount == 12 * 16 * 16 * 9 * 4)
  }

  /// A factor a channel over maps of more than 2³¹ bytes is planned, for batches as large as that.
  @Test func aFactorAChannelOverLargeMaps() throws {
    var editor = GraphEditor(name: "factor")
    editor.inputs = [
      GraphInput(name: editor.freshName("x"), dimensions: [.symbolic("N"), .fixed(64), .fixed(224), .fixed(224)])
    ]
    let factor = editor.add(.float(noise([64, 1, 1], "k")), named: "k")
    editor.outputs = [editor.add(Op.Mul(), named: "y", inputs: ["x", factor])]
    let builder = try PlanBuilder(editor.graph(), batch: 64)
    try builder.forward()
    #expect(builder.finish().arenaByteCount >= 64 * 64 * 224 * 224 * 4)
  }

  /// Convolutions of ResNet-18, VGG-16 and MobileNetV2, pruned ones too: channels, filters, kernel, stride, groups, side.
  static let layers: [(Int, Int, Int, Int, Int, Int)] = [
    (3, 64, 7, 2, 1, 224), (64, 64, 3, 1, 1, 56), (64, 128, 3, 2, 1, 56), (64, 128, 1, 2, 1, 56), (256, 512, 3, 2, 1, 14),
    (512, 512, 3, 1, 1, 7), (3, 64, 3, 1, 1, 112), (128, 256, 3, 1, 1, 56), (3, 32, 3, 2, 1, 112), (32, 32, 3, 1, 32, 56),
    (96, 96, 3, 2, 96, 56), (32, 16, 1, 1, 1, 56), (144, 24, 1, 1, 1, 28), (320, 1280, 1, 1, 1, 7), (61, 53, 3, 1, 1, 56),
    (251, 61, 1, 1, 1, 28), (243, 499, 1, 2, 1, 28), (3, 59, 3, 1, 1, 112), (93, 93, 3, 1, 93, 28),
  ]

  @Test(arguments: layers) func noConvolutionFallsBack(_ layer: (Int, Int, Int, Int, Int, Int)) throws {
    let (channels, filters, kernel, stride, group, side) = layer
    var editor = GraphEditor(name: "layer")
    editor.inputs = [
      GraphInput(name: editor.freshName("x"), dimensions: [.symbolic("N"), .fixed(channels), .fixed(side), .fixed(side)])
    ]
    let weight = editor.add(
      .float(Tensor(repeating: 0, shape: [filters, channels / group, kernel, kernel])), named: "w")
    let pad = [kernel / 2, kernel / 2]
    let window = Window(strides: [stride, stride], padding: .explicit(begin: pad, end: pad))
    var value = editor.add(Op.Conv(group: group, window: window), named: "conv", inputs: ["x", weight])
    value = editor.add(Op.Relu(), named: "relu", inputs: [value])
    value = editor.add(Op.MaxPool(kernel: [2, 2], window: Window(strides: [2, 2])), named: "max", inputs: [value])
    value = editor.add(Op.GlobalAveragePool(), named: "mean", inputs: [value])
    value = editor.add(Op.Flatten(), named: "flat", inputs: [value])
    let classes = editor.add(.float(Tensor(repeating: 0, shape: [10, filters])), named: "fc.w")
    value = editor.add(Op.Gemm(transposeB: true), named: "fc", inputs: [value, classes])
    editor.outputs = [value]
    let plan = try Differentiated(editor.graph(), batch: 2, from: [value], to: ["x", weight, classes]).plan
    #expect(plan.implementations.count > 8)
    for (node, kernel) in plan.implementations { #expect(!kernel.hasPrefix("ref"), "\(node)") }
  }
}
