import Foundation
import Scheduling
import Synchronization
import Tensors
import Testing

@Suite struct PassCheckpointTests {
  private typealias Saved = (partial: FixedTree.Partial<Double>, cursor: Int)

  private static let values = (0..<13).map { shard in
    var generator = Philox(seed: 11, stream: UInt64(shard))
    return generator.normal() * pow(10, 16 * generator.uniform())
  }

  /// The sum of all values, going on from what was saved.
  private func finish(_ saved: Saved?, width: Int) throws -> Double? {
    let values = Self.values
    return try BlockScheduler(width: width).reduce(
      shards: (saved?.cursor ?? 0)..<values.count, from: saved?.partial ?? FixedTree.Partial(), makeWorker: { $0 },
      body: { values[$1] }, combine: +
    ).result(+)
  }

  private func expectExact(_ saved: Saved) {
    let shards = saved.partial.pending.flatMap(\.shards)
    #expect(shards == Array(0..<saved.cursor))
  }

  @Test(arguments: 0..<13, [1, 2, 3]) func aPassCutAnywhereGoesOn(cut: Int, width: Int) throws {
    let values = Self.values
    let cancellation = Cancellation()
    let last = Mutex<Saved?>(nil)
    #expect(throws: CancellationError.self) {
      try BlockScheduler(width: width, cancellation: cancellation).reduce(
        shards: 0..<values.count,
        checkpoint: PassCheckpoint(interval: .seconds(600)) { tree, cursor in
          last.withLock {
            #expect($0 == nil, "the interval has not passed: only the end saves")
            $0 = (tree, cursor)
          }
        }, makeWorker: { $0 },
        body: { _, shard in
          if shard == cut { cancellation.cancel() }
          try cancellation.check()
          return values[shard]
        }, combine: +)
    }
    let saved = last.withLock { $0 }
    #expect((saved?.cursor ?? 0) <= cut)
    if width == 1 { #expect((saved?.cursor ?? 0) == cut) }
    if let saved { expectExact(saved) }
    for width in [1, 2] { #expect(try finish(saved, width: width) == plainTree(values[...])) }
  }

  @Test(arguments: [1, 3]) func everySaveIsExact(width: Int) throws {
    let values = Self.values
    let saves = Mutex<[Saved]>([])
    _ = try BlockScheduler(width: width).reduce(
      shards: 0..<values.count,
      checkpoint: PassCheckpoint(interval: .zero) { tree, cursor in saves.withLock { $0.append((tree, cursor)) } },
      makeWorker: { $0 },
      body: { _, shard in
        if shard % 3 == 0 { usleep(3000) }
        return values[shard]
      }, combine: +)
    let all = saves.withLock { $0 }
    #expect(all.last?.cursor == values.count)
    #expect(zip(all, all.dropFirst()).allSatisfy { $0.cursor < $1.cursor })
    for saved in all {
      expectExact(saved)
      #expect(try finish(saved, width: 2) == plainTree(values[...]))
    }
  }

  /// A block that fails leaves its shard, and what is above it, out of what is saved.
  @Test(arguments: [1, 2, 3]) func aFailureSavesWhatIsBelow(width: Int) throws {
    let values = Self.values
    let last = Mutex<Saved?>(nil)
    #expect(throws: EspalierError("damaged", location: "shard 6: block only")) {
      try BlockScheduler(width: width).reduce(
        shards: 0..<values.count, blocks: ["only"], blocksMayMove: true,
        checkpoint: PassCheckpoint { tree, cursor in last.withLock { $0 = (tree, cursor) } }, makeWorker: { $0 },
        body: { _, shard, handoff in
          try handoff.submit(block: 0) {
            usleep(UInt32(100 * (shard % 4)))
            if shard == 6 { throw EspalierError("damaged") }
          }
          return values[shard]
        }, combine: +)
    }
    let saved = try #require(last.withLock { $0 })
    #expect(saved.cursor == 6)
    expectExact(saved)
    #expect(try finish(saved, width: 3) == plainTree(values[...]))
  }

  @Test func whatCannotBeSavedIsNoShardsFault() {
    #expect(throws: EspalierError("the disk is full", file: "state.h5")) {
      try BlockScheduler(width: 2).reduce(
        shards: 0..<9,
        checkpoint: PassCheckpoint(interval: .zero) { _, _ in throw EspalierError("the disk is full", file: "state.h5") },
        makeWorker: { $0 }, body: { $1 }, combine: +)
    }
  }

  /// While one worker combines or saves, the other goes on with its shards.
  @Test(arguments: [false, true]) func combiningHoldsNobodyUp(whileSaving: Bool) throws {
    let last = DispatchSemaphore(value: 0)
    let waits = Counter()
    @Sendable func wait() {
      guard waits.add() == 1 else { return }
      #expect(last.wait(timeout: .now() + 60) == .success, "shard 3 waits for shards 0 and 1")
    }
    let tree = try BlockScheduler(width: 2).reduce(
      shards: 0..<4, checkpoint: PassCheckpoint(interval: .zero) { _, cursor in if whileSaving, cursor == 2 { wait() } },
      makeWorker: { $0 },
      body: { _, shard in
        if shard == 3 { last.signal() }
        return [shard]
      },
      combine: { left, right in
        if !whileSaving { wait() }
        return left + right
      })
    #expect(tree.result(+) == [0, 1, 2, 3])
  }
}
