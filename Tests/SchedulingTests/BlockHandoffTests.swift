import Foundation
import Scheduling
import Synchronization
import Tensors
import Testing

@Suite struct BlockHandoffTests {
  private static let names = ["stem", "layer1", "layer2", "layer3", "layer4", "head"]

  /// Each of two works waits until the other runs, so the pass ends in time only if they run at once.
  @Test func blocksOfOneShardRunOnTwoThreads() throws {
    let meeting = Meeting()
    let threads = Mutex<Set<UInt>>([])
    let scheduler = BlockScheduler(width: 2)
    #expect(scheduler.movesBlocks(forShards: 1))
    let met = try scheduler.map(shards: 0..<1, blocks: Self.names, blocksMayMove: true, makeWorker: { $0 }) { _, _, handoff in
      for block in 0..<2 {
        try handoff.submit(block: block) {
          threads.withLock { _ = $0.insert(thisThread()) }
          meeting.join(2)
        }
      }
      try handoff.wait()
      return meeting.isComplete(2)
    }
    #expect(met == [true])
    #expect(threads.withLock { $0.count } == 2)
  }

  /// The network goes on while another worker does a block.
  @Test func theNetworkGoesOnMeanwhile() throws {
    let meeting = Meeting()
    _ = try BlockScheduler(width: 2).map(shards: 0..<1, blocks: Self.names, blocksMayMove: true, makeWorker: { $0 }) {
      try $2.submit(block: 0) { meeting.join(2) }
      meeting.join(2)
    }
    #expect(meeting.isComplete(2))
  }

  /// The worker of a shard that has ended takes the blocks of one that has not.
  @Test func workersThatAreDoneHelp() throws {
    let meeting = Meeting()
    let ended = Atomic(0)
    let scheduler = BlockScheduler(width: 2, progress: { ended.store($0.done, ordering: .sequentiallyConsistent) })
    _ = try scheduler.map(shards: 0..<2, blocks: Self.names, blocksMayMove: true, makeWorker: { $0 }) { _, shard, handoff in
      guard shard == 0 else { return }
      while ended.load(ordering: .sequentiallyConsistent) == 0 { usleep(50) }
      try handoff.submit(block: 0) { meeting.join(2) }
      meeting.join(2)
    }
    #expect(meeting.isComplete(2))
  }

  @Test func blocksThatMayNotMoveStay() throws {
    let own = try BlockScheduler(width: 3).map(shards: 0..<2, blocks: Self.names, makeWorker: { $0 }) { _, _, handoff in
      let thread = thisThread()
      let stayed = Mutex(0)
      for block in 0..<6 { try handoff.submit(block: block) { stayed.withLock { $0 += thisThread() == thread ? 1 : 0 } } }
      return stayed.withLock { $0 }
    }
    #expect(own == [6, 6])
  }

  @Test func helpersHaveNoStateButThePrologue() throws {
    let made = Atomic(0)
    let prologues = Atomic(0)
    let scheduler = BlockScheduler(width: 4, prologue: { prologues.add(1, ordering: .sequentiallyConsistent) })
    _ = try scheduler.map(
      shards: 0..<1, blocks: Self.names, blocksMayMove: true,
      makeWorker: { _ in made.add(1, ordering: .sequentiallyConsistent) }, body: { _, _, _ in })
    #expect(made.load(ordering: .sequentiallyConsistent) == 1)
    #expect(prologues.load(ordering: .sequentiallyConsistent) == 4)
  }

  @Test func blocksMoveWhereWorkersHaveNoShard() {
    let scheduler = BlockScheduler(width: 4, memoryBudget: 1000)
    #expect(scheduler.movesBlocks(forShards: 3))
    #expect(!scheduler.movesBlocks(forShards: 4))
    #expect(scheduler.movesBlocks(forShards: 100, bytesPerWorker: 300))
    #expect(!scheduler.movesBlocks(forShards: 0))
  }

  @Test func theEarliestBlockGoesFirst() throws {
    let order = Mutex<[Int]>([])
    let started = Atomic(false)
    let submitted = Atomic(false)
    _ = try BlockScheduler(width: 2).map(shards: 0..<1, blocks: Self.names, blocksMayMove: true, makeWorker: { $0 }) {
      try $2.submit(block: 0) {
        started.store(true, ordering: .sequentiallyConsistent)
        while !submitted.load(ordering: .sequentiallyConsistent) { usleep(50) }
      }
      while !started.load(ordering: .sequentiallyConsistent) { usleep(50) }
      for block in [4, 2, 3, 1] { try $2.submit(block: block) { order.withLock { $0.append(block) } } }
      submitted.store(true, ordering: .sequentiallyConsistent)
      while order.withLock({ $0.count }) < 4 { usleep(50) }
    }
    #expect(order.withLock { $0 } == [1, 2, 3, 4])
  }

  @Test(arguments: [1, 2, 4]) func worksOfOneBlockKeepTheirOrder(width: Int) throws {
    let seen = Mutex([[Int]](repeating: [], count: 3))
    let inside = (0..<3).map { _ in Counter() }
    let overlaps = Counter()
    _ = try BlockScheduler(width: width).map(shards: 0..<1, blocks: [], blocksMayMove: true, makeWorker: { $0 }) {
      for work in 0..<60 {
        try $2.submit(block: work % 3) {
          if inside[work % 3].add(1) != 1 { overlaps.add(1) }
          if work % 7 == 0 { usleep(100) }
          seen.withLock { $0[work % 3].append(work) }
          inside[work % 3].add(-1)
        }
      }
    }
    #expect(overlaps.value == 0)
    #expect(seen.withLock { $0 } == (0..<3).map { block in Array(stride(from: block, to: 60, by: 3)) })
  }

  /// Two works of 40 bytes wait within 100; the other eight run in the body's thread.
  @Test func memoryBoundsWhatWaits() throws {
    let inline = Counter()
    let released = Atomic(false)
    let scheduler = BlockScheduler(width: 3, memoryBudget: 400)
    _ = try scheduler.map(shards: 0..<1, blocks: [], blocksMayMove: true, bytesPerWorker: 300, makeWorker: { $0 }) {
      let body = thisThread()
      for block in 0..<10 {
        try $2.submit(block: block, bytes: 40) {
          if thisThread() == body && !released.load(ordering: .sequentiallyConsistent) {
            inline.add(1)
          } else {
            while !released.load(ordering: .sequentiallyConsistent) { usleep(50) }
          }
        }
      }
      released.store(true, ordering: .sequentiallyConsistent)
    }
    #expect(inline.value == 8)
  }

  @Test func resultsDoNotDependOnWidth() throws {
    @Sendable func value(_ shard: Int, _ block: Int) -> Double {
      var generator = Philox(seed: UInt64(block), stream: UInt64(shard))
      return generator.normal() * pow(10, 16 * generator.uniform())
    }
    for shards in [1, 2, 5, 40] {
      let expected = (0..<6).map { block in plainTree((0..<shards).map { value($0, block) }[...]) ?? 0 }
      for width in [1, 2, 3, 8] {
        let tree = try BlockScheduler(width: width).reduce(
          shards: 0..<shards, blocks: Self.names, blocksMayMove: true, makeWorker: { $0 },
          body: { _, shard, handoff in
            let parts = Mutex([Double](repeating: 0, count: 6))
            for block in 0..<6 { try handoff.submit(block: block) { parts.withLock { $0[block] = value(shard, block) } } }
            try handoff.wait()
            return parts.withLock { $0 }
          }, combine: { zip($0, $1).map(+) })
        #expect(tree.result { zip($0, $1).map(+) } == expected)
      }
    }
  }

  @Test(arguments: [1, 2, 3, 8]) func theFirstBlockOfTheLowestShardIsNamed(width: Int) {
    #expect(throws: EspalierError("no value", location: "shard 3: block layer2: filter 7")) {
      try BlockScheduler(width: width).map(shards: 0..<4, blocks: Self.names, blocksMayMove: true, makeWorker: { $0 }) {
        _, shard, handoff in
        for block in 0..<6 {
          try handoff.submit(block: block) {
            // The later, the faster.
            if shard == 3 { usleep(UInt32(2000 * (6 - block))) }
            if shard == 3 && block >= 2 { throw EspalierError("no value", location: block == 2 ? "filter 7" : "another") }
          }
        }
        if shard == 3 { throw EspalierError("the body would fail later") }
      }
    }
  }

  @Test(arguments: [1, 2, 3]) func aBodysErrorComesBehindNoBlock(width: Int) {
    #expect(throws: EspalierError("no weights", location: "shard 0: fc")) {
      try BlockScheduler(width: width).map(shards: 0..<1, blocks: Self.names, blocksMayMove: true, makeWorker: { $0 }) {
        try $2.submit(block: 0) { usleep(500) }
        throw EspalierError("no weights", location: "fc")
      }
    }
  }

  @Test func errorsCannotBeOverlooked() {
    #expect(throws: EspalierError("broken", location: "shard 0: block 9")) {
      try BlockScheduler(width: 1).map(shards: 0..<1, blocks: Self.names, makeWorker: { $0 }) {
        try? $2.submit(block: 9) { throw EspalierError("broken") }
      }
    }
  }

  @Test(arguments: [1, 2]) func cancellationStopsBetweenBlocks(width: Int) {
    let cancellation = Cancellation()
    let ran = Counter()
    #expect(throws: CancellationError.self) {
      try BlockScheduler(width: width, cancellation: cancellation).map(
        shards: 0..<1, blocks: [], blocksMayMove: true, makeWorker: { $0 }
      ) { _, _, handoff in
        for block in 0..<1000 {
          try handoff.submit(block: block) { if ran.add(1) == 5 { cancellation.cancel() } }
        }
      }
    }
    #expect((5...6).contains(ran.value))
  }

  @Test func progressCountsBlocks() throws {
    let reports = Mutex<[PassProgress]>([])
    let scheduler = BlockScheduler(width: 1, progress: { report in reports.withLock { $0.append(report) } })
    _ = try scheduler.map(shards: 0..<2, blocks: ["a", "b", "c"], makeWorker: { $0 }) { _, _, handoff in
      for block in [0, 0, 1] { try handoff.submit(block: block) {} }
    }
    let seen = reports.withLock { $0 }
    #expect(
      seen.map { [$0.done] + $0.blocks.map(\.done) } == [
        [0, 1, 0, 0], [0, 1, 1, 0], [1, 1, 1, 1], [1, 2, 1, 1], [1, 2, 2, 1], [2, 2, 2, 2],
      ])
    #expect(seen.map(\.fraction) == [0.125, 0.25, 0.5, 0.625, 0.75, 1])
    #expect(seen[0].blocks.map(\.name) == ["a", "b", "c"])
    let report = PassProgress(
      done: 0, total: 4, elapsed: .seconds(10), blocks: [.init(name: "a", done: 2), .init(name: "b", done: 0)])
    #expect(report.timeLeft(of: report.blocks[0]) == .seconds(10))
    #expect(report.timeLeft(of: report.blocks[1]) == nil)
    #expect(report.timeLeft.map { abs(($0 - .seconds(50)) / .seconds(1)) < 1e-9 } == true)
  }
}

/// A number for the thread that asks.
func thisThread() -> UInt { UInt(pthread_self()) }

/// A count shared by several threads.
final class Counter: Sendable {
  private let count = Atomic(0)

  /// Adds, and gives the new count.
  @discardableResult func add(_ amount: Int = 1) -> Int { count.add(amount, ordering: .sequentiallyConsistent).newValue }

  var value: Int { count.load(ordering: .sequentiallyConsistent) }
}

/// A position where threads wait for each other, but not for ever.
private final class Meeting: Sendable {
  private let present = Counter()

  func join(_ count: Int) {
    present.add()
    for _ in 0..<100_000 where !isComplete(count) { usleep(50) }
  }

  func isComplete(_ count: Int) -> Bool { present.value >= count }
}
