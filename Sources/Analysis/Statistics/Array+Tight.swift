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

  /// Keeps room for `most` elements, or as many as there are, and gives back what is much more.
  mutating func giveBackRoom(above most: Int) {
    let needed = Swift.max(most, count)
    guard capacity > needed + needed / 4 else { return }
    var kept: [Element] = []
    kept.reserveCapacity(needed)
    kept.append(contentsOf: self)
    self = kept
  }
}
