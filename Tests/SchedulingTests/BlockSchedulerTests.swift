import Foundation
import Scheduling
import Synchronization
import Tensors
import Testing

@Suite struct BlockSchedulerTests {
  @Test(arguments: [1, 2, 3, 8]) func resultsComeInShardOrder(width: Int) throws {
    let squares = try BlockScheduler(width: width).map(shards: 0..<100, makeWorker: { $0 }) { _, shard in shard * shard }
    #expect(squares == (0..<100).map { $0 * $0 })
  }

  /// Sums of numbers of very different size, whose rounding depends on the order of addition.
  @Test func sumsDoNotDependOnWidth() throws {
    let values = (0..<1000).map { shard in
      var generator = Philox(seed: 7, stream: UInt64(shard))
      return generator.normal() * pow(10, 16 * generator.uniform())
    }
    let expected = try #require(plainTree(values[...]))
    #expect(values.reduce(0, +) != expected, "the order should matter, or this test shows nothing")
    for width in [1, 2, 5] {
      let scheduler = BlockScheduler(width: width)
      let tree = try scheduler.reduce(shards: 0..<1000, makeWorker: { $0 }, body: { _, shard in values[shard] }, combine: +)
      #expect(tree.result(+) == expected)
      let first = try scheduler.reduce(shards: 0..<333, makeWorker: { $0 }, body: { _, shard in values[shard] }, combine: +)
      let rest = try scheduler.reduce(
        shards: 333..<1000, from: first, makeWorker: { $0 }, body: { _, shard in values[shard] }, combine: +)
      #expect(rest.result(+) == expected)
    }
  }

  @Test func eachWorkerHasOneStateOnOneThread() throws {
    final class State {
      let thread = pthread_self()
      var shards = 0
    }
    let prologues = Atomic(0)
    let made = Atomic(0)
    let scheduler = BlockScheduler(width: 4, prologue: { prologues.add(1, ordering: .relaxed) })
    let sameThread = try scheduler.map(
      shards: 0..<200,
      makeWorker: { _ in
        made.add(1, ordering: .relaxed)
        return State()
      }
    ) { state, _ in
      state.shards += 1
      return pthread_equal(state.thread, pthread_self()) != 0
    }
    #expect(sameThread.allSatisfy { $0 })
    #expect(made.load(ordering: .relaxed) == 4)
    #expect(prologues.load(ordering: .relaxed) == 4)
  }

  @Test(arguments: [1, 2, 6]) func theLowestFailingShardIsNamed(width: Int) {
    #expect(throws: EspalierError("no image", file: "a.png", location: "shard 17: conv1")) {
      try BlockScheduler(width: width).map(shards: 10..<90, makeWorker: { $0 }) { _, shard in
        if shard == 17 { usleep(20_000) }
        if shard >= 17 { throw EspalierError("no image", file: "a.png", location: "conv1") }
      }
    }
  }

  @Test func aFailureStopsTheRest() {
    let ran = Atomic(0)
    #expect(throws: EspalierError.self) {
      try BlockScheduler(width: 2).map(shards: 0..<10_000, makeWorker: { $0 }) { _, shard in
        ran.add(1, ordering: .relaxed)
        throw EspalierError("broken")
      }
    }
    #expect(ran.load(ordering: .relaxed) <= 2)
  }

  @Test func aWorkerThatCannotBeMadeIsReported() {
    #expect(throws: EspalierError("no memory for worker 1")) {
      try BlockScheduler(width: 3).map(
        shards: 0..<10, makeWorker: { if $0 > 0 { throw EspalierError("no memory for worker \($0)") } }, body: { _, _ in })
    }
  }

  @Test func cancellationStopsBetweenShards() {
    let cancellation = Cancellation()
    let ran = Atomic(0)
    #expect(throws: CancellationError.self) {
      try BlockScheduler(width: 2, cancellation: cancellation).map(shards: 0..<10_000, makeWorker: { $0 }) { _, shard in
        ran.add(1, ordering: .relaxed)
        if shard >= 5 { cancellation.cancel() }
      }
    }
    #expect(ran.load(ordering: .relaxed) < 10)
  }

  @Test func progressCountsEveryShard() throws {
    let reports = Mutex<[PassProgress]>([])
    let scheduler = BlockScheduler(width: 3, progress: { report in reports.withLock { $0.append(report) } })
    _ = try scheduler.map(shards: 5..<25, makeWorker: { $0 }, body: { _, _ in })
    let seen = reports.withLock { $0 }
    // The five before them are an earlier run's.
    #expect(seen.map(\.done) == Array(6...25))
    #expect(seen.allSatisfy { $0.total == 25 && $0.skipped == 5 && $0.rate > 0 })
    #expect(seen.last?.timeLeft == .zero)
    #expect(PassProgress(done: 30, total: 90, elapsed: .seconds(10)).timeLeft == .seconds(20))
    #expect(PassProgress(done: 30, total: 90, elapsed: .seconds(10)).rate == 3)
    let resumed = PassProgress(
      done: 60, total: 90, skipped: 30, elapsed: .seconds(10), blocks: [.init(name: "a", done: 45), .init(name: "b", done: 30)])
    #expect(resumed.rate == 3)
    #expect(
      PassProgress(done: 60, total: 90, skipped: 30, elapsed: .seconds(10)).timeLeft.map {
        abs(($0 - .seconds(10)) / .seconds(1)) < 1e-9
      } == true)
    #expect(PassProgress(done: 30, total: 90, skipped: 30, elapsed: .seconds(10)).timeLeft == nil)
    #expect(resumed.timeLeft(of: resumed.blocks[0]) == .seconds(30))
    #expect(resumed.timeLeft(of: resumed.blocks[1]) == nil)
  }

  @Test func memoryBoundsTheWorkers() {
    let scheduler = BlockScheduler(width: 8, memoryBudget: 1000)
    #expect(scheduler.workers(forShards: 100) == 8)
    #expect(scheduler.workers(forShards: 3) == 3)
    #expect(scheduler.workers(forShards: 100, bytesPerWorker: 300) == 3)
    #expect(scheduler.workers(forShards: 100, bytesPerWorker: 3000) == 1)
    #expect(scheduler.workers(forShards: 0) == 1)
  }

  @Test func anEmptyPassHasNoResult() throws {
    #expect(try BlockScheduler().map(shards: 4..<4, makeWorker: { _ in throw EspalierError("made") }, body: { $1 }) == [])
  }
}

/// The documented tree, written as its definition.
func plainTree(_ values: ArraySlice<Double>) -> Double? {
  guard values.count > 1 else { return values.first }
  var half = 1
  while half * 2 < values.count { half *= 2 }
  let middle = values.startIndex + half
  guard let left = plainTree(values[..<middle]), let right = plainTree(values[middle...]) else { return nil }
  return left + right
}
