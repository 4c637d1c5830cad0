extension Array {
  /// Appends, with an eighth of the room unused at most: `+=` may leave as much unused as there is.
  mutating func appendTightly(_ others: [Element]) {
    makeRoom(forMore: others.count)
    append(contentsOf: others)
  }

  /// Makes room for more elements, with an eighth of it unused at most.
  mutating func makeRoom(forMore more: Int) {
    let needed = count + more
    if needed > capacity { reserveCapacity(needed + needed / 8) }
  }

  /// Gives room back if less than half of it would be needed for `most` elements.
  mutating func giveBackRoom(above most: Int) {
    guard capacity > 2 * Swift.max(most, count) else { return }
    var kept: [Element] = []
    kept.reserveCapacity(count)
    kept.append(contentsOf: self)
    self = kept
  }
}
