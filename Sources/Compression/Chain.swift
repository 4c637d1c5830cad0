import Files
import Foundation
import Networks
import Scheduling
import Tensors

/// Steps, one after the other, each beginning from the network that the one before has made.
public struct Chain: Sendable {
  /// The steps.
  public var steps: [any CompressionStep]

  /// Takes steps.
  public init(_ steps: [any CompressionStep]) { self.steps = steps }

  /// The identities of a network after each step: of all that leads to it.
  ///
  /// - Parameter network: the identity of the network that the chain begins from, and of how it is read.
  /// - Throws: `EspalierError` if an input of a step cannot be read.
  public func jobs(from network: JobIdentity) throws -> [JobIdentity] {
    var job = JobIdentity("chain")
    job.add("network", network)
    return try steps.enumerated().map { position, step in
      job.add("\(position + 1)", step.name)
      job.add("\(position + 1).\(step.name)", try naming(location: title(position)) { try step.job() })
      return job
    }
  }

  /// What errors and notes call a step: `step 2 of 3, tune`.
  public func title(_ position: Int) -> String { "step \(position + 1) of \(steps.count), \(steps[position].name)" }

  /// Makes all steps that are not done yet.
  ///
  /// - Parameters:
  ///   - path: the network that the chain begins from.
  ///   - digest: its SHA-256, with all files that belong to it.
  ///   - network: the identity of that network, and of how it is read.
  ///   - store: where steps are kept.
  ///   - note: told which steps are there already.
  /// - Returns: the steps' results, in their order.
  /// - Throws: `EspalierError` if a step fails, or does not keep its promise; `CancellationError`.
  public func run(
    _ path: String, digest: String, _ network: JobIdentity, in store: StepStore, cancellation: Cancellation,
    note: (String) -> Void
  ) throws -> [StepResult] {
    var results: [StepResult] = []
    for (position, job) in try jobs(from: network).enumerated() {
      let step = steps[position]
      let place = store.place(position + 1, step.name, job)
      let input = StepInput(
        path: results.last?.network ?? path, digest: results.last?.digest ?? digest, before: results)
      func result(_ done: StepStore.Done, wasDone: Bool) -> StepResult {
        StepResult(
          number: position + 1, network: place.network, digest: done.digest, outcome: done.outcome, wasDone: wasDone,
          seconds: done.seconds, job: job)
      }
      var isTold = false
      while results.count == position {
        if let done = store.outcome(of: place, job) {
          note("\(title(position)): done by an earlier run")
          results.append(result(done, wasDone: true))
        } else if let claim = try store.claim(place) {
          try withExtendedLifetime(claim) {
            // Another process may have ended it between the two looks.
            guard store.outcome(of: place, job) == nil else { return }
            let began = ContinuousClock.now
            let outcome = try step.apply(input, in: place)
            try naming(location: title(position)) {
              guard outcome.record.began == input.digest else { throw EspalierError("its record is of another network") }
              try outcome.record.check()
            }
            let seconds = (ContinuousClock.now - began) / .seconds(1)
            results.append(result(try store.finish(place, job, outcome, seconds: seconds), wasDone: false))
          }
        } else {
          if !isTold { note("\(title(position)): another process is at it; waiting for its end") }
          isTold = true
          try cancellation.check()
          usleep(200_000)
        }
      }
    }
    return results
  }
}
