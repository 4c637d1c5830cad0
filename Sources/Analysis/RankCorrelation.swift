import Tensors

/// Spearman's rank correlation: Pearson's of ranks, equal values sharing the mean of their ranks.
///
/// Source: C. Spearman, "The proof and measurement of association between two things", 1904.
public enum RankCorrelation {
  /// The ranks of values, from 1; NaN is below all else.
  public static func ranks(_ values: [Double]) -> [Double] {
    func key(_ value: Double) -> Double { value.isNaN ? -.infinity : value }
    let order = values.indices.sorted { key(values[$0]) < key(values[$1]) }
    var ranks = [Double](repeating: 0, count: values.count)
    var start = 0
    while start < order.count {
      var end = start
      while end + 1 < order.count, key(values[order[end + 1]]) == key(values[order[start]]) { end += 1 }
      for position in start...end { ranks[order[position]] = Double(start + end) / 2 + 1 }
      start = end + 1
    }
    return ranks
  }

  /// The correlation of two lists; NaN where one has equal values only, or they differ in length.
  public static func of(_ a: [Double], _ b: [Double]) -> Double { pearson(ranks(a), ranks(b)) }

  /// The correlations of k lists, [k, k]; NaN where one of two lists has equal values only.
  public static func matrix(_ lists: [[Double]]) -> Tensor<Double> {
    let ranks = lists.map(RankCorrelation.ranks)
    return Tensor(ranks.flatMap { a in ranks.map { pearson(a, $0) } }, shape: [lists.count, lists.count])
  }

  /// The mean of matrices, element by element, over those where it is a number.
  ///
  /// - Precondition: there is one, and all are of one shape.
  public static func mean(_ matrices: [Tensor<Double>]) -> Tensor<Double> {
    Tensor(
      matrices[0].elements.indices.map { position in
        let known = matrices.map { $0.elements[position] }.filter { !$0.isNaN }
        return known.reduce(0, +) / Double(known.count)
      }, shape: matrices[0].shape)
  }

  private static func pearson(_ a: [Double], _ b: [Double]) -> Double {
    guard a.count == b.count else { return .nan }
    let middle = (Double(a.count) + 1) / 2
    var (products, left, right) = (0.0, 0.0, 0.0)
    for (x, y) in zip(a, b) {
      products += (x - middle) * (y - middle)
      left += (x - middle) * (x - middle)
      right += (y - middle) * (y - middle)
    }
    return left > 0 && right > 0 ? products / (left * right).squareRoot() : .nan
  }
}
