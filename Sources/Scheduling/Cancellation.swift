import Synchronization

/// A request to stop, shared by everything that should heed it.
///
/// Safe to set from any thread and from a signal handler.
public final class Cancellation: Sendable {
  private let requested = Atomic(false)

  /// Makes a token that nobody has cancelled yet.
  public init() {}

  /// Asks for a stop.
  ///
  /// What runs ends its current shard, the block that it works on, or its next ``check()``.
  public func cancel() { requested.store(true, ordering: .relaxed) }

  /// Whether a stop was asked for.
  public var isCancelled: Bool { requested.load(ordering: .relaxed) }

  /// Returns if nobody asked for a stop.
  ///
  /// - Throws: `CancellationError`.
  public func check() throws {
    if isCancelled { throw CancellationError() }
  }
}
