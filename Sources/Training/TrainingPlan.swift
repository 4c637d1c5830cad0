import Engine
import Networks
import Scheduling
import Tensors

/// A graph compiled for training: forward, loss and backward in one plan, with one program for every shard of a batch, so that
/// batch norms can wait for the sums of all shards half-way.
///
/// The shards' programs are run segment by segment on the workers of a pool; whichever worker runs a shard, its sums are the
/// same, and they are combined by a fixed tree.
final class TrainingPlan: @unchecked Sendable {
  // Programs are touched by one worker at a time: a shard is one index of a round.
  private var programs: [Program] = []
  private let plan: Plan
  private let input: String
  private let inputShape: Shape
  private let labels: Slot
  private let outcome: Slot
  /// What the teacher of the loss puts out; nil where there is none.
  private let answers: Slot?
  private let teacher: TeacherRun?
  let loss: OutputLoss
  private let gradients: [String: (slot: Slot, count: Int)]
  private let maskGradients: [String: (slot: Slot, channels: Int)]
  private let isSynchronised: Bool
  private let seed: UInt64

  /// The samples of a shard.
  let shardSize: Int
  /// The parameters that a gradient reaches.
  var reached: Set<String> { Set(gradients.keys) }

  /// What a batch came to.
  struct Outcome {
    /// The loss without the terms over weights, summed over samples.
    var loss: Double
    /// The number of labels that have the greatest logit.
    var correct: Int
    /// The number of terms that the loss is a sum of.
    var terms: Int
    /// The statistics of every batch norm, of this batch.
    var statistics: [ChannelMoments]
    /// `Σ gradient · value` over space of every sample and channel, `[N, C]`, by the value's name.
    var maskGradients: [String: Tensor<Double>]
  }

  /// Mean and unbiased variance of every channel.
  struct ChannelMoments {
    var names: BatchStatistics
    var mean: [Double]
    var variance: [Double]
  }

  /// Compiles a graph.
  ///
  /// - Parameters:
  ///   - graph: a graph whose only result is the logits.
  ///   - form: what they hold of one sample.
  ///   - wanted: the parameters whose gradients are asked for.
  ///   - judge: what is said of the logits.
  ///   - maskSites: values for which the gradient of a mask over samples and channels is asked for.
  /// - Throws: `EspalierError` naming the node that cannot be trained.
  init(
    _ graph: Graph, _ form: OutputForm, parameters: Parameters, wanted: Set<String>, settings: TrainingSettings,
    loss judge: any Loss, tapTerms: [any TapTerm], maskSites: [String]
  ) throws {
    shardSize = settings.shard
    self.seed = settings.seed
    isSynchronised = settings.batchNormalization == .wholeBatch
    guard let feed = graph.inputs.first?.name, let output = graph.outputs.first else {
      throw EspalierError("the network has no input or no output", location: "training")
    }
    input = feed
    let builder = try PlanBuilder(graph, batch: shardSize, parameters: parameters, isTraining: true)
    inputShape = try builder.shape(of: feed)
    let shape = try builder.shape(of: output)
    guard shape.rank >= 2, shape[0] == shardSize, shape.count == shape[0] * form.count else {
      throw EspalierError("its shape is \(shape)", location: "output '\(output)'", accepted: "\(form.count) numbers a sample")
    }
    let loss = OutputLoss(task: settings.task, form: form, loss: judge)
    self.loss = loss
    if let asked = judge.teacher { teacher = try TeacherRun(asked, samples: inputShape, settings) } else { teacher = nil }
    for value in tapTerms.map(\.value) + maskSites where builder.facts[value] == nil {
      throw EspalierError("the network has no value '\(value)'", location: "training")
    }
    try builder.forward(keeping: Set([output] + tapTerms.map(\.value) + maskSites), isDifferentiable: true)

    let plain = Layout.plain(shape)
    let logits = try builder.reorder(builder.slot(of: output), to: plain)
    let labels = builder.allocateSums(shardSize * loss.labelCount, name: "labels")
    let outcome = builder.allocateSums(2, name: "loss")
    let seed = builder.allocate(plain, name: "loss")
    let answers = teacher == nil ? nil : builder.allocateSums(shardSize * form.count, name: "teacher")
    builder.pin(labels)
    builder.pin(outcome)
    if let answers { builder.pin(answers) }
    let rows = shardSize
    builder.addStep("loss", reads: [logits, labels] + [answers].compactMap { $0 }, writes: [seed, outcome]) { program in
      let (value, correct) = loss.evaluate(
        outputs: program.pointer(logits), labels: program.sums(labels),
        teacher: answers.flatMap { UnsafePointer(program.sums($0).baseAddress) },
        count: program.count, rows: rows, gradient: program.pointer(seed))
      program.sums(outcome)[0] = value
      program.sums(outcome)[1] = Double(correct)
    }
    self.labels = labels
    self.answers = answers
    self.outcome = outcome

    var seeds = [output: seed]
    for term in tapTerms {
      // Terms over the same value follow each other in one seed.
      let slot = try builder.slot(of: term.value)
      let known = seeds[term.value]
      let layout = known.map(builder.layout) ?? builder.layout(slot)
      let value = try builder.reorder(slot, to: layout)
      let gradient = builder.allocate(layout, name: term.value)
      builder.addStep(term.description, reads: [value, outcome] + [known].compactMap { $0 }, writes: [gradient, outcome]) {
        program in
        let target = program.pointer(gradient)
        target.update(repeating: 0, count: layout.floatCount)
        program.sums(outcome)[0] += term.evaluate(program.featureMap(value), gradient: program.featureMap(gradient))
        if let known {
          let other = program.pointer(known)
          for i in 0..<layout.floatCount { target[i] += other[i] }
        }
      }
      seeds[term.value] = gradient
    }
    let arrived = try builder.gradients(from: seeds, to: wanted.union(maskSites))
    var gradients: [String: (Slot, Int)] = [:]
    for name in wanted {
      guard let slot = arrived[name], let tensor = parameters[name] else { continue }
      builder.keep(slot, as: "gradient of " + name)
      gradients[name] = (slot, tensor.count)
    }
    self.gradients = gradients
    var masks: [String: (Slot, Int)] = [:]
    for value in maskSites {
      guard let slot = arrived[value] else { continue }
      _ = try builder.rowsPerImage(of: value, layer: value)
      let layout = try builder.layout(builder.slot(of: value))
      let (activation, gradient) = (try builder.slot(of: value), try builder.reorder(slot, to: layout))
      let sums = builder.allocateSums(shardSize * layout.channels, name: value)
      builder.pin(sums)
      builder.addStep(value, reads: [activation, gradient], writes: [sums]) { program in
        program.featureMap(activation).spatialProducts(with: program.featureMap(gradient), into: program.sums(sums))
      }
      masks[value] = (sums, layout.channels)
    }
    maskGradients = masks
    plan = builder.finish()
  }

  /// Runs a batch; the gradients are left in the programs, to be taken by ``takeGradient(of:into:terms:shards:)``.
  ///
  /// - Parameter step: the steps that were taken before, in all epochs.
  /// - Throws: `EspalierError` for a label that is no class, naming the sample, or shapes that do not fit.
  func run(_ batch: [LabelledShard], step: Int, on pool: WorkerPool<Void>) throws -> Outcome {
    while programs.count < batch.count { programs.append(try Program(plan)) }
    for shard in batch { try check(shard) }
    try teacher?.reserve(batch.count)
    let labels = try batch.map { try loss.labels(of: $0) }
    let active = Array(programs.prefix(batch.count))
    let box = Programs(active)
    for segment in 0..<plan.segmentCount {
      _ = try pool.run(0..<batch.count) { _, index in
        let program = box.programs[index]
        if segment == 0 {
          try program.setInputs(input, to: batch[index].samples, others: batch[index].others)
          _ = program.sums(self.labels).update(fromContentsOf: labels[index])
          if let answers = self.answers { try self.teacher?.answer(batch[index], number: index, into: program.sums(answers)) }
          for mask in plan.dropouts { mask.draw(for: batch[index].indices, step: step, seed: seed, in: program) }
        }
        try program.run(segment: segment)
      }
      if isSynchronised, segment < plan.synchronised.count { synchronise(plan.synchronised[segment], active) }
    }
    let results = FixedTree.reduce(active.map { (loss: $0.sums(outcome)[0], correct: $0.sums(outcome)[1]) }) {
      ($0.loss + $1.loss, $0.correct + $1.correct)
    }
    return Outcome(
      loss: results?.loss ?? 0, correct: Int(results?.correct ?? 0),
      terms: labels.reduce(0) { $0 + loss.weight(of: $1) }, statistics: plan.statistics.map { moments($0, active) },
      maskGradients: maskGradients.mapValues { slot, channels in
        let rows = active.flatMap { Array($0.sums(slot).prefix($0.count * channels)) }
        return Tensor(rows, shape: [rows.count / channels, channels])
      })
  }

  /// The gradient of the mean loss at a parameter: the shards' gradients, added pairwise by ``Scheduling/FixedTree`` 's order,
  /// over the number of terms of the loss.
  ///
  /// Overwrites the programs' own.
  func takeGradient(of name: String, into target: inout [Float], terms: Int, shards: Int) {
    guard let (slot, count) = gradients[name] else { return }
    let parts = programs.prefix(shards).map { $0.pointer(slot) }
    var stride = 1
    while stride < shards {
      for left in Swift.stride(from: 0, to: shards - stride, by: 2 * stride) {
        let (a, b) = (parts[left], parts[left + stride])
        for i in 0..<count { a[i] += b[i] }
      }
      stride *= 2
    }
    let share = 1 / Float(terms)
    target.withUnsafeMutableBufferPointer { target in
      for i in 0..<count { target[i] = parts[0][i] * share }
    }
  }

  private func check(_ shard: LabelledShard) throws {
    let expected = inputShape
    guard shard.samples.shape.rank == expected.rank,
      shard.samples.shape.dimensions.dropFirst() == expected.dimensions.dropFirst(),
      shard.count == shard.samples.shape[0], (1...shardSize).contains(shard.count)
    else {
      throw EspalierError(
        "samples of shape \(shard.samples.shape)", location: "input '\(input)'", accepted: "\(expected) or fewer of them")
    }
  }

  /// Gives every program the sum over all of them.
  private func synchronise(_ slot: Slot, _ programs: [Program]) {
    guard programs.count > 1 else { return }
    let sum = FixedTree.reduce(programs.map { Array($0.sums(slot)) }) { a, b in
      var sum = a
      for i in sum.indices { sum[i] += b[i] }
      return sum
    }!
    for program in programs { _ = program.sums(slot).update(fromContentsOf: sum) }
  }

  /// A batch norm's moments: of the whole batch, or the mean of those of its shards.
  private func moments(_ statistics: BatchStatistics, _ programs: [Program]) -> ChannelMoments {
    let channels = statistics.channels
    let parts = (isSynchronised ? Array(programs.prefix(1)) : programs).map { program in
      let sums = program.sums(statistics.sums)
      let count = sums[2 * channels]
      let mean = (0..<channels).map { sums[$0] / count }
      let variance = (0..<channels).map { max(sums[channels + $0] / count - mean[$0] * mean[$0], 0) * count / max(count - 1, 1) }
      return (mean: mean, variance: variance)
    }
    let share = 1 / Double(parts.count)
    let sum = FixedTree.reduce(parts) { a, b in
      (zip(a.mean, b.mean).map { $0 + $1 }, zip(a.variance, b.variance).map { $0 + $1 })
    }!
    return ChannelMoments(names: statistics, mean: sum.mean.map { $0 * share }, variance: sum.variance.map { $0 * share })
  }
}

/// The programs of a batch, handed to workers that each touch one.
private struct Programs: @unchecked Sendable {
  let programs: [Program]

  init(_ programs: [Program]) { self.programs = programs }
}

extension FeatureMap {
  /// Writes Σ self · other over space and rows of every real sample and channel, `[samples × channels]`.
  fileprivate func spatialProducts(with other: FeatureMap, into sums: UnsafeMutableBufferPointer<Double>) {
    let offset = other.base - base
    let (area, block, channels) = (layout.area, layout.block, layout.channels)
    for i in 0..<count * channels { sums[i] = 0 }
    forEachBlock { sample, channel, lanes, pointer in
      for lane in 0..<lanes {
        var sum = 0.0
        for position in 0..<area {
          let i = position * block + lane
          sum += Double(pointer[i]) * Double(pointer[i + offset])
        }
        sums[sample * channels + channel + lane] += sum
      }
    }
  }
}
