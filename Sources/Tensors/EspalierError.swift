/// An error that a person can act on: what was being read or computed, what is wrong, what would be accepted.
///
/// Its description is one line. Every failure that an input can cause is thrown as this type (or wraps into it), so that
/// the command line prints it as it is.
public struct EspalierError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The file at fault, if one is.
  public var file: String?
  /// The layer, node, dataset, option or other named place at fault.
  public var place: String?
  /// What is wrong, with the offending values.
  public var problem: String
  /// What would be accepted instead.
  public var accepted: String?

  /// Makes an error from what is wrong, and where.
  public init(_ problem: String, file: String? = nil, place: String? = nil, accepted: String? = nil) {
    self.problem = problem
    self.file = file
    self.place = place
    self.accepted = accepted
  }

  /// `FILE: PLACE: problem (accepted: …)`, on one line.
  public var description: String {
    var text = [file, place].compactMap { $0 }.map { $0 + ": " }.joined() + problem
    if let accepted { text += " (accepted: \(accepted))" }
    return String(text.map { $0.isNewline ? " " : $0 })
  }

  /// The same error with a file named, unless it names one already.
  public func inFile(_ path: String) -> EspalierError {
    var copy = self
    if copy.file == nil { copy.file = path }
    return copy
  }

  /// The same error with a place named, unless it names one already.
  public func at(_ place: String) -> EspalierError {
    var copy = self
    if copy.place == nil { copy.place = place }
    return copy
  }
}

/// Runs `body`; an `EspalierError` that it throws is given the file's name.
///
/// - Throws: what `body` throws.
public func naming<Result>(file: String, _ body: () throws -> Result) throws -> Result {
  do { return try body() } catch let error as EspalierError { throw error.inFile(file) }
}

/// Runs `body`; an `EspalierError` that it throws is given the name of a place (a layer, a dataset, an option).
///
/// - Throws: what `body` throws.
public func naming<Result>(place: String, _ body: () throws -> Result) throws -> Result {
  do { return try body() } catch let error as EspalierError { throw error.at(place) }
}
