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
      let (x, y) = (program.pointer(slot), program.pointer(result))
      op.forEachPlace(layout) { start, stride, channels in
        for c in 0..<channels {
          y[start + c * stride] = Float(
            Double(x[start + c * stride]) * pow(op.base(x + start, stride, channels, c), -Double(op.beta)))
        }
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
      let (x, g, z) = (program.pointer(slot), program.pointer(incoming), program.pointer(result))
      let beta = Double(op.beta)
      op.forEachPlace(layout) { start, stride, channels in
        let base = (0..<channels).map { op.base(x + start, stride, channels, $0) }
        for c in 0..<channels {
          var sum = Double(g[start + c * stride]) * pow(base[c], -beta)
          for other in 0..<channels where op.neighbours(other, channels).contains(c) {
            let place = start + other * stride
            sum -=
              Double(g[place]) * Double(x[place]) * beta * pow(base[other], -beta - 1) * 2 * Double(op.alpha) / Double(op.size)
              * Double(x[start + c * stride])
          }
          z[start + c * stride] = Float(sum)
        }
      }
    }
    return [result]
  }
}

extension Op.LRN {
  /// The channels that a channel is normalised by.
  fileprivate func neighbours(_ channel: Int, _ channels: Int) -> ClosedRange<Int> {
    max(0, channel - (size - 1) / 2)...min(channels - 1, channel + size / 2)
  }

  /// `bias + alpha / size · Σ x²` around a channel.
  fileprivate func base(_ x: UnsafePointer<Float>, _ stride: Int, _ channels: Int, _ channel: Int) -> Double {
    var sum = 0.0
    for c in neighbours(channel, channels) { sum += Double(x[c * stride]) * Double(x[c * stride]) }
    return Double(bias) + Double(alpha) / Double(size) * sum
  }

  fileprivate func forEachPlace(_ layout: Layout, _ body: (_ start: Int, _ stride: Int, _ channels: Int) -> Void) {
    for sample in 0..<layout.samples {
      for place in 0..<layout.area { body(sample * layout.channels * layout.area + place, layout.area, layout.channels) }
    }
  }
}
