import Experiments
import Foundation
import Synchronization
import Tensors

/// Progress on standard error: one line that is redrawn on a terminal, a line now and then elsewhere.
final class ProgressBar: Sendable {
  private struct State {
    var activity: String?
    var start = ContinuousClock.now
    var drawn: ContinuousClock.Instant?
    var isLineOpen = false
  }

  private let state = Mutex(State())
  private let isTerminal: Bool
  private let interval: Duration

  /// Makes a bar; it draws at most ten times a second, or a line every ten seconds where nobody watches.
  init(isTerminal: Bool = StandardError.isTerminal) {
    self.isTerminal = isTerminal
    interval = isTerminal ? .milliseconds(100) : .seconds(10)
  }

  /// Draws, if it is time.
  func show(_ progress: RunProgress) {
    state.withLock { state in
      let now = ContinuousClock.now
      if state.activity != progress.activity {
        end(&state)
        state = State(activity: progress.activity, start: now, drawn: isTerminal ? nil : now)
      }
      let isLast = progress.done >= progress.total
      if let drawn = state.drawn, !isLast, now - drawn < interval { return }
      state.drawn = now
      let text = line(progress, elapsed: now - state.start)
      StandardError.write(isTerminal ? "\r\(text)\u{1B}[K" : text + "\n")
      state.isLineOpen = isTerminal
    }
  }

  /// Prints a line of talk above the bar.
  func note(_ text: String) {
    state.withLock { state in
      if state.isLineOpen { StandardError.write("\r\u{1B}[K") }
      state.isLineOpen = false
      StandardError.line(text)
    }
  }

  /// Leaves the last state standing and goes on below.
  func finish() { state.withLock { end(&$0) } }

  private func end(_ state: inout State) {
    if state.isLineOpen { StandardError.write("\n") }
    state.isLineOpen = false
  }

  private func line(_ progress: RunProgress, elapsed: Duration) -> String {
    let seconds = elapsed / .seconds(1)
    let now = Double(progress.done) + progress.partial
    let fresh = now - Double(progress.skipped)
    var parts = ["\(progress.activity)  \(Int(now).grouped)/\(progress.total.grouped) \(progress.unit)"]
    if isTerminal, progress.total > 0 {
      let filled = min(Int(20 * now / Double(progress.total)), 20)
      parts.insert("[" + String(repeating: "=", count: filled) + String(repeating: " ", count: 20 - filled) + "]", at: 0)
    }
    if fresh > 0, seconds > 0 {
      let rate = fresh / seconds
      parts.append(rate >= 10 ? "\(Int(rate).grouped)/s" : String(format: rate >= 0.1 ? "%.1f/s" : "%.2g/s", rate))
      if progress.done < progress.total || progress.timeLeft != nil {
        parts.append(clock(progress.timeLeft.map { $0 / .seconds(1) } ?? (Double(progress.total) - now) / rate) + " left")
      } else {
        parts.append(clock(seconds) + " in all")
      }
    }
    if !progress.detail.isEmpty { parts.append(progress.detail) }
    return parts.joined(separator: "  ")
  }

  private func clock(_ seconds: Double) -> String {
    let whole = Int(min(seconds.rounded(.up), 1e9))
    return whole >= 3600
      ? String(format: "%d:%02d:%02d", whole / 3600, whole / 60 % 60, whole % 60)
      : String(format: "%d:%02d", whole / 60, whole % 60)
  }
}
