extension Collection where Element: BinaryFloatingPoint {
  /// The index of the greatest number, the first of equals; NaN is passed over, and nil comes of a collection without numbers.
  public var indexOfGreatest: Index? {
    var best: Index?
    for index in indices where !self[index].isNaN {
      if let known = best, !(self[index] > self[known]) { continue }
      best = index
    }
    return best
  }
}
