import Networks
import Tensors

extension PlanBuilder {
  /// The transpose of broadcasting: what was repeated is summed.
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
        for i in 0..<lines.length { sums[small[0] + i * lines.strides[0]] += Double(x[large + i]) }
      }
      for i in sums.indices { y[i] = Float(sums[i]) }
    }
    return result
  }
}

/// An operand of an elementwise operation where it lies: its slot, and its axes in memory, which broadcast to those of the
/// result.
struct Operand {
  let slot: Slot
  let axes: Shape
}

extension PlanBuilder {
  /// An operand in a result's layout, as far as it has the result's axes; nothing is repeated.
  ///
  /// - Throws: `EspalierError` if oneDNN cannot reorder.
  func operand(_ slot: Slot, in result: Layout) throws -> Operand {
    let own = layout(slot).shape
    if own == result.shape {
      let slot = try reorder(slot, to: result)
      return Operand(slot: slot, axes: result.axesInMemory)
    }
    let plain = try reorder(slot, to: .plain(own))
    let padded = Shape([Int](repeating: 1, count: max(result.shape.rank - own.rank, 0)) + own.dimensions)
    guard !result.isPlain, padded.rank == result.shape.rank else { return Operand(slot: plain, axes: padded) }
    guard padded[1] > 1 else { return Operand(slot: plain, axes: Shape(padded.dimensions + [1])) }
    let blocked = Layout(shape: padded, block: result.block)
    let slot = try reorder(own == padded ? slot : view(plain, as: padded), to: blocked)
    return Operand(slot: slot, axes: blocked.axesInMemory)
  }

  /// The layout of an elementwise result: that of the first operand with the result's shape.
  func commonLayout(of operands: [Slot], result shape: Shape) -> Layout {
    operands.map { layout($0) }.first { $0.shape == shape } ?? .plain(shape)
  }
}

extension Layout {
  /// The axes as they lie in memory, outermost first.
  var axesInMemory: Shape {
    isPlain ? shape : Shape([samples, blocks] + shape.dimensions.dropFirst(2) + [block])
  }
}

/// The lines along the last axes of a row-major tensor to which two smaller ones are broadcast: each takes one stretch of a
/// smaller one, or repeats one element of it.
struct BroadcastLines: Sendable {
  /// The elements of a line.
  let length: Int
  /// The distance of a line's neighbours in each of the smaller tensors: 1, or 0 where one is repeated.
  let strides: SIMD2<Int>
  /// The axes before the line: their lengths, and the distances of neighbours in the smaller tensors.
  private let outer: [(length: Int, strides: SIMD2<Int>)]
  /// Whether each element of a smaller tensor is read once.
  private let isOnce: [Bool]
  private let isEmpty: Bool

  /// The lines of one smaller tensor.
  ///
  /// - Throws: `EspalierError` if the shapes do not fit.
  init(from small: Shape, to large: Shape) throws { try self.init(small, small, to: large) }

  /// The lines of two smaller tensors.
  ///
  /// - Throws: `EspalierError` if the shapes do not fit.
  init(_ first: Shape, _ second: Shape, to large: Shape) throws {
    let lengths = try [first, second].map { small in
      let lengths = [Int](repeating: 1, count: max(large.rank - small.rank, 0)) + small.dimensions
      guard lengths.count == large.rank, zip(lengths, large.dimensions).allSatisfy({ $0 == $1 || $0 == 1 }) else {
        throw EspalierError("shape \(small) does not broadcast to \(large)", accepted: "equal lengths, or 1")
      }
      return lengths
    }
    // Neighbouring axes that are alike, repeated or not, are one; axes of length 1 are any.
    var axes: [(length: Int, isKept: SIMD2<Int>)] = []
    for (axis, length) in large.dimensions.enumerated() where length != 1 {
      let isKept = SIMD2(lengths[0][axis] == 1 ? 0 : 1, lengths[1][axis] == 1 ? 0 : 1)
      if let last = axes.last, last.isKept == isKept {
        axes[axes.count - 1].length *= length
      } else {
        axes.append((length, isKept))
      }
    }
    let line = axes.popLast() ?? (1, SIMD2(1, 1))
    (length, strides) = line
    var distance = SIMD2(1, 1).replacing(with: line.length, where: line.isKept .== 1)
    var outer: [(length: Int, strides: SIMD2<Int>)] = []
    for axis in axes.reversed() {
      outer.insert((axis.length, distance &* axis.isKept), at: 0)
      distance.replace(with: distance &* axis.length, where: axis.isKept .== 1)
    }
    self.outer = outer
    isOnce = [first, second].map { $0.count == large.count }
    isEmpty = large.count == 0
  }

  /// Calls `body` with runs of lines: how many there are behind each other, the first positions of the first in the smaller
  /// tensors and in the larger one, and how far the smaller ones advance from line to line.
  @inline(__always)
  private func forEachRun(_ body: (_ lines: Int, _ small: SIMD2<Int>, _ large: Int, _ step: SIMD2<Int>) -> Void) {
    if isEmpty { return }
    var index = [Int](repeating: 0, count: outer.count)
    var (start, position) = (SIMD2(0, 0), 0)
    let (lines, step) = outer.last ?? (1, SIMD2(0, 0))
    while true {
      body(lines, start, position, step)
      position += lines * length
      var axis = outer.count - 2
      while axis >= 0 {
        index[axis] += 1
        start &+= outer[axis].strides
        if index[axis] < outer[axis].length { break }
        start &-= outer[axis].strides &* outer[axis].length
        index[axis] = 0
        axis -= 1
      }
      if axis < 0 { return }
    }
  }

  /// Calls `body` with the first positions of each line in the smaller tensors and in the larger one.
  @inline(__always)
  func forEach(_ body: (_ small: SIMD2<Int>, _ large: Int) -> Void) {
    forEachRun { lines, start, first, step in
      var (small, large) = (start, first)
      for _ in 0..<lines {
        body(small, large)
        small &+= step
        large += length
      }
    }
  }

  /// Writes a function of each pair of elements; `z` may be `x` or `y` where that is read once.
  @inline(__always)
  func map(
    _ x: UnsafePointer<Float>, _ y: UnsafePointer<Float>, to z: UnsafeMutablePointer<Float>,
    _ function: (VectorMath.Vector, VectorMath.Vector) -> VectorMath.Vector
  ) {
    forEachRun { lines, start, first, step in
      let (a, b, c) = (x + start[0], y + start[1], z + first)
      switch (strides[0], strides[1]) {
      // Blocks of channels at all positions, with one block that each of them meets: it stays in registers.
      case (1, 1) where step == SIMD2(length, 0) && length % 8 == 0:
        VectorMath.map(a, repeating: b, of: length, to: c, times: lines, function)
      case (1, 1) where step == SIMD2(0, length) && length % 8 == 0:
        VectorMath.map(b, repeating: a, of: length, to: c, times: lines) { function($1, $0) }
      case (1, 1):
        for line in 0..<lines {
          VectorMath.map(
            a + line &* step[0], b + line &* step[1], to: c + line &* length, count: length, function)
        }
      case (1, _):
        for line in 0..<lines {
          let second = VectorMath.Vector(repeating: b[line &* step[1]])
          VectorMath.map(a + line &* step[0], to: c + line &* length, count: length) { function($0, second) }
        }
      case (_, 1):
        for line in 0..<lines {
          let first = VectorMath.Vector(repeating: a[line &* step[0]])
          VectorMath.map(b + line &* step[1], to: c + line &* length, count: length) { function(first, $0) }
        }
      default:
        for line in 0..<lines {
          let pair = (VectorMath.Vector(repeating: a[line &* step[0]]), VectorMath.Vector(repeating: b[line &* step[1]]))
          (c + line &* length).update(repeating: function(pair.0, pair.1)[0], count: length)
        }
      }
    }
  }

  /// Writes a function of each pair of elements and of one of the result's, summed over the elements that one of the operand's is
  /// read for.
  ///
  /// - Parameters:
  ///   - operand: 0 or 1, the operand whose elements `result` has.
  ///   - count: their number, padding included.
  @inline(__always)
  func gather(
    _ x: UnsafePointer<Float>, _ y: UnsafePointer<Float>, _ g: UnsafePointer<Float>, to result: UnsafeMutablePointer<Float>,
    operand: Int, count: Int, _ function: (Float, Float, Float) -> Float
  ) {
    let (first, second) = (strides[0], strides[1])
    if isOnce[operand] {
      forEach { small, large in
        let (a, b, c, z) = (x + small[0], y + small[1], g + large, result + small[operand])
        for i in 0..<length { z[i] = function(a[i &* first], b[i &* second], c[i]) }
      }
      return
    }
    var sums = [Double](repeating: 0, count: count)
    let stride = strides[operand]
    forEach { small, large in
      let (a, b, c, start) = (x + small[0], y + small[1], g + large, small[operand])
      if stride == 0 {
        var sum = 0.0
        for i in 0..<length { sum += Double(function(a[i &* first], b[i &* second], c[i])) }
        sums[start] += sum
      } else {
        for i in 0..<length { sums[start + i] += Double(function(a[i &* first], b[i &* second], c[i])) }
      }
    }
    for i in 0..<count { result[i] = Float(sums[i]) }
  }
}
