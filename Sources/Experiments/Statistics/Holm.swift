/// Many tests at once.
public enum Holm {
  /// Probabilities that are adjusted so that those below a level hold together: where nothing that is tested differs, the probability
  /// that one of them is below it is at most that level.
  ///
  /// The k-th least of m is multiplied by m − k + 1, is not less than those before it, and at most 1. One that is NaN, of a test that
  /// could not be made, stays so and does not count.
  ///
  /// Source: S. Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 1979.
  ///
  /// - Returns: the adjusted probabilities, in the order of those given.
  public static func adjusted(_ probabilities: [Double]) -> [Double] {
    let order = probabilities.indices.filter { !probabilities[$0].isNaN }.sorted { probabilities[$0] < probabilities[$1] }
    var result = probabilities
    var least = 0.0
    for (place, position) in order.enumerated() {
      least = max(least, min(1, Double(order.count - place) * probabilities[position]))
      result[position] = least
    }
    return result
  }
}
