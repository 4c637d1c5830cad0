import Synchronization

/// How far the shards under way are, each from 0 to 1: for passes whose shards take long.
final class PartialProgress: Sendable {
  private struct State {
    var parts: [Int: Double] = [:]
    var told: (@Sendable (Double) -> Void)?
  }

  private let state = Mutex(State())

  /// The shards' worth of work that is done in shards under way.
  var sum: Double { state.withLock { $0.parts.values.reduce(0, +) } }

  /// Sets what every report says.
  func tell(_ body: @escaping @Sendable (Double) -> Void) { state.withLock { $0.told = body } }

  /// Notes how far a shard is.
  func report(_ shard: Int, _ share: Double) {
    let (told, sum) = state.withLock { state in
      state.parts[shard] = share
      return (state.told, state.parts.values.reduce(0, +))
    }
    told?(sum)
  }

  /// Forgets a shard that is done.
  func finish(_ shard: Int) { state.withLock { _ = $0.parts.removeValue(forKey: shard) } }
}
