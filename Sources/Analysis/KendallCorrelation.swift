import Tensors

/// Kendall's rank correlation τ-b: of pairs of positions, the excess of those that two lists order alike over those that they order
/// otherwise, over what it is at most for lists with so many equal values.
///
/// Source: M. Kendall, "The treatment of ties in ranking problems", Biometrika 1945; counted as W. Knight, "A computer method for
/// calculating Kendall's tau with ungrouped data", JASA 1966, in n log n steps.
public enum KendallCorrelation {
  /// The correlation of two lists, in which NaN is below all else; NaN where one has equal values only, or they differ in length.
  public static func of(_ a: [Double], _ b: [Double]) -> Double {
    guard a.count == b.count else { return .nan }
    let (x, y) = (RankCorrelation.ranks(a), RankCorrelation.ranks(b))
    let order = x.indices.sorted { (x[$0], y[$0]) < (x[$1], y[$1]) }
    let all = pairs(a.count)
    let tiedX = tied(order) { x[$0] == x[$1] }
    let tiedBoth = tied(order) { x[$0] == x[$1] && y[$0] == y[$1] }
    var column = order.map { y[$0] }
    let exchanges = sort(&column)
    let tiedY = tied(Array(column.indices)) { column[$0] == column[$1] }
    let (left, right) = (Double(all - tiedX), Double(all - tiedY))
    return left > 0 && right > 0
      ? Double(all - tiedX - tiedY + tiedBoth - 2 * exchanges) / (left * right).squareRoot() : .nan
  }

  /// The correlations of k lists, `[k, k]`; NaN where one of two lists has equal values only.
  public static func matrix(_ lists: [[Double]]) -> Tensor<Double> {
    Tensor(lists.flatMap { a in lists.map { of(a, $0) } }, shape: [lists.count, lists.count])
  }

  private static func pairs(_ count: Int) -> Int { count * (count - 1) / 2 }

  /// The number of pairs in runs of neighbours that are equal.
  private static func tied(_ order: [Int], _ areEqual: (Int, Int) -> Bool) -> Int {
    var (sum, run) = (0, 1)
    for (first, second) in zip(order, order.dropFirst()) {
      run = areEqual(first, second) ? run + 1 : 1
      sum += run - 1
    }
    return sum
  }

  /// Sorts by merging, and counts the pairs whose first is greater than their second.
  private static func sort(_ values: inout [Double]) -> Int {
    var (exchanges, width) = (0, 1)
    while width < values.count {
      var merged: [Double] = []
      merged.reserveCapacity(values.count)
      for start in stride(from: 0, to: values.count, by: 2 * width) {
        let (middle, end) = (min(start + width, values.count), min(start + 2 * width, values.count))
        var (left, right) = (start, middle)
        while left < middle || right < end {
          if right == end || left < middle && values[left] <= values[right] {
            merged.append(values[left])
            left += 1
          } else {
            exchanges += middle - left
            merged.append(values[right])
            right += 1
          }
        }
      }
      (values, width) = (merged, 2 * width)
    }
    return exchanges
  }
}
