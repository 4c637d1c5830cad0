import Foundation
import Scheduling
import Synchronization
import Tensors
import Testing

@Suite struct WorkerPoolTests {
  @Test func thousandsOfRounds() throws {
    let pool = try WorkerPool(width: 3) { _ in 0 }
    var total = 0
    for round in 0..<3000 {
      total += try pool.run(0..<5) { rounds, index in
        rounds += 1
        return round * index
      }.reduce(0, +)
    }
    #expect(total == (0..<3000).reduce(0) { $0 + $1 * 10 })
  }

  @Test func aPoolGoesOnAfterAnError() throws {
    let pool = try WorkerPool(width: 2) { $0 }
    #expect(throws: EspalierError("odd", location: "shard 1")) {
      try pool.run(0..<100) { _, index in if index % 2 == 1 { throw EspalierError("odd") } }
    }
    #expect(try pool.run(0..<4) { $1 } == [0, 1, 2, 3])
  }

  /// Every index waits for all the others, so the round ends only if each worker has a thread, however few cores there are.
  @Test func moreWorkersThanCoresAllRun() throws {
    let pool = try WorkerPool(width: 24) { $0 }
    let here = Atomic(0)
    _ = try pool.run(0..<24) { _, _ in
      here.add(1, ordering: .relaxed)
      while here.load(ordering: .relaxed) < 24 { usleep(100) }
    }
    #expect(here.load(ordering: .relaxed) == 24)
  }

  @Test func statesAreReleasedWithThePool() throws {
    final class State {
      let released: Counter
      init(_ released: Counter) { self.released = released }
      deinit { released.add() }
    }
    let released = Counter()
    var pool: WorkerPool<State>? = try WorkerPool(width: 3) { _ in State(released) }
    _ = try pool?.run(0..<10) { $1 }
    #expect(released.value == 0)
    pool = nil
    #expect(released.value == 3)
  }
}
