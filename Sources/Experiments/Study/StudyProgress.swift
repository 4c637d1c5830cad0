import Foundation
import Synchronization
import Tensors

/// How far a study has come: progress of the chain at work, and the time that all still take.
///
/// Chains count by what they are expected to compute, in MACs of forward passes; what is found to be done already does not
/// count for the rate.
final class StudyProgress: Sendable {
  private let all: [Int: Double]
  private let chains: Int
  private let outer: RunContext
  private let state: Mutex<State>

  private struct State {
    var began = ContinuousClock.now
    var done = 0
    /// What was computed in this run, and all that is left.
    var computed = 0.0, left: Double
    var current = ContinuousClock.now
  }

  /// A chain that took less than this was done already.
  private static let instant = Duration.milliseconds(300)

  init(_ plan: StudyPlan, _ positions: [Int], _ context: RunContext) {
    let costs = StudyCosts(plan)
    all = Dictionary(uniqueKeysWithValues: positions.map { ($0, costs.chains[$0].passes) })
    chains = positions.count
    outer = context
    state = Mutex(State(left: all.values.reduce(0, +)))
  }

  /// A context whose progress is that of the study.
  func context(_ title: String) -> RunContext {
    state.withLock { $0.current = .now }
    var context = outer
    let (report, note) = (outer.progress, outer.detail)
    context.progress = { [self] progress in
      var progress = progress
      let (done, left) = state.withLock { ($0.done, timeLeft($0)) }
      progress.activity = "\(done + 1)/\(chains) \(title): \(progress.activity)"
      progress.timeLeft = left ?? progress.timeLeft
      report(progress)
    }
    context.note = { note("\(title): \($0)") }
    return context
  }

  /// A chain is done, or has failed.
  func finished(_ position: Int) {
    state.withLock { state in
      state.done += 1
      let own = all[position] ?? 0
      state.left -= own
      let took = ContinuousClock.now - state.current
      if took > StudyProgress.instant { state.computed += own } else { state.began += took }
    }
  }

  private func timeLeft(_ state: State) -> Duration? {
    guard state.computed > 0 else { return nil }
    return (ContinuousClock.now - state.began) * (max(state.left, 0) / state.computed)
  }
}
