import Engine
import Foundation
import Networks
import Scheduling
import Tensors

/// Trains a network: steps over shuffled batches, epoch by epoch, with the same result whatever the number of workers.
///
/// A batch is cut into shards of a fixed size, whose sums are combined by a fixed tree. What dropout
/// drops depends on the seed, the step, the sample and the node.
/// One thread calls a trainer and its hooks; the workers are its own affair.
public final class Trainer {
  /// The network as it was given; ``trainedGraph()`` has its present weights.
  public private(set) var graph: Graph
  /// What the run was told.
  public let settings: TrainingSettings
  /// Where other methods take part.
  ///
  /// Changes of policies, gates, loss, terms and sites come into force with the next ``replaceGraph(_:mapping:)``.
  public var seams: TrainingSeams
  /// Stops the run at the end of a step.
  public var cancellation = Cancellation()
  /// Called at the start and after every step.
  public var progress: ((TrainingProgress) -> Void)?
  /// Where the run is saved at the end of an epoch, every minute, and when it is stopped.
  public var checkpoint: URL?
  /// Where the table of epochs is written after each.
  public var historyFile: URL?
  /// Told what a person should know, such as a loss that rises.
  public var note: ((String) -> Void)?
  /// What the run is beside network, settings and seams: digests of the data, how they are prepared and changed.
  ///
  /// A checkpoint of a run that has it otherwise is refused.
  public var job = JobIdentity("training")

  /// What became of every epoch.
  public internal(set) var history = TrainingHistory()
  /// The best epoch of the present network so far.
  public internal(set) var best: BestEpoch?
  /// Whether a loss or a parameter became NaN or infinite, so that the run cannot go on.
  public private(set) var hasDiverged = false
  /// The epochs that are done.
  public internal(set) var epoch = 0
  /// The steps that are done in this epoch.
  public internal(set) var step = 0
  /// The steps that are done in all epochs.
  public internal(set) var totalSteps = 0
  /// The mean loss of the last batch, with all terms.
  public private(set) var lastLoss = Double.nan
  /// For every mask site, `Σ gradient · value` over space of every sample and channel of the last batch, `[N, C]`: the gradient
  /// of each sample's own loss at a mask that multiplies the value's channels, where that mask is 1.
  public private(set) var maskGradients: [String: Tensor<Double>] = [:]

  var parameters: [TrainedParameter] = []
  var statistics: [String: Tensor<Float>] = [:]
  var tally = Tally()
  /// The mean loss of the first batch of the run; NaN before.
  var firstLoss = Double.nan
  /// Whether the network was replaced since the run began.
  private(set) var isReplaced = false
  /// The seams at the beginning, and those that the present network was compiled with, but for hooks.
  let initialSeams: String
  private(set) var seamsInForce: String
  private let initialGraph: Graph
  let output: String?
  /// The number of samples that the run is about; nil before it has begun.
  var trainingSamples: Int?
  let pool: WorkerPool<Void>
  private var weights: Parameters
  private(set) var plan: TrainingPlan
  private var positions: [String: Int] = [:]

  /// Sums over the samples of the epoch under way.
  struct Tally: Equatable {
    var loss = 0.0
    var correct = 0
    var samples = 0
    var seconds = 0.0
    /// The number of terms of the loss: samples, or their labelled positions, or numbers.
    var terms = 0
  }

  /// Compiles a network for training.
  ///
  /// - Parameters:
  ///   - graph: the network as read, with its batch norms.
  ///   - output: the output that is trained; nil for the first. What only others need stays as it is.
  ///   - width: the number of workers, which has no influence on the result.
  /// - Throws: `EspalierError` naming the setting or the node that does not fit.
  public init(
    _ graph: Graph, output: String? = nil, settings: TrainingSettings, seams: TrainingSeams = TrainingSeams(), width: Int
  ) throws {
    try settings.validate()
    self.graph = graph
    self.output = output
    self.settings = settings
    self.seams = seams
    initialGraph = graph
    initialSeams = seams.description
    seamsInForce = initialSeams
    pool = try WorkerPool(width: width, shardName: { _ in nil }, prologue: useOneThreadHere) { _ in }
    (weights, plan, parameters, statistics) = try Trainer.compile(
      graph, output, settings, seams, old: [:]
    ) { _, tensor in tensor }
    indexParameters()
    try renewWeights()
  }

  /// The number of classes of the present network.
  public var classes: Int { plan.loss.form.classes }

  // MARK: Parameters

  /// The names of the parameters that are trained, sorted.
  public var parameterNames: [String] { parameters.map(\.name) }

  /// A parameter's latent weight.
  public func latent(_ name: String) -> Tensor<Float>? { positions[name].map { parameters[$0].latent } }

  /// Gives a parameter another latent weight, of the same shape.
  ///
  /// - Throws: `EspalierError` if the weight cannot be laid out.
  public func setLatent(_ tensor: Tensor<Float>, of name: String) throws {
    guard let position = positions[name] else { preconditionFailure("no parameter '\(name)' is trained") }
    precondition(tensor.shape == parameters[position].latent.shape, "parameter '\(name)' changes its shape")
    parameters[position].latent = tensor
    try update([(name, parameters[position].effective)])
  }

  /// The gradient of the mean loss, all terms included, at a parameter's latent weight; of use in
  /// ``TrainingHook/afterBackward(_:)``.
  public func gradient(of name: String) -> Tensor<Float>? { positions[name].map { parameters[$0].gradient } }

  /// Replaces a parameter's gradient before the optimiser takes its step.
  public func setGradient(_ tensor: Tensor<Float>, of name: String) {
    guard let position = positions[name] else { preconditionFailure("no parameter '\(name)' is trained") }
    precondition(tensor.shape == parameters[position].latent.shape, "the gradient of '\(name)' changes its shape")
    parameters[position].gradient = tensor
  }

  /// The network with its present weights and running statistics; names, nodes and metadata as they were given.
  ///
  /// - Throws: `EspalierError` if a weight has no position in the graph.
  public func trainedGraph() throws -> Graph { try graph.replacing(values) }

  /// The network as it was after the best epoch; nil if none is done since the network was last replaced.
  ///
  /// - Throws: `EspalierError` if a weight has no position in the graph.
  public func bestGraph() throws -> Graph? { try best.map { try graph.replacing($0.values) } }

  /// The present effective weights and running statistics, by name.
  var values: [String: Tensor<Float>] {
    statistics.merging(parameters.map { ($0.name, $0.effective) }) { _, effective in effective }
  }

  /// The digest of the network that the run began with.
  func initialDigest() -> String { initialGraph.digest }

  /// Goes on with another network, such as the same one with fewer channels.
  ///
  /// Where a parameter of the same name was trained before, what the optimiser remembers of it, and the latent weight where a
  /// transform makes another out of it, are mapped; the other weights are those of the new network.
  ///
  /// - Parameter mapping: from a parameter's name and an array of its old shape to one of its new shape, or nil to start
  ///   afresh; an array that has the right shape already is kept if this is left out.
  /// - Throws: what compiling or the mapping throws.
  public func replaceGraph(
    _ graph: Graph, mapping: (String, Tensor<Float>) throws -> Tensor<Float>? = { _, tensor in tensor }
  ) throws {
    let old = Dictionary(uniqueKeysWithValues: parameters.map { ($0.name, $0) })
    (weights, plan, parameters, statistics) = try Trainer.compile(
      graph, output, settings, seams, old: old, mapping: mapping)
    self.graph = graph
    isReplaced = true
    seamsInForce = seams.description
    best = nil
    indexParameters()
    try renewWeights()
  }

  /// Gives the network the effective weights of all latent ones.
  func renewWeights() throws { try update(parameters.map { ($0.name, $0.effective) }) }

  /// Lays out weights for the network, on a worker, where oneDNN stays on its thread.
  private func update(_ effective: [(String, Tensor<Float>)]) throws {
    let weights = weights
    _ = try pool.run(0..<1) { _, _ in try weights.update(Dictionary(uniqueKeysWithValues: effective)) }
  }

  private func indexParameters() {
    positions = Dictionary(uniqueKeysWithValues: parameters.enumerated().map { ($1.name, $0) })
  }

  private static func compile(
    _ graph: Graph, _ output: String?, _ settings: TrainingSettings, _ seams: TrainingSeams, old: [String: TrainedParameter],
    mapping: (String, Tensor<Float>) throws -> Tensor<Float>?
  ) throws -> (Parameters, TrainingPlan, [TrainedParameter], [String: Tensor<Float>]) {
    try seams.loss?.teacher?.check(against: graph, output: output, settings.task)
    let (prepared, form) = try graph.preparedForTraining(output: output, task: settings.task)
    var roles = prepared.trainableRoles
    for name in seams.gates {
      guard prepared.constants[name]?.floats != nil else {
        throw EspalierError("is no constant of the network", location: "gate '\(name)'")
      }
      roles[name] = .gate
    }
    for name in seams.policies.keys.sorted() where roles[name] == nil {
      throw EspalierError(
        "is not trained", location: "parameter '\(name)'", accepted: roles.keys.sorted().joined(separator: ", "))
    }
    let wanted = roles.filter { seams.policies[$0.key]?.rate != 0 }
    let weights = Parameters(prepared.floatConstants)
    let plan = try TrainingPlan(
      prepared, form, parameters: weights, wanted: Set(wanted.keys), settings: settings, loss: seams.loss ?? settings.loss,
      tapTerms: seams.tapTerms, maskSites: seams.maskSites)
    let parameters = try wanted.filter { plan.reached.contains($0.key) }.sorted { $0.key < $1.key }.map { name, role in
      let parameter = try TrainedParameter(
        name: name, role: role, policy: seams.policies[name] ?? ParameterPolicy(), latent: weights[name]!, settings: settings)
      guard let previous = old[name] else { return parameter }
      func map(_ tensor: Tensor<Float>) throws -> Tensor<Float>? {
        guard let mapped = try mapping(name, tensor) else { return nil }
        guard mapped.shape == parameter.latent.shape else {
          throw EspalierError(
            "is mapped to shape \(mapped.shape)", location: "parameter '\(name)'", accepted: "\(parameter.latent.shape)")
        }
        return mapped
      }
      if parameter.policy.transform != nil, let latent = try map(previous.latent) { parameter.latent = latent }
      for (position, state) in previous.state.enumerated() {
        if let mapped = try map(Tensor(state, shape: previous.latent.shape)) { parameter.state[position] = mapped.elements }
      }
      return parameter
    }
    var statistics: [String: Tensor<Float>] = [:]
    for node in prepared.nodes where node.op.role == .normalization {
      for name in node.inputs[3...].compactMap({ $0 }) { statistics[name] = weights[name] }
    }
    return (weights, plan, parameters, statistics)
  }

  // MARK: One step

  /// Takes one step.
  ///
  /// - Parameter rate: the learning rate.
  /// - Throws: `EspalierError`: a label that is no class, or a loss that is NaN or infinite.
  func take(_ batch: [LabelledShard], rate: Double) throws {
    var batch = batch
    for hook in seams.hooks { try hook.beforeLoss(&batch, self) }
    let samples = batch.reduce(0) { $0 + $1.count }
    let outcome = try plan.run(batch, step: totalSteps, on: pool)
    maskGradients = outcome.maskGradients
    let terms = max(outcome.terms, 1)
    lastLoss = outcome.loss / Double(terms)
    if firstLoss.isNaN { firstLoss = lastLoss }
    try checkLoss()
    try collectGradients(terms: terms, shards: batch.count)
    try checkLoss()
    if let limit = settings.clip { clipGradients(to: limit) }
    for hook in seams.hooks { try hook.afterBackward(self) }
    renewStatistics(outcome.statistics)
    try move(rate: rate)
    for hook in seams.hooks { try hook.afterStep(self) }
    tally.loss += outcome.loss
    tally.correct += outcome.correct
    tally.samples += samples
    tally.terms += outcome.terms
  }

  private func checkLoss() throws {
    if !lastLoss.isFinite { throw divergence("the loss is \(lastLoss.isNaN ? "NaN" : "\(lastLoss)")") }
  }

  private func divergence(_ problem: String) -> EspalierError {
    hasDiverged = true
    return EspalierError(
      "\(problem) in epoch \(epoch + 1), step \(step + 1)", location: "training",
      accepted: "a smaller learning rate, a warm-up, or normalised inputs")
  }

  /// Gradients of the mean loss at the latent weights, and the terms over weights.
  private func collectGradients(terms: Int, shards: Int) throws {
    let count = terms
    let work = (plan: plan, parameters: parameters)
    let terms = seams.weightTerms
    let values = try pool.run(0..<parameters.count) { _, index in
      let parameter = work.parameters[index]
      work.plan.takeGradient(of: parameter.name, into: &parameter.gradient.elements, terms: count, shards: shards)
      if let transform = parameter.policy.transform {
        parameter.gradient = transform.backward(parameter.gradient, latent: parameter.latent)
      }
      return terms.reduce(0.0) { sum, term in
        sum + term.add(to: &parameter.gradient, of: parameter.name, role: parameter.role, weight: parameter.latent)
      }
    }
    lastLoss += values.reduce(0, +)
  }

  /// Scales all gradients by one factor, so that their common norm is at most `limit`: PyTorch's `clip_grad_norm_`.
  ///
  /// Source: R. Pascanu, T. Mikolov, Y. Bengio, "On the difficulty of training recurrent neural networks", ICML 2013, algorithm
  /// 1.
  private func clipGradients(to limit: Double) {
    let squares = parameters.map { $0.gradient.elements.reduce(0.0) { $0 + Double($1) * Double($1) } }
    let norm = squares.reduce(0, +).squareRoot()
    guard norm > limit else { return }
    let factor = Float(limit / (norm + 1e-6))
    for parameter in parameters {
      for i in parameter.gradient.elements.indices { parameter.gradient.elements[i] *= factor }
    }
  }

  private func move(rate: Double) throws {
    let parameters = parameters
    let optimizer = settings.optimizer
    let step = totalSteps + 1
    let effective = try pool.run(0..<parameters.count) { _, index in
      parameters[index].move(optimizer, rate: rate, step: step)
      return parameters[index].effective
    }
    // A rectifier may turn NaN into zero, so that the loss does not show it.
    if let lost = parameters.first(where: { !$0.latent.elements.allSatisfy(\.isFinite) }) {
      throw divergence("parameter '\(lost.name)' is NaN or infinite")
    }
    try update(Array(zip(parameters.map(\.name), effective)))
  }

  /// `running ← momentum · running + (1 − momentum) · batch's`, with the unbiased variance, as PyTorch does.
  private func renewStatistics(_ batch: [TrainingPlan.ChannelMoments]) {
    for moments in batch {
      let stays = Double(moments.names.momentum)
      for (name, values) in [(moments.names.mean, moments.mean), (moments.names.variance, moments.variance)] {
        guard let old = statistics[name] else { continue }
        let renewed = zip(old.elements, values).map { Float(stays * Double($0) + (1 - stays) * $1) }
        statistics[name] = Tensor(renewed, shape: old.shape)
      }
    }
  }
}
