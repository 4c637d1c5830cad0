import Foundation
import Scheduling
import Synchronization
import Tensors
import Testing

/// Thousands of small passes drawn at random, each compared with what one thread would do.
@Suite struct StressTests {
  /// A pass: so many shards and blocks, some of which fail.
  private struct Pass: Sendable {
    let shards: Int
    let blocks: Int
    let width: Int
    let mayMove: Bool
    let isNested: Bool
    let budget: Int?
    let failing: Set<[Int]>
    let napping: Set<[Int]>

    init(_ seed: Int) {
      var random = Philox(seed: 99, stream: UInt64(seed))
      func below(_ bound: Int) -> Int { min(Int(random.uniform() * Double(bound)), bound - 1) }
      shards = below(5)
      blocks = below(6)
      width = 1 + below(4)
      mayMove = below(4) > 0
      isNested = below(20) == 0
      budget = below(3) == 0 ? 8 * below(6) : nil
      let failures = below(2) == 0 ? 0 : below(4)
      failing = Set((0..<failures).map { _ in [below(5), below(6)] })
      napping = Set((0..<3).map { _ in [below(5), below(6)] })
    }

    func value(_ shard: Int, _ block: Int) -> Double { 1 / Double(7 * shard + block + 3) }

    /// What is to come out: a sum, or the first failure.
    var expected: Swift.Result<Double?, EspalierError> {
      for shard in 0..<shards {
        for block in 0..<blocks where failing.contains([shard, block]) {
          return .failure(EspalierError("broken", location: "shard \(shard): block \(block)"))
        }
      }
      return .success(plainTree((0..<shards).map { shard in (0..<blocks).reduce(0) { $0 + value(shard, $1) } }[...]))
    }

    func run(depth: Int = 0) throws -> Double? {
      try BlockScheduler(width: width, memoryBudget: budget).reduce(
        shards: 0..<shards, blocks: (0..<blocks).map(String.init), blocksMayMove: mayMove, makeWorker: { _ in 0 },
        body: { count, shard, handoff in
          count += 1
          if isNested && depth < 2 { _ = try? run(depth: depth + 1) }
          let parts = Mutex([Double](repeating: 0, count: blocks))
          for block in 0..<blocks {
            try handoff.submit(block: block, bytes: 8) {
              if napping.contains([shard, block]) { usleep(30) }
              if failing.contains([shard, block]) { throw EspalierError("broken") }
              parts.withLock { $0[block] = value(shard, block) }
            }
          }
          try handoff.wait()
          return parts.withLock { $0.reduce(0, +) }
        }, combine: +
      ).result(+)
    }
  }

  @Test(arguments: 0..<4) func passesGiveWhatOneThreadWould(part: Int) {
    for seed in part * 1000..<(part + 1) * 1000 {
      let pass = Pass(seed)
      let actual = Swift.Result { try pass.run() }.mapError { $0 as? EspalierError ?? EspalierError("\($0)") }
      #expect(actual == pass.expected, "pass \(seed)")
    }
  }

  @Test func cancelledPassesEnd() {
    for round in 0..<500 {
      let cancellation = Cancellation()
      let blocks = Counter()
      let outcome = Swift.Result {
        try BlockScheduler(width: 1 + round % 4, cancellation: cancellation).map(
          shards: 0..<(1 + round % 3), blocks: ["a", "b", "c"], blocksMayMove: round % 5 > 0, makeWorker: { $0 }
        ) { _, _, handoff in
          for block in 0..<3 { try handoff.submit(block: block) { if blocks.add() == 1 + round % 7 { cancellation.cancel() } } }
        }
      }
      if case .failure(let error) = outcome { #expect(error is CancellationError) }
      if blocks.value < 3 * (1 + round % 3) { #expect(throws: CancellationError.self) { try outcome.get() } }
    }
  }

  /// One pool, many rounds with blocks, errors in some.
  @Test func aPoolOutlivesItsErrors() throws {
    let pool = try WorkerPool(width: 2, helpers: 1) { _ in 0 }
    for round in 0..<2000 {
      let outcome = Swift.Result {
        try pool.run(0..<3, blocks: ["a", "b"]) { state, shard, handoff in
          state += 1
          try handoff.submit(block: 0) { if round % 3 == 0 && shard == 1 { throw EspalierError("broken") } }
          try handoff.submit(block: 1) {}
          return shard * round
        }
      }
      if round % 3 == 0 {
        #expect(throws: EspalierError("broken", location: "shard 1: block a")) { try outcome.get() }
      } else {
        #expect(try outcome.get() == [0, round, 2 * round])
      }
    }
  }
}
