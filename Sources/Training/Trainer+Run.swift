import Foundation
import Scheduling
import Tensors

extension Trainer {
  /// Trains until all epochs are done, from wherever this trainer stands.
  ///
  /// The last batch of an epoch may be smaller than the others; a single sample that is left over is skipped, because a batch
  /// norm has no variance of it.
  ///
  /// - Parameters:
  ///   - data: what is trained on.
  ///   - validation: what the network is evaluated with after every epoch.
  /// - Throws: `TrainingInterrupted` if it was stopped; `EspalierError`.
  public func run(on data: any LabelledData, validation: (any LabelledData)? = nil) throws {
    let stepsPerEpoch = try self.stepsPerEpoch(of: data)
    if let trainingSamples, trainingSamples != data.count {
      throw EspalierError(
        "there are \(data.count) samples to train on, where the run began with \(trainingSamples)", location: "training")
    }
    trainingSamples = data.count
    var clock = Stopwatch(saved: .now)
    let rate = settings.schedule.rate(step: totalSteps, stepsPerEpoch: stepsPerEpoch, epochs: settings.epochs)
    if epoch < settings.epochs { report(rate, stepsPerEpoch, clock) }
    while epoch < settings.epochs {
      try runEpoch(data, stepsPerEpoch, &clock)
      do { try endEpoch(validation, stepsPerEpoch) } catch is CancellationError { throw try interruption(&clock) }
      try save(&clock)
    }
  }

  /// The times of this process, which no result depends on.
  private struct Stopwatch {
    var samples = 0
    var steps = 0
    var seconds = 0.0
    var saved: ContinuousClock.Instant
  }

  private func stepsPerEpoch(of data: any LabelledData) throws -> Int {
    guard data.count >= 2 else { throw EspalierError("there are \(data.count) samples to train on", accepted: "2 or more") }
    return settings.steps(of: data.count)
  }

  private func runEpoch(_ data: any LabelledData, _ steps: Int, _ clock: inout Stopwatch) throws {
    let (epoch, first, settings) = (epoch, step, settings)
    let batches = Prefetcher(count: steps - first, depth: 2) { index in
      let start = (first + index) * settings.batch
      let end = min(start + settings.batch, data.count)
      return try stride(from: start, to: end, by: settings.shard).map {
        try data.shard($0..<min($0 + settings.shard, end), epoch: epoch)
      }
    }
    while step < steps {
      let began = ContinuousClock.now
      guard let batch = try batches.next() else { break }
      let rate = settings.schedule.rate(step: totalSteps, stepsPerEpoch: steps, epochs: settings.epochs)
      let samples = tally.samples
      try take(batch, rate: rate)
      step += 1
      totalSteps += 1
      let seconds = (ContinuousClock.now - began) / .seconds(1)
      tally.seconds += seconds
      clock.seconds += seconds
      clock.steps += 1
      clock.samples += tally.samples - samples
      report(rate, steps, clock)
      if cancellation.isCancelled { throw try interruption(&clock) }
      if ContinuousClock.now - clock.saved >= .seconds(60), step < steps { try save(&clock) }
    }
  }

  private func endEpoch(_ validation: (any LabelledData)?, _ steps: Int) throws {
    let evaluation = try validation.map {
      try Evaluation.run(
        trainedGraph(), output: output, task: settings.task, on: $0, shard: settings.shard,
        scheduler: BlockScheduler(width: pool.width, cancellation: cancellation, shardName: { _ in nil }))
    }
    let (samples, terms) = (Double(max(tally.samples, 1)), Double(max(tally.terms, 1)))
    history.epochs.append(
      TrainingHistory.Epoch(
        epoch: epoch + 1, rate: settings.schedule.rate(step: totalSteps - 1, stepsPerEpoch: steps, epochs: settings.epochs),
        loss: tally.loss / terms, accuracy: settings.task == .regression ? nil : Double(tally.correct) / terms,
        validationLoss: evaluation?.loss, validationAccuracy: evaluation?.accuracy,
        imagesPerSecond: samples / max(tally.seconds, 1e-9), seconds: tally.seconds))
    watch(history.epochs[epoch])
    let (epoch, values) = (history.epochs[epoch], values)
    if best.map({ epoch.isBetter(than: $0.epoch) }) ?? true { best = BestEpoch(epoch: epoch, values: values) }
    self.epoch += 1
    step = 0
    tally = Tally()
    if let historyFile { try history.write(to: historyFile) }
    for hook in seams.hooks { try hook.afterEpoch(self) }
  }

  /// Says when the loss rises.
  private func watch(_ epoch: TrainingHistory.Epoch) {
    let cure = "a smaller --rate, a --warm-up or --clip may help"
    if epoch.epoch == 1, epoch.loss > max(1.5 * firstLoss, firstLoss + 0.5) {
      note?(String(format: "the loss rose from %.4f in the first batch to %.4f in epoch 1: ", firstLoss, epoch.loss) + cure)
    }
    guard epoch.epoch > 1, case let last = history.epochs[epoch.epoch - 2], epoch.loss > 1.2 * last.loss,
      epoch.loss > last.loss + 0.05
    else { return }
    note?(String(format: "the loss rose from %.4f to %.4f in epoch \(epoch.epoch): ", last.loss, epoch.loss) + cure)
  }

  private func report(_ rate: Double, _ steps: Int, _ clock: Stopwatch) {
    guard let progress else { return }
    let left = Double(settings.epochs - epoch) * Double(steps) - Double(step)
    let terms = Double(max(tally.terms, 1))
    progress(
      TrainingProgress(
        epoch: epoch + 1, epochs: settings.epochs, step: step, steps: steps, rate: rate, loss: tally.loss / terms,
        accuracy: settings.task == .regression ? nil : Double(tally.correct) / terms,
        imagesPerSecond: Double(clock.samples) / max(clock.seconds, 1e-9),
        timeLeft: clock.steps == 0 ? nil : .seconds(clock.seconds / Double(clock.steps) * left)))
  }

  private func interruption(_ clock: inout Stopwatch) throws -> TrainingInterrupted {
    try save(&clock)
    return TrainingInterrupted(epoch: epoch + 1, step: step, checkpoint: checkpoint?.path)
  }

  private func save(_ clock: inout Stopwatch) throws {
    if let checkpoint { try save(to: checkpoint) }
    clock.saved = .now
  }
}
