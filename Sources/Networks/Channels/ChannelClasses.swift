/// Labels of channels and which of them stand or fall together: a union-find with reasons why a class must stay.
struct ChannelClasses: Sendable {
  private var parents: [Int] = []
  private var reasons: [Int: String] = [:]

  /// The number of labels.
  var count: Int { parents.count }

  /// New labels, each a class of its own.
  mutating func add(_ count: Int) -> [Int] {
    let labels = Array(parents.count..<parents.count + count)
    parents += labels
    return labels
  }

  /// The label that stands for a label's class.
  func root(_ label: Int) -> Int {
    var label = label
    while parents[label] != label { label = parents[label] }
    return label
  }

  /// Makes two classes one; the lesser root stands for both.
  mutating func union(_ a: Int, _ b: Int) {
    let (first, second) = (root(a), root(b))
    guard first != second else { return }
    let (least, other) = (min(first, second), max(first, second))
    parents[other] = least
    if let reason = reasons.removeValue(forKey: other), reasons[least] == nil { reasons[least] = reason }
    // Paths are halved on the way, so that long chains of residual blocks stay short.
    for start in [a, b] {
      var label = start
      while parents[label] != least, label != least { (label, parents[label]) = (parents[label], least) }
    }
  }

  /// Says why a class must stay; the first reason is kept.
  mutating func pin(_ label: Int, _ reason: String) {
    let root = root(label)
    if reasons[root] == nil { reasons[root] = reason }
  }

  /// Why a class must stay, or nil if it need not.
  func reason(_ label: Int) -> String? { reasons[root(label)] }
}
