import Networks
import Tensors

extension PlanBuilder {
  /// A slot's contents repeated to a larger shape, row-major; the slot itself where nothing is to be repeated.
  ///
  /// - Throws: `EspalierError` if the shapes do not fit.
  func broadcast(_ slot: Slot, to shape: Shape, label: String) throws -> Slot {
    let own = layout(slot).shape
    let plain = try reorder(slot, to: .plain(own))
    guard own != shape else { return plain }
    let lines = try BroadcastLines(from: own, to: shape)
    let result = allocate(.plain(shape), name: label)
    addStep(label, reads: [plain], writes: [result]) { program in
      let (x, y) = (program.pointer(plain), program.pointer(result))
      lines.forEach { small, large in
        if lines.stride == 0 {
          (y + large).update(repeating: x[small], count: lines.length)
        } else {
          (y + large).update(from: x + small, count: lines.length)
        }
      }
    }
    return result
  }

  /// The transpose of ``broadcast(_:to:label:)``: what was repeated is summed.
  ///
  /// - Throws: `EspalierError` if the shapes do not fit.
  package func sumBack(_ slot: Slot, to shape: Shape, label: String) throws -> Slot {
    let own = layout(slot).shape
    guard own != shape else { return slot }
    let plain = try reorder(slot, to: .plain(own))
    let lines = try BroadcastLines(from: shape, to: own)
    let result = allocate(.plain(shape), name: label)
    addStep(label, reads: [plain], writes: [result]) { program in
      let (x, y) = (program.pointer(plain), program.pointer(result))
      var sums = [Double](repeating: 0, count: shape.count)
      lines.forEach { small, large in
        for i in 0..<lines.length { sums[small + i * lines.stride] += Double(x[large + i]) }
      }
      for i in sums.indices { y[i] = Float(sums[i]) }
    }
    return result
  }
}

/// The lines along the last axes of a row-major tensor to which a smaller one is broadcast: each takes one stretch of the smaller
/// one, or repeats one element of it.
struct BroadcastLines: Sendable {
  /// The elements of a line.
  let length: Int
  /// The distance of a line's neighbours in the smaller tensor: 1, or 0 where one is repeated.
  let stride: Int
  /// The axes before the line: their lengths, and the distances of neighbours in the smaller tensor.
  private let outer: [(length: Int, stride: Int)]
  private let count: Int

  /// - Throws: `EspalierError` if the shapes do not fit.
  init(from small: Shape, to large: Shape) throws {
    let lengths = [Int](repeating: 1, count: max(large.rank - small.rank, 0)) + small.dimensions
    guard lengths.count == large.rank, zip(lengths, large.dimensions).allSatisfy({ $0 == $1 || $0 == 1 }) else {
      throw EspalierError("shape \(small) does not broadcast to \(large)", accepted: "equal lengths, or 1")
    }
    // Neighbouring axes that are both repeated, or both not, are one; axes of length 1 are any.
    var axes: [(length: Int, isRepeated: Bool)] = []
    for (own, length) in zip(lengths, large.dimensions) where length != 1 {
      if let last = axes.last, last.isRepeated == (own == 1) {
        axes[axes.count - 1].length *= length
      } else {
        axes.append((length, own == 1))
      }
    }
    let line = axes.popLast() ?? (1, false)
    (length, stride) = (line.length, line.isRepeated ? 0 : 1)
    var distance = line.isRepeated ? 1 : line.length
    var outer: [(length: Int, stride: Int)] = []
    for axis in axes.reversed() {
      outer.insert((axis.length, axis.isRepeated ? 0 : distance), at: 0)
      if !axis.isRepeated { distance *= axis.length }
    }
    self.outer = outer
    count = large.count == 0 ? 0 : outer.reduce(1) { $0 * $1.length }
  }

  /// Calls `body` with the first positions of each line in the smaller and the larger tensor.
  func forEach(_ body: (_ small: Int, _ large: Int) -> Void) {
    var index = [Int](repeating: 0, count: outer.count)
    var start = 0
    for line in 0..<count {
      body(start, line * length)
      for axis in outer.indices.reversed() {
        index[axis] += 1
        start += outer[axis].stride
        if index[axis] < outer[axis].length { break }
        start -= outer[axis].length * outer[axis].stride
        index[axis] = 0
      }
    }
  }
}
