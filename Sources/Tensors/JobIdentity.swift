/// What a job is: every setting that its result depends on, those at their defaults left out, and the digests of its inputs.
///
/// A job may go on only from what a job of the same identity left. The canonical ``text`` has one line an entry, sorted by name,
/// so that it does not depend on the order in which entries were made, and is short enough to be stored beside a result, where
/// ``difference(from:)`` then says what differs.
///
///     var job = JobIdentity("train")
///     job.add("seed", settings.seed, default: 0)
///     job.add("data", try dataset.digest())
public struct JobIdentity: Hashable, Sendable, CustomStringConvertible {
  private var entries: [String: String]

  /// Makes the identity of a kind of job, such as a verb.
  public init(_ kind: String) { entries = ["job": kind] }

  /// The settings and digests by name, without the kind of the job.
  public var settings: [String: String] { entries.filter { $0.key != "job" } }

  /// Adds a setting or the digest of an input; nothing where it is nil.
  ///
  /// - Precondition: no entry has the name yet.
  public mutating func add(_ name: String, _ value: (some CustomStringConvertible)?) {
    guard let value else { return }
    precondition(entries[name] == nil, "'\(name)' is said twice")
    entries[name] = value.description
  }

  /// Adds a setting, unless it has its default.
  public mutating func add<Value: CustomStringConvertible & Equatable>(_ name: String, _ value: Value, default usual: Value) {
    if value != usual { add(name, value) }
  }

  /// Adds how a result came about, as its file tells it, but where its inputs lie: a file that was moved is the same input.
  ///
  /// - Parameter locations: the names of what tells where files lie; their digests stand beside.
  public mutating func add(_ provenance: [String: String], butFor locations: Set<String>) {
    for (name, value) in provenance where !locations.contains(name) { add(name, value) }
  }

  /// Adds all entries of another identity but its kind, their names behind a prefix and a dot.
  public mutating func add(_ prefix: String, _ other: JobIdentity) {
    for (name, value) in other.entries where name != "job" { add("\(prefix).\(name)", value) }
  }

  /// The canonical text: a line `name value` for each entry, sorted, with line breaks and backslashes escaped.
  public var text: String { entries.sorted { $0.key < $1.key }.map { "\($0.key.escapedName) \($0.value.escaped)\n" }.joined() }

  public var description: String { text }

  /// The identity with a canonical text; nil for another text.
  public init?(text: String) {
    entries = [:]
    for line in text.split(separator: "\n") {
      guard let space = line.firstIndex(of: " ") else { return nil }
      entries[String(line[..<space]).unescaped] = String(line[line.index(after: space)...]).unescaped
    }
    guard entries["job"] != nil, self.text == text else { return nil }
  }

  /// The first entry, by name, that another identity has otherwise; nil if they are the same job.
  ///
  /// - Returns: the name, the value here and the value there, nil where one lacks the entry.
  public func difference(from other: JobIdentity) -> (name: String, here: String?, there: String?)? {
    Set(entries.keys).union(other.entries.keys).sorted().first { entries[$0] != other.entries[$0] }
      .map { ($0, entries[$0], other.entries[$0]) }
  }
}

extension String {
  /// Without spaces too, which end a name.
  fileprivate var escapedName: String { escaped.split(separator: " ", omittingEmptySubsequences: false).joined(separator: "\\s") }

  /// Without line breaks or lone backslashes, so that a line can be read back.
  fileprivate var escaped: String {
    reduce(into: "") { text, character in
      switch character {
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\r", "\r\n": text += character == "\r" ? "\\r" : "\\r\\n"
      default: text.append(character)
      }
    }
  }

  fileprivate var unescaped: String {
    var text = ""
    var isEscaped = false
    for character in self {
      switch (isEscaped, character) {
      case (false, "\\"): isEscaped = true
      case (true, "n"): (text, isEscaped) = (text + "\n", false)
      case (true, "r"): (text, isEscaped) = (text + "\r", false)
      case (true, "s"): (text, isEscaped) = (text + " ", false)
      default: (text, isEscaped) = (text + String(character), false)
      }
    }
    return text
  }
}
