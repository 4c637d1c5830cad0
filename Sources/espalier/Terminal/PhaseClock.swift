import Experiments
import Foundation
import Synchronization
import Tensors

/// The time that each activity of a run takes, for those who ask.
final class PhaseClock: Sendable {
  private struct State {
    var last: RunProgress?
    var start = ContinuousClock.now
    let begin = ContinuousClock.now
  }

  private let state = Mutex(State())
  private let tell: @Sendable (String) -> Void

  /// Makes a clock that starts now.
  ///
  /// - Parameter tell: is given a line for every activity that has ended, and one for the run.
  init(_ tell: @escaping @Sendable (String) -> Void) { self.tell = tell }

  /// Sees how far the run has come; another activity ends the one before.
  func see(_ progress: RunProgress) {
    let line = state.withLock { state in
      defer { state.last = progress }
      return state.last?.activity == progress.activity ? nil : end(&state)
    }
    if let line { tell(line) }
  }

  /// Ends the last activity, and the run.
  func finish() {
    let lines = state.withLock { state in
      let last = end(&state)
      state.last = nil
      var usage = rusage()
      getrusage(0, &usage)  // RUSAGE_SELF, whose type differs between systems
      let seconds = (ContinuousClock.now - state.begin) / .seconds(1)
      return [last, String(format: "%.1f s in all, at most %ld MB of memory", seconds, usage.ru_maxrss / 1024)]
    }
    lines.compactMap { $0 }.forEach(tell)
  }

  private func end(_ state: inout State) -> String? {
    let now = ContinuousClock.now
    defer { state.start = now }
    let seconds = (now - state.start) / .seconds(1)
    guard let last = state.last else { return seconds < 0.05 ? nil : String(format: "preparation: %.1f s", seconds) }
    return
      "\(last.activity): \((last.done - last.skipped).grouped) of \(last.total.grouped) \(last.unit) in \(String(format: "%.1f", seconds)) s"
  }
}
