import Tensors

/// The area under a curve through points, over the range of their x: the mean height of the curve.
///
/// By the trapezoidal rule, which is linear in y: the area is a weighted sum of heights. So where a height is a mean over images, such
/// as accuracy over a budget, each image has an area of its own, and their mean is that of the curve.
public struct AreaUnderCurve: Hashable, Sendable {
  /// What every height counts, in the order of the points given; they sum up to 1.
  public let weights: [Double]

  /// Makes weights.
  ///
  /// - Parameter x: the points, in any order.
  /// - Throws: `EspalierError` for fewer than two, for one that is there twice, or is not finite.
  public init(over x: [Double]) throws {
    guard x.count > 1 else {
      throw EspalierError("a curve of \(x.count.of("point")) has no area", accepted: "two points or more")
    }
    if let stranger = x.first(where: { !$0.isFinite }) {
      throw EspalierError("\(stranger) is no point of a curve", accepted: "finite numbers")
    }
    let order = x.indices.sorted { x[$0] < x[$1] }
    let sorted = order.map { x[$0] }
    if let place = sorted.indices.dropLast().first(where: { sorted[$0] == sorted[$0 + 1] }) {
      throw EspalierError("a curve has two points at \(sorted[place])", accepted: "each point once")
    }
    let range = sorted[sorted.count - 1] - sorted[0]
    var weights = x
    for (place, position) in order.enumerated() {
      let (before, after) = (sorted[max(place - 1, 0)], sorted[min(place + 1, sorted.count - 1)])
      weights[position] = (after - before) / 2 / range
    }
    self.weights = weights
  }

  /// The area under a curve.
  ///
  /// - Parameter heights: one a point.
  /// - Precondition: there are as many as points.
  public func area(_ heights: [Double]) -> Double {
    precondition(heights.count == weights.count, "\(heights.count) heights over \(weights.count) points")
    return zip(weights, heights).reduce(0) { $0 + $1.0 * $1.1 }
  }

  /// The area of every image under its own curve, `[images]`.
  ///
  /// - Parameter correct: whether images are answered right, `[points, images]`.
  /// - Precondition: there are as many rows as points, and as many images in each.
  public func areas(_ correct: [[Bool]]) -> [Double] {
    precondition(correct.count == weights.count, "\(correct.count) rows of images over \(weights.count) points")
    return correct[0].indices.map { image in zip(weights, correct).reduce(0) { $1.1[image] ? $0 + $1.0 : $0 } }
  }
}
