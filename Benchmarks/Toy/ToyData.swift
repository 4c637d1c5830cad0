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

  /// Draws points, equally many a class.
  func points(_ count: Int, seed: UInt64) -> ToyPoints {
    var random = Philox(seed: seed, stream: Philox.stream(named: "\(rawValue) \(count)"))
    let share = count / classes
    var (points, labels): ([Float], [Int]) = ([], [])
    func steps(from low: Double, to high: Double, closed: Bool) -> [Double] {
      (0..<share).map { low + (high - low) * Double($0) / Double(max(closed ? share - 1 : share, 1)) }
    }
    func add(_ x: Double, _ y: Double, _ label: Int, noise: Double) {
      points += [Float(x + noise * random.normal()), Float(y + noise * random.normal())]
      labels.append(label)
    }
    switch self {
    case .moon:
      for t in steps(from: 0, to: .pi, closed: true) { add(cos(t), sin(t), 0, noise: 0.1) }
      for t in steps(from: 0, to: .pi, closed: true) { add(1 - cos(t), 0.5 - sin(t), 1, noise: 0.1) }
    case .circle:
      for (label, radius) in [1, 0.3].enumerated() {
        for t in steps(from: 0, to: 2 * .pi, closed: false) { add(radius * cos(t), radius * sin(t), label, noise: 0.1) }
      }
    case .mult:
      for arm in 0..<4 {
        let angles = steps(from: 4 * Double(arm), to: 4 * Double(arm + 1), closed: true)
        for (r, t) in zip(steps(from: 0, to: 1, closed: true), angles) {
          let turned = t + 0.2 * random.normal()
          add(r * sin(turned), r * cos(turned), arm, noise: 0)
        }
      }
    }
    return ToyPoints(points: Tensor(points, shape: [labels.count, 2]), labels: labels, seed: seed)
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
