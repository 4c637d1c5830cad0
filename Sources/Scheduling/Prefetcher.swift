import Dispatch
import Foundation

/// Makes the elements of a sequence ahead of their use, on threads of its own, and hands them out in order.
///
/// At most `depth` elements are made or waiting at a time. An error comes out of ``next()`` in its element's position and ends
/// the sequence. The producers stop when the prefetcher is released.
public final class Prefetcher<Element: Sendable>: Sendable {
  private let line: Line<Element>

  /// Starts producing.
  ///
  /// - Parameters:
  ///   - count: the number of elements.
  ///   - depth: how many elements to be ahead, at least 1.
  ///   - producers: the number of threads that produce.
  ///   - prologue: runs first on every producer's thread.
  ///   - produce: makes the element with the given index.
  public init(
    count: Int, depth: Int = 2, producers: Int = 1, prologue: @escaping @Sendable () -> Void = {},
    produce: @escaping @Sendable (Int) throws -> Element
  ) {
    precondition(depth > 0 && producers > 0, "a prefetcher has a depth and a producer")
    let line = Line<Element>(count: count, depth: depth)
    self.line = line
    for number in 0..<min(producers, count, depth) {
      DispatchQueue(label: "espalier.prefetch.\(number)").async {
        prologue()
        while let index = line.claim() { line.put(Result { try produce(index) }, at: index) }
      }
    }
  }

  deinit { line.close() }

  /// The next element in order, waited for if it is still being made; nil after the last.
  ///
  /// - Throws: what `produce` threw for it; the same error again on later calls.
  public func next() throws -> Element? { try line.take() }
}

/// The elements between producers and consumer.
private final class Line<Element: Sendable>: @unchecked Sendable {
  // Every stored variable is read and written under `monitor` only.
  private let monitor = NSCondition()
  private let count: Int
  private let depth: Int
  private var claimed = 0
  private var taken = 0
  private var ready: [Int: Result<Element, any Error>] = [:]
  private var closed = false

  init(count: Int, depth: Int) {
    self.count = count
    self.depth = depth
  }

  /// The index to produce next, once it is due; nil when there is nothing more to do.
  func claim() -> Int? {
    monitor.withLock {
      while !closed && claimed < count && claimed >= taken + depth { monitor.wait() }
      guard !closed, claimed < count else { return nil }
      defer { claimed += 1 }
      return claimed
    }
  }

  func put(_ element: Result<Element, any Error>, at index: Int) {
    monitor.withLock {
      ready[index] = element
      monitor.broadcast()
    }
  }

  func take() throws -> Element? {
    try monitor.withLock {
      guard taken < count else { return nil }
      while ready[taken] == nil { monitor.wait() }
      if case .failure(let error)? = ready[taken] {
        closed = true
        monitor.broadcast()
        throw error
      }
      defer { monitor.broadcast() }
      taken += 1
      return try ready.removeValue(forKey: taken - 1)?.get()
    }
  }

  func close() {
    monitor.withLock {
      closed = true
      monitor.broadcast()
    }
  }
}
