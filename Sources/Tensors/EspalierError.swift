/// An error that a person can act on: what was being read or computed, what is wrong, what would be accepted.
///
/// Its description is one line. Every failure that an input can cause is thrown as this type (or wraps into it), so that
/// the command line prints it as it is.
public struct EspalierError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The file at fault, if one is.
  public var file: String?
  /// The layer, node, dataset, option or other named location at fault.
  public var location: String?
  /// What is wrong, with the offending values.
  public var problem: String
  /// What would be accepted instead.
  public var accepted: String?

  /// Makes an error from what is wrong, and where.
  public init(_ problem: String, file: String? = nil, location: String? = nil, accepted: String? = nil) {
    self.problem = problem
    self.file = file
    self.location = location
    self.accepted = accepted
  }

  /// `FILE: LOCATION: problem (accepted: …)`, on one line of printable characters; what a file holds is quoted in part where it
  /// is long.
  public var description: String {
    var text = [file, location].compactMap { $0?.quotable }.map { $0 + ": " }.joined() + problem.quotable
    if let accepted { text += " (accepted: \(accepted.quotable))" }
    return text
  }

  /// The same error with a file named, unless it names one already.
  public func inFile(_ path: String) -> EspalierError {
    var copy = self
    if copy.file == nil { copy.file = path }
    return copy
  }

  /// The same error with a location named, unless it names one already.
  public func at(_ location: String) -> EspalierError {
    var copy = self
    if copy.location == nil { copy.location = location }
    return copy
  }
}

/// Runs `body`; an `EspalierError` that it throws is given the file's name.
///
/// - Throws: what `body` throws.
public func naming<Result>(file: String, _ body: () throws -> Result) throws -> Result {
  do { return try body() } catch let error as EspalierError { throw error.inFile(file) }
}

/// Runs `body`; an `EspalierError` that it throws is given the name of a location (a layer, a dataset, an option).
///
/// - Throws: what `body` throws.
public func naming<Result>(location: String, _ body: () throws -> Result) throws -> Result {
  do { return try body() } catch let error as EspalierError { throw error.at(location) }
}

extension String {
  /// The text on one line, without control characters, and without its middle where it has over 400 characters.
  fileprivate var quotable: String {
    // A terminal obeys control characters: a name in a damaged file must not clear the screen.
    let isShort = utf8.count <= 1600
    let text = isShort ? self : "\(prefix(240)) … \(suffix(120))"
    let plain = String(text.unicodeScalars.map { $0.isLineOrControl ? " " : Character($0) })
    return plain.count <= 400 ? plain : "\(plain.prefix(240)) … \(plain.suffix(120))"
  }
}

extension Unicode.Scalar {
  fileprivate var isLineOrControl: Bool {
    switch properties.generalCategory {
    case .control, .lineSeparator, .paragraphSeparator: true
    default: false
    }
  }
}
