import Foundation
import Tensors
import Training

/// Points in the plane with a class each, as Yeom and his colleagues draw them.
enum ToyData: String, CaseIterable, Sendable {
  /// Two half moons, noise 0.1.
  case moon
  /// A circle in another, of 0.3 of its radius, noise 0.1.
  case circle
  /// Four arms of a spiral.
  case mult

  /// The number of classes.
  var classes: Int { self == .mult ? 4 : 2 }
  /// The number of points that a network is trained and judged on.
  var trained: Int { 1000 * classes }
  /// The numbers of reference points, of all classes together.
  var references: [Int] { self == .mult ? [4, 20, 80, 200, 800] : [2, 10, 200] }

  /// The points that the authors' program draws, equally many a class: scikit-learn's `make_moons` and `make_circles` with their
  /// noise of 0.1, the arms as the authors wrote them.
  func points(_ count: Int, seed: UInt32) -> ToyPoints {
    var random = LegacyRandom(seed: seed)
    let share = count / classes
    func steps(from low: Double, to high: Double, closed: Bool) -> [Double] {
      (0..<share).map { low + (high - low) * Double($0) / Double(max(closed ? share - 1 : share, 1)) }
    }
    var (positions, labels): ([(x: Double, y: Double)], [Int]) = ([], [])
    switch self {
    case .moon:
      let angles = steps(from: 0, to: .pi, closed: true)
      positions = angles.map { (cos($0), sin($0)) } + angles.map { (1 - cos($0), 0.5 - sin($0)) }
    case .circle:
      let angles = steps(from: 0, to: 2 * .pi, closed: false)
      positions = [1, 0.3].flatMap { radius in angles.map { (radius * cos($0), radius * sin($0)) } }
    case .mult:
      for arm in 0..<4 {
        let angles = steps(from: 4 * Double(arm), to: 4 * Double(arm + 1), closed: true)
        positions += zip(steps(from: 0, to: 1, closed: true), angles).map { radius, angle in
          let turned = angle + 0.2 * random.normal()
          return (radius * sin(turned), radius * cos(turned))
        }
      }
    }
    labels = (0..<classes).flatMap { Array(repeating: $0, count: share) }
    if self != .mult {
      let order = random.permutation(positions.count)
      (positions, labels) = (order.map { positions[$0] }, order.map { labels[$0] })
      for index in positions.indices {
        positions[index].x += 0.1 * random.normal()
        positions[index].y += 0.1 * random.normal()
      }
    }
    return ToyPoints(
      points: Tensor(positions.flatMap { [Float($0.x), Float($0.y)] }, shape: [labels.count, 2]), labels: labels,
      seed: UInt64(seed))
  }
}

/// Labelled points, in another order every epoch.
struct ToyPoints: LabelledData {
  /// `[N, 2]`.
  var points: Tensor<Float>
  var labels: [Int]
  var seed: UInt64
  var isShuffled = false

  var count: Int { labels.count }

  func shard(_ positions: Range<Int>, epoch: Int) throws -> LabelledShard {
    var indices = Array(positions)
    if isShuffled {
      var random = Philox(seed: seed, stream: UInt64(epoch))
      let order = random.permutation(count)
      indices = positions.map { order[$0] }
    }
    return LabelledShard(
      samples: Tensor(indices.flatMap { [points.elements[2 * $0], points.elements[2 * $0 + 1]] }, shape: [indices.count, 2]),
      labels: indices.map { [labels[$0]] }, indices: indices)
  }
}
