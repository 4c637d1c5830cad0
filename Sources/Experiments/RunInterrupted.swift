/// A run that was asked to stop, and did, with what it had done so far in safety.
public struct RunInterrupted: Error, CustomStringConvertible {
  /// Where it stopped, and how to go on.
  public let description: String

  /// Makes the report of a stop.
  public init(_ description: String) { self.description = description }
}
