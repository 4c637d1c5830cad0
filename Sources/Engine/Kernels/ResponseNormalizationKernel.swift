import Foundation
import Networks
import Tensors

/// Local response normalisation across channels, row-major.
final class ResponseNormalizationKernel: Kernel {
  private let op: Op.LRN
  private let context: NodeContext

  init(_ op: Op.LRN, _ context: NodeContext) {
    self.op = op
    self.context = context
  }

  func forward(_ builder: PlanBuilder) throws {
    let layout = Layout.plain(try context.shape(0))
    let slot = try builder.reorder(builder.slot(of: context.input(0)), to: layout)
    let result = builder.allocate(layout, name: context.node.outputs[0])
    let op = op
    builder.addStep(context.node.label, reads: [slot], writes: [result]) { program in
      op.forEachSample(layout) { start, channels, area in
        let (x, y) = (program.pointer(slot) + start, program.pointer(result) + start)
        let base = op.bases(x, channels, area)
        for i in base.indices { y[i] = Float(Double(x[i]) * op.power(base[i])) }
      }
    }
    builder.define(context.node.outputs[0], result)
  }

  func backward(_ builder: PlanBuilder, _ gradients: [Slot?], wanted: [Bool]) throws -> [Slot?] {
    guard let gradient = gradients[0], wanted[0] else { return wanted.map { _ in nil } }
    let layout = Layout.plain(try context.shape(0))
    let slot = try builder.reorder(builder.slot(of: context.input(0)), to: layout)
    let incoming = try builder.reorder(gradient, to: layout)
    let result = builder.allocate(layout, name: context.node.label)
    let op = op
    builder.addStep(context.node.label, reads: [slot, incoming], writes: [result]) { program in
      let factor = 2 * Double(op.alpha) * Double(op.beta) / Double(op.size)
      op.forEachSample(layout) { start, channels, area in
        let (x, z) = (program.pointer(slot) + start, program.pointer(result) + start)
        let g = program.pointer(incoming) + start
        let base = op.bases(x, channels, area)
        let direct = base.indices.map { Double(g[$0]) * op.power(base[$0]) }
        let carried = base.indices.map { direct[$0] * Double(x[$0]) / base[$0] }
        // The windows that hold a channel lie the other way round.
        let sums = op.windowSums(channels, area, before: op.size / 2, after: (op.size - 1) / 2) { carried[$0] }
        for i in base.indices { z[i] = Float(direct[i] - factor * Double(x[i]) * sums[i]) }
      }
    }
    return [result]
  }
}

extension Op.LRN {
  /// `base^−beta`; the exponent of AlexNet and GoogLeNet takes two roots instead of a power.
  fileprivate func power(_ base: Double) -> Double {
    guard beta == 0.75 else { return pow(base, -Double(beta)) }
    let root = base.squareRoot()
    return 1 / (root * root.squareRoot())
  }

  /// `bias + alpha / size · Σ x²` of one sample, over the channels that each channel is normalised by.
  fileprivate func bases(_ x: UnsafePointer<Float>, _ channels: Int, _ area: Int) -> [Double] {
    let (offset, factor) = (Double(bias), Double(alpha) / Double(size))
    return windowSums(channels, area, before: (size - 1) / 2, after: size / 2) { Double(x[$0]) * Double(x[$0]) }
      .map { offset + factor * $0 }
  }

  /// Sums of one sample's `[channels, area]` terms over windows of channels.
  @inline(__always)
  fileprivate func windowSums(_ channels: Int, _ area: Int, before: Int, after: Int, _ term: (_ position: Int) -> Double)
    -> [Double]
  {
    var sums = [Double](repeating: 0, count: channels * area)
    for channel in 0..<channels {
      for other in max(0, channel - before)...min(channels - 1, channel + after) {
        for position in 0..<area { sums[channel * area + position] += term(other * area + position) }
      }
    }
    return sums
  }

  fileprivate func forEachSample(_ layout: Layout, _ body: (_ start: Int, _ channels: Int, _ area: Int) -> Void) {
    for sample in 0..<layout.samples { body(sample * layout.sampleStride, layout.channels, layout.area) }
  }
}
