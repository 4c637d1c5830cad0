import Foundation
import Scheduling
import Synchronization
import Tensors
import Testing

@Suite struct PrefetcherTests {
  @Test(arguments: [1, 3]) func elementsComeInOrder(producers: Int) throws {
    let prefetcher = Prefetcher(count: 200, depth: 4, producers: producers) { index in
      if index % 7 == 0 { usleep(300) }
      return index
    }
    var seen: [Int] = []
    while let element = try prefetcher.next() { seen.append(element) }
    #expect(seen == Array(0..<200))
    #expect(try prefetcher.next() == nil)
  }

  @Test func isNeverFurtherAheadThanItsDepth() throws {
    let made = Atomic(0)
    let prefetcher = Prefetcher(count: 50, depth: 3, producers: 2) { index in
      made.add(1, ordering: .sequentiallyConsistent)
      return index
    }
    for taken in 0..<50 {
      usleep(200)
      #expect(made.load(ordering: .sequentiallyConsistent) <= taken + 3)
      _ = try prefetcher.next()
    }
  }

  @Test func errorsComeInTheirPosition() throws {
    let prefetcher = Prefetcher(count: 10, depth: 4, producers: 2) { index in
      if index >= 3 { throw EspalierError("image \(index) is damaged") }
      return index
    }
    for expected in 0..<3 { #expect(try prefetcher.next() == expected) }
    #expect(throws: EspalierError("image 3 is damaged")) { try prefetcher.next() }
    #expect(throws: EspalierError("image 3 is damaged")) { try prefetcher.next() }
  }

  @Test func anEmptySequenceEnds() throws {
    #expect(try Prefetcher(count: 0) { $0 }.next() == nil)
  }

  @Test func producersStopWhenReleased() throws {
    let made = Atomic(0)
    var prefetcher: Prefetcher<Int>? = Prefetcher(count: 1_000_000, depth: 2) { index in
      made.add(1, ordering: .relaxed)
      return index
    }
    _ = try prefetcher?.next()
    prefetcher = nil
    usleep(10_000)
    let after = made.load(ordering: .relaxed)
    #expect(after <= 4)
  }
}
