import Foundation
import Scheduling
import Synchronization
import Tensors
import Testing

@Suite struct FoldTests {
  private static let values = (0..<200).map { shard in
    var generator = Philox(seed: 12, stream: UInt64(shard))
    return generator.normal() * pow(10, 16 * generator.uniform())
  }

  /// The sum from left to right.
  private static let expected = values.dropFirst().reduce(values[0], +)

  private func sum(
    width: Int, from cursor: Int = 0, _ start: Double? = nil, _ cancellation: Cancellation = Cancellation(),
    _ checkpoint: PassCheckpoint<Double>? = nil, body: @escaping @Sendable (Int) throws -> Void = { _ in }
  ) throws -> Double? {
    try BlockScheduler(width: width, cancellation: cancellation).fold(
      shards: cursor..<Self.values.count, from: start, checkpoint: checkpoint, makeWorker: { $0 },
      body: { _, shard, _ in
        if shard % 17 == 0 { usleep(500) }
        try body(shard)
        return Self.values[shard]
      }, take: { $0 += $1 })
  }

  @Test(arguments: [1, 2, 3, 8]) func shardsAreTakenFromLeftToRight(width: Int) throws {
    #expect(try sum(width: width) == Self.expected)
    let order = try BlockScheduler(width: width).fold(
      shards: 0..<500, makeWorker: { $0 }, body: { _, shard, _ in [shard] }, take: { $0 += $1 })
    #expect(order == Array(0..<500))
    #expect(
      try BlockScheduler(width: width).fold(
        shards: 3..<3, from: 7, makeWorker: { $0 }, body: { $1 + $0 * 0 + $2.shard }, take: +=) == 7)
  }

  /// Cancelled, or stopped by a failing shard, at many positions, on any number of workers, and ended on another number.
  @Test(arguments: [1, 2, 3, 8], [false, true]) func aPassCutAnywhereGoesOn(width: Int, byFailure: Bool) throws {
    for cut in stride(from: 0, to: 200, by: 7) {
      let cancellation = Cancellation()
      let last = Mutex<(sum: Double, cursor: Int)?>(nil)
      let checkpoint = PassCheckpoint<Double>(interval: .milliseconds(1)) { sum, cursor in last.withLock { $0 = (sum, cursor) } }
      #expect(throws: (any Error).self) {
        try sum(width: width, from: 0, nil, cancellation, checkpoint) { shard in
          guard shard == cut else { return }
          if byFailure { throw EspalierError("damaged") }
          cancellation.cancel()
          try cancellation.check()
        }
      }
      let saved = last.withLock { $0 }
      #expect((saved?.cursor ?? 0) <= cut)
      if byFailure { #expect((saved?.cursor ?? 0) == cut) }
      #expect(try sum(width: 9 - width, from: saved?.cursor ?? 0, saved?.sum) == Self.expected, "cut in shard \(cut)")
    }
  }

  /// While one shard is slow the others do not run ahead without end, and no result but the few waiting ones is alive.
  @Test(arguments: [2, 3, 8]) func resultsDoNotPileUp(width: Int) throws {
    let taken = Counter()
    let most = Mutex(0)
    _ = try BlockScheduler(width: width).fold(
      shards: 0..<300, makeWorker: { $0 },
      body: { _, shard, _ in
        let ahead = shard - taken.value
        most.withLock { $0 = max($0, ahead) }
        if shard % 50 == 0 { usleep(20_000) }
        return 1
      },
      take: {
        $0 += $1
        _ = taken.add()
      })
    // One is the start and not taken.
    #expect(most.withLock { $0 } <= 2 * width + 1)
  }

  @Test func whatCannotBeTakenIsNoShardsFault() {
    #expect(throws: EspalierError("they do not fit")) {
      try BlockScheduler(width: 2).fold(
        shards: 0..<90, makeWorker: { $0 }, body: { $1 + $0 * 0 + $2.shard },
        take: { _, _ in throw EspalierError("they do not fit") })
    }
  }
}
