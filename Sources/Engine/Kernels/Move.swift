import Networks
import Tensors

/// Where the elements of a row-major result come from in a row-major source, each axis by itself: the position of an element is
/// the sum of what its index along every axis says.
///
/// Slices, splits, transpositions, repetitions, borders, nearest-neighbour resizing and picking along an axis are all of this
/// kind, so that nothing as large as the tensor is written down.
struct Move: Sendable {
  /// Where an index along an axis leads: position `start + index · stride`, or any, `outside` where there is no source.
  private enum Axis: Sendable {
    case steps(count: Int, stride: Int)
    case table([Int])

    var count: Int {
      switch self {
      case .steps(let count, _): count
      case .table(let positions): positions.count
      }
    }
  }

  /// What a table holds for elements that are filled.
  static let outside = Int.min

  private let axes: [Axis]
  private let start: Int
  /// The elements of the result.
  let count: Int

  /// Makes a move from the positions along each axis of the result, outermost first: ``outside`` or a distance in the source.
  init(_ positions: [[Int]]) {
    count = positions.reduce(1) { $0 * $1.count }
    var start = 0
    var axes: [Axis] = []
    for table in positions where table.count != 1 || table[0] == Move.outside {
      guard let first = table.first, !table.contains(Move.outside) else {
        axes.append(.table(table))
        continue
      }
      let stride = table.count > 1 ? table[1] - first : 0
      guard table.indices.allSatisfy({ table[$0] == first + $0 * stride }) else {
        axes.append(.table(table))
        continue
      }
      start += first
      // An axis whose step is the whole of the next one's is one with it.
      if case .steps(let outer, let step)? = axes.last, step == table.count * stride {
        axes[axes.count - 1] = .steps(count: outer * table.count, stride: stride)
      } else {
        axes.append(.steps(count: table.count, stride: stride))
      }
    }
    for table in positions where table.count == 1 && table[0] != Move.outside { start += table[0] }
    if axes.isEmpty { axes = [.steps(count: 1, stride: 0)] }
    self.axes = axes
    self.start = start
  }

  /// Writes the result.
  func apply(_ x: UnsafePointer<Float>, to y: UnsafeMutablePointer<Float>, fill: Float) {
    if count == 0 { return }
    walk(0, start, y) { axis, position, y in
      switch axis {
      case .steps(let count, 1): y.update(from: x + position, count: count)
      case .steps(let count, 0): y.update(repeating: x[position], count: count)
      case .steps(let count, let stride): for i in 0..<count { y[i] = x[position + i &* stride] }
      case .table(let table):
        for i in table.indices { y[i] = table[i] == Move.outside ? fill : x[position + table[i]] }
      }
    } filling: { y, count in
      y.update(repeating: fill, count: count)
    }
  }

  /// Adds each element of a result's gradient where it came from.
  func applyBack(_ gradient: UnsafeMutablePointer<Float>, addingTo z: UnsafeMutablePointer<Float>) {
    if count == 0 { return }
    walk(0, start, gradient) { axis, position, g in
      switch axis {
      case .steps(let count, let stride): for i in 0..<count { z[position + i &* stride] += g[i] }
      case .table(let table):
        for i in table.indices where table[i] != Move.outside { z[position + table[i]] += g[i] }
      }
    } filling: { _, _ in
    }
  }

  /// Visits the result line by line along its last axis.
  private func walk(
    _ level: Int, _ position: Int, _ y: UnsafeMutablePointer<Float>,
    _ line: (Axis, _ position: Int, UnsafeMutablePointer<Float>) -> Void,
    filling: (UnsafeMutablePointer<Float>, Int) -> Void
  ) {
    let axis = axes[level]
    if level == axes.count - 1 { return line(axis, position, y) }
    let size = axes[(level + 1)...].reduce(1) { $0 * $1.count }
    switch axis {
    case .steps(let count, let stride):
      for i in 0..<count { walk(level + 1, position + i * stride, y + i * size, line, filling: filling) }
    case .table(let table):
      for i in table.indices {
        if table[i] == Move.outside {
          filling(y + i * size, size)
        } else {
          walk(level + 1, position + table[i], y + i * size, line, filling: filling)
        }
      }
    }
  }
}
