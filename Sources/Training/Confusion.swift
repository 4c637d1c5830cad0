import Tensors

/// How often positions of each class are predicted as each class, over a whole data set.
///
/// Positions without a class do not count. The measures are those of torchvision's `ConfusionMatrix`, but for classes that neither
/// labels nor predictions have, which have no IoU here and no part in the mean.
public struct Confusion: Hashable, Sendable, Codable {
  /// The number of classes, K.
  public let classes: Int
  /// The numbers of positions, `[K, K + 1]`: by class, by predicted class; last those whose prediction is NaN.
  public private(set) var counts: [Int]

  init(classes: Int) {
    self.classes = classes
    counts = [Int](repeating: 0, count: classes * (classes + 1))
  }

  /// Counts a position.
  mutating func add(_ label: Int, predicted: Int?) { counts[label * (classes + 1) + (predicted ?? classes)] += 1 }

  /// Whether there are as many counts as classes ask for.
  var isSound: Bool { 0...1 << 16 ~= classes && counts.count == classes * (classes + 1) }

  mutating func add(_ other: Confusion) { for i in counts.indices { counts[i] += other.counts[i] } }

  /// The number of positions with a class.
  public var total: Int { counts.reduce(0, +) }

  /// The share of them that are predicted right; NaN without any.
  public var accuracy: Double {
    Double((0..<classes).reduce(0) { $0 + counts[$1 * (classes + 1) + $1] }) / Double(total)
  }

  /// Intersection over union of every class; nil of a class that neither labels nor predictions have.
  public var iou: [Double?] {
    (0..<classes).map { k in
      let both = counts[k * (classes + 1) + k]
      let labelled = counts[k * (classes + 1)..<(k + 1) * (classes + 1)].reduce(0, +)
      let predicted = (0..<classes).reduce(0) { $0 + counts[$1 * (classes + 1) + k] }
      let union = labelled + predicted - both
      return union == 0 ? nil : Double(both) / Double(union)
    }
  }

  /// The mean of ``iou`` over the classes that have one; NaN without any.
  public var meanIoU: Double {
    let found = iou.compactMap { $0 }
    return found.reduce(0, +) / Double(found.count)
  }
}

/// How far numbers are from those that are right, over a whole data set.
public struct ErrorSums: Hashable, Sendable, Codable {
  /// The number of numbers.
  public internal(set) var count = 0
  var squared = 0.0
  var absolute = 0.0
  /// By output: the sum of what is right, of its square, and of the squared error.
  var sums: [Double]

  init(outputs: Int) { sums = [Double](repeating: 0, count: 3 * outputs) }

  mutating func add(_ output: Int, _ number: Double, right: Double) {
    let error = number - right
    count += 1
    squared += error * error
    absolute += abs(error)
    sums[3 * output] += right
    sums[3 * output + 1] += right * right
    sums[3 * output + 2] += error * error
  }

  mutating func add(_ other: ErrorSums) {
    count += other.count
    squared += other.squared
    absolute += other.absolute
    for i in sums.indices { sums[i] += other.sums[i] }
  }

  /// The mean squared error.
  public var meanSquaredError: Double { squared / Double(count) }
  /// The mean absolute error.
  public var meanAbsoluteError: Double { absolute / Double(count) }
  /// The coefficient of determination R², the mean over outputs, as scikit-learn's `r2_score`: 1 less the squared error over that of
  /// the labels' mean; NaN where the labels of an output do not vary.
  public var r2: Double {
    let outputs = sums.count / 3
    let samples = Double(count) / Double(outputs)
    return (0..<outputs).reduce(0.0) { sum, k in
      let spread = sums[3 * k + 1] - sums[3 * k] * sums[3 * k] / samples
      return sum + (spread > 0 ? 1 - sums[3 * k + 2] / spread : .nan)
    } / Double(outputs)
  }
}
