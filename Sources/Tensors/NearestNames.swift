/// The names that a mistyped one may stand for.
public enum NearestNames {
  /// The most names that a suggestion holds.
  private static let most = 4

  /// The names that a person may have meant, the likeliest first; empty where none is near.
  ///
  /// Names that begin with what was typed come before those that hold it, and those before the ones that few slips of the
  /// keyboard lead to; capitals do not count, and `-` and `_` are one.
  public static func suggestions(for name: String, among known: [String]) -> [String] {
    let typed = plain(name)
    guard !typed.isEmpty else { return [] }
    let plains = known.map { (name: $0, plain: plain($0)) }
    let same = plains.filter { $0.plain == typed }
    if !same.isEmpty { return same.map(\.name) }
    let nearest = plains.map { (name: $0.name, distance: distance(typed, $0.plain)) }.min { $0.distance < $1.distance }
    if let nearest, nearest.distance == 1, typed.count > 2 { return [nearest.name] }
    if typed.count > 2 {
      let begun = plains.filter { starts($0.plain, with: typed) }.map(\.name)
      if !begun.isEmpty { return Array(begun.prefix(most)) }
    }
    if typed.count > 3 {
      let holding = plains.filter { contains($0.plain, typed) }.map(\.name)
      if !holding.isEmpty { return Array(holding.prefix(most)) }
    }
    guard let nearest, nearest.distance <= max(1, typed.count / 3), nearest.distance < typed.count else { return [] }
    return [nearest.name]
  }

  /// The least number of letters to insert, leave out, replace or swap with their neighbour that leads from one text to another.
  ///
  /// The distance of optimal string alignment: F. J. Damerau, "A technique for computer detection and correction of spelling
  /// errors", CACM 1964.
  package static func distance(_ first: [Character], _ second: [Character]) -> Int {
    if first.isEmpty || second.isEmpty { return max(first.count, second.count) }
    var beforeLast: [Int] = []
    var last = Array(0...second.count)
    for row in 1...first.count {
      var next = [row]
      for column in 1...second.count {
        var least = min(
          last[column] + 1, next[column - 1] + 1, last[column - 1] + (first[row - 1] == second[column - 1] ? 0 : 1))
        if row > 1, column > 1, first[row - 1] == second[column - 2], first[row - 2] == second[column - 1] {
          least = min(least, beforeLast[column - 2] + 1)
        }
        next.append(least)
      }
      (beforeLast, last) = (last, next)
    }
    return last[second.count]
  }

  private static func plain(_ name: String) -> [Character] { name.lowercased().map { $0 == "_" ? "-" : $0 } }

  private static func starts(_ name: [Character], with typed: [Character]) -> Bool { name.starts(with: typed) }

  private static func contains(_ name: [Character], _ typed: [Character]) -> Bool {
    name.count >= typed.count && (0...name.count - typed.count).contains { name[$0..<$0 + typed.count].elementsEqual(typed) }
  }
}

extension EspalierError {
  /// A name that is not known: the error says which are near, and lists the first few of those that there are.
  ///
  /// - Parameters:
  ///   - kind: what the name was to name: `composite`.
  ///   - name: the name.
  ///   - known: all names that there are.
  ///   - topic: the topic of `espalier help` that explains them; nil for none.
  public init(
    unknown kind: String, _ name: String, among known: [String], topic: String? = nil, file: String? = nil,
    location: String? = nil
  ) {
    self.init(
      "there is no \(kind) '\(name)'" + EspalierError.suggestion(for: name, among: known), file: file, location: location,
      accepted: EspalierError.list(known, topic: topic))
  }

  /// `; did you mean 'a' or 'b'?`, or nothing where no name is near.
  public static func suggestion(for name: String, among known: [String]) -> String {
    let near = NearestNames.suggestions(for: name, among: known).map { "'\($0)'" }
    guard let last = near.last else { return "" }
    return "; did you mean " + (near.count > 1 ? near.dropLast().joined(separator: ", ") + " or " : "") + last + "?"
  }

  /// The first names of a list and how many more there are.
  ///
  /// - Parameter topic: the topic of `espalier help` that lists all of them; nil for none.
  public static func list(_ names: [String], topic: String? = nil) -> String {
    let most = 8
    let first = names.prefix(names.count > most + 1 ? most : names.count).joined(separator: ", ")
    guard names.count > most + 1 else { return first }
    return first + ", … \(names.count - most) more" + (topic.map { ": espalier help \($0)" } ?? "")
  }
}
