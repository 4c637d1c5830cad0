import Networks
import Tensors

/// Maps read at positions that are computed: what lies between elements is bilinear, or the nearest of them.
final class GridSampleKernel: Kernel {
  private let op: Op.GridSample
  private let context: NodeContext
  private let shape: Shape
  private let grid: Shape

  init(_ op: Op.GridSample, _ context: NodeContext) throws {
    self.op = op
    self.context = context
    (shape, grid) = (try context.shape(0), try context.shape(1))
  }

  func bound(_ inputs: [Double?], _ builder: PlanBuilder) -> Double? { inputs[0] }

  func forward(_ builder: PlanBuilder) throws {
    let source = try builder.reorder(builder.slot(of: context.input(0)), to: .plain(shape))
    let places = try builder.reorder(builder.slot(of: context.input(1)), to: .plain(grid))
    let result = builder.allocate(.plain(context.outputs[0].shape), name: context.node.outputs[0])
    let (maps, channels, area, count) = (shape[0], shape[1], shape[2] * shape[3], grid[1] * grid[2])
    let reader = Reader(op: op, height: shape[2], width: shape[3])
    builder.addStep(context.node.label, reads: [source, places], writes: [result]) { program in
      let (x, g, y) = (program.pointer(source), program.pointer(places), program.pointer(result))
      y.update(repeating: 0, count: maps * channels * count)
      for map in 0..<maps {
        for place in 0..<count {
          let at = (map * count + place) * 2
          reader.forEachTerm(g[at], g[at + 1]) { term in
            for channel in 0..<channels {
              let plane = map * channels + channel
              y[plane * count + place] += term.weight * x[plane * area + term.position]
            }
          }
        }
      }
    }
    builder.define(context.node.outputs[0], result)
  }

  func backward(_ builder: PlanBuilder, _ gradients: [Slot?], wanted: [Bool]) throws -> [Slot?] {
    guard let gradient = gradients[0], wanted.contains(true) else { return wanted.map { _ in nil } }
    let source = try builder.reorder(builder.slot(of: context.input(0)), to: .plain(shape))
    let places = try builder.reorder(builder.slot(of: context.input(1)), to: .plain(grid))
    let incoming = try builder.reorder(gradient, to: .plain(context.outputs[0].shape))
    let label = context.node.label
    let ofMaps = wanted[0] ? builder.allocate(.plain(shape), name: label) : nil
    let ofPlaces = wanted[1] ? builder.allocate(.plain(grid), name: label) : nil
    let (maps, channels, area, count) = (shape[0], shape[1], shape[2] * shape[3], grid[1] * grid[2])
    let reader = Reader(op: op, height: shape[2], width: shape[3])
    let written = [ofMaps, ofPlaces].compactMap { $0 }
    builder.addStep(label, reads: [source, places, incoming], writes: written) { program in
      let (x, g, d) = (program.pointer(source), program.pointer(places), program.pointer(incoming))
      let (z, p) = (ofMaps.map { program.pointer($0) }, ofPlaces.map { program.pointer($0) })
      z?.update(repeating: 0, count: maps * channels * area)
      p?.update(repeating: 0, count: maps * count * 2)
      for map in 0..<maps {
        for place in 0..<count {
          let at = (map * count + place) * 2
          var (alongX, alongY) = (0.0, 0.0)
          reader.forEachTerm(g[at], g[at + 1]) { term in
            for channel in 0..<channels {
              let plane = map * channels + channel
              let slope = d[plane * count + place]
              z?[plane * area + term.position] += term.weight * slope
              let value = Double(slope) * Double(x[plane * area + term.position])
              alongX += Double(term.alongX) * value
              alongY += Double(term.alongY) * value
            }
          }
          p?[at] = Float(alongX)
          p?[at + 1] = Float(alongY)
        }
      }
    }
    return [ofMaps, ofPlaces]
  }
}

/// Which elements of a map are read at a position.
private struct Reader: Sendable {
  let op: Op.GridSample
  let height: Int
  let width: Int

  /// An element that is read: its position in a map, its weight, and the weight's derivatives with respect to the coordinates.
  struct Term {
    var position: Int
    var weight: Float
    var alongX: Float
    var alongY: Float
  }

  @inline(__always)
  func forEachTerm(_ x: Float, _ y: Float, _ body: (Term) -> Void) {
    let (column, row) = (op.position(of: x, length: width), op.position(of: y, length: height))
    let steps = op.mode == .nearest ? 1 : 2
    for down in 0..<steps {
      for right in 0..<steps where 0..<height ~= row.low + down && 0..<width ~= column.low + right {
        let (vertical, horizontal) = (down == 0 ? 1 - row.share : row.share, right == 0 ? 1 - column.share : column.share)
        body(
          Term(
            position: (row.low + down) * width + column.low + right, weight: vertical * horizontal,
            alongX: (right == 0 ? -vertical : vertical) * column.slope,
            alongY: (down == 0 ? -horizontal : horizontal) * row.slope))
      }
    }
  }
}
