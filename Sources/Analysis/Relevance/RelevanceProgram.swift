import Engine
import Tensors

/// What a relevance pass finds out about a shard of images.
public struct RelevanceResult: Sendable {
  /// Relevance at the input, `[n, C, H, W]`.
  public var input: Tensor<Float>
  /// The outputs before a final softmax, `[n, …]`.
  public var prediction: Tensor<Float>
  /// Relevance of every site's channels, summed over space, `[n, channels]` each.
  public var signed: [Tensor<Double>]
  /// The same with every position's absolute value.
  public var absolute: [Tensor<Double>]
  /// Relevance of every head of attention, summed over tokens and width, `[n, heads]` each.
  public var heads: [Tensor<Double>] = []
  /// The greatest activation of every site's channels over space, `[n, channels]` each; empty unless it was asked for.
  public var maxima: [Tensor<Float>] = []
  /// What every layer conserves, `[n, layers, 5]` by ``ConservationTerm``; nil unless it was asked for.
  public var conservation: Tensor<Double>?
}

/// A relevance plan with buffers of its own: what one worker runs.
public final class RelevanceProgram {
  /// The plan.
  public let plan: RelevancePlan
  private let program: Program

  /// Allocates the buffers.
  ///
  /// - Throws: `EspalierError` if the engine refuses.
  public init(_ plan: RelevancePlan) throws {
    self.plan = plan
    program = try Program(plan.pass.plan)
  }

  /// Computes the relevance of a shard.
  ///
  /// - Parameters:
  ///   - images: `[n, C, H, W]`, n from 1 to the plan's batch.
  ///   - others: what the network's other inputs take, by their names.
  ///   - targets: what is explained of each image.
  /// - Throws: `EspalierError` naming a target that is no class.
  public func run(_ images: Tensor<Float>, others: [String: Tensor<Float>] = [:], targets: [OutputTarget]) throws
    -> RelevanceResult
  {
    let count = images.shape[0]
    precondition(targets.count == count, "\(targets.count) targets for \(count) images")
    var signed: [Tensor<Double>] = []
    var absolute: [Tensor<Double>] = []
    signed.reserveCapacity(plan.sites.count)
    var sums: [Int: (signed: [Double], absolute: [Double])] = [:]
    for tap in plan.siteTaps { program.observers[tap] = { sums[tap] = $0[0].spatialSums() } }
    var heads: [Int: [Double]] = [:]
    for (site, tap) in zip(plan.heads, plan.headTaps) {
      program.observers[tap] = { heads[tap] = $0[0].headSums(site.channels) }
    }
    var maxima: [Int: [Float]] = [:]
    for case let tap? in plan.activationTaps { program.observers[tap] = { maxima[tap] = $0[0].spatialMaxima() } }
    let taps = plan.conservationTaps
    var balance = [ConservationSums](repeating: ConservationSums(count: count), count: taps.count)
    for (position, tap) in taps.enumerated() {
      program.observers[tap.arriving] = { balance[position].add($0, to: 0) }
      if let delivered = tap.delivered { program.observers[delivered] = { balance[position].add($0, to: 1) } }
      for part in tap.parts { program.observers[part.tap] = { balance[position].add($0, part) } }
    }
    defer { program.observers = [:] }
    try plan.pass.run(program, images, others: others, targets: targets)
    for (site, tap) in zip(plan.sites, plan.siteTaps) {
      let shape: Shape = [count, site.channels]
      let found = sums[tap] ?? ([Double](repeating: 0, count: shape.count), [Double](repeating: 0, count: shape.count))
      signed.append(Tensor(found.signed, shape: shape))
      absolute.append(Tensor(found.absolute, shape: shape))
    }
    let headSums = zip(plan.heads, plan.headTaps).map { site, tap in
      Tensor(heads[tap] ?? [Double](repeating: 0, count: count * site.channels), shape: [count, site.channels])
    }
    var conservation: Tensor<Double>?
    if !taps.isEmpty {
      let rows = balance.map(\.finished)
      conservation = Tensor(
        (0..<count).flatMap { row in rows.flatMap { $0[row * 5..<(row + 1) * 5] } }, shape: [count, taps.count, 5])
    }
    let greatest = zip(plan.sites, plan.activationTaps).compactMap { site, tap in
      tap.map {
        Tensor(maxima[$0] ?? [Float](repeating: 0, count: count * site.channels), shape: [count, site.channels])
      }
    }
    return RelevanceResult(
      input: program.result(plan.arrival), prediction: program.result(plan.pass.output), signed: signed, absolute: absolute,
      heads: headSums, maxima: greatest, conservation: conservation)
  }

  /// Computes the relevance of classes; nil for the predicted one.
  ///
  /// - Throws: `EspalierError` naming a target that is no class.
  public func run(_ images: Tensor<Float>, targets: [Int?]) throws -> RelevanceResult {
    try run(images, targets: targets.map { OutputTarget($0) })
  }
}
