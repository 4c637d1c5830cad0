import Networks
import Tensors

/// Batch normalisation that stands by itself: with the stored statistics, or with those of the whole batch while training.
///
/// In training the sums over a shard are one step and their use the next; between the two, a synchronisation adds up all
/// shards, so that the statistics and their gradients are those of the whole batch however it was cut.
final class BatchNormalizationKernel: FusingKernel {
  /// An activation computed in the same sweep; set by ``Fusion``.
  var fusion = Fusion.Tail()
  private let op: Op.BatchNormalization
  private let context: NodeContext
  private let names: [String]
  /// Σx, Σx² and the number of elements, of every channel, of the whole batch; only in training.
  private var sums: Slot?

  init(_ op: Op.BatchNormalization, _ context: NodeContext, _ builder: PlanBuilder) throws {
    self.op = op
    self.context = context
    names = try (1...4).map { position in
      guard let (name, _) = context.parameter(position, builder) else {
        throw EspalierError("its parameters depend on the network's input", accepted: "constants")
      }
      return name
    }
  }

  func bound(_ inputs: [Double?], _ builder: PlanBuilder) -> Double? {
    guard let input = inputs[0], !builder.isTraining else { return nil }
    let (scale, shift) = normaliser(builder).affine()
    let sum = zip(scale, shift).reduce(0) { max($0, Double(abs($1.0)) * input + Double(abs($1.1))) }
    return fusion.activation.map { $0.bound(sum) } ?? sum
  }

  func forward(_ builder: PlanBuilder) throws {
    let slot = try builder.slot(of: context.input(0))
    let layout = builder.layout(slot)
    let output = fusion.output ?? context.node.outputs[0]
    let result = builder.allocate(layout, name: output)
    let label = context.node.label
    if builder.isTraining {
      _ = try builder.rowsPerImage(of: context.input(0), layer: label)
      let sums = builder.allocateSums(2 * layout.channels + 1, name: label)
      builder.addStep(label, reads: [slot], writes: [sums]) { program in
        let map = program.featureMap(slot)
        map.sumProducts(with: map, into: program.sums(sums))
        program.sums(sums)[2 * layout.channels] = Double(map.count * map.rowsPerSample * layout.area)
      }
      builder.synchronise(sums)
      builder.note(
        BatchStatistics(mean: names[2], variance: names[3], momentum: op.momentum, sums: sums, channels: layout.channels))
      self.sums = sums
    }
    let function = fusion.activation
    let normaliser = normaliser(builder)
    builder.addStep(label, reads: [slot] + normaliser.reads, writes: [result]) { program in
      let affine = normaliser.affine(program)
      let (x, y) = (program.pointer(slot), program.pointer(result))
      layout.writeAffine(of: x, scale: affine.scale, shift: affine.shift, to: y) { done, count in
        function?.apply(done, to: done, count: count)
      }
    }
    builder.define(output, result)
  }

  func backward(_ builder: PlanBuilder, _ gradients: [Slot?], wanted: [Bool]) throws -> [Slot?] {
    guard let gradient = gradients[0] else { return wanted.map { _ in nil } }
    let slot = try builder.slot(of: context.input(0))
    let layout = builder.layout(slot)
    let channels = layout.channels
    let incoming = try builder.reorder(gradient, to: layout)
    let label = context.node.label
    let normaliser = normaliser(builder)
    // Σg and Σ g·x of every channel.
    let products = builder.allocateSums(2 * channels, name: label)
    builder.addStep(label, reads: [slot, incoming], writes: [products]) { program in
      program.featureMap(incoming).sumProducts(with: program.featureMap(slot), into: program.sums(products))
    }
    // The shard's own part of the parameters' gradients, before the sums are those of the whole batch.
    let weights: [Slot?] = [1, 2].map { wanted[$0] ? builder.allocate(.plain([channels]), name: label) : nil }
    if weights.contains(where: { $0 != nil }) {
      builder.addStep(label, reads: [products] + normaliser.reads, writes: weights.compactMap { $0 }) { program in
        let p = program.sums(products)
        let (mean, deviation) = normaliser.moments(program)
        for c in 0..<channels {
          if let slot = weights[0] { program.pointer(slot)[c] = Float((p[channels + c] - mean[c] * p[c]) / deviation[c]) }
          if let slot = weights[1] { program.pointer(slot)[c] = Float(p[c]) }
        }
      }
    }
    if builder.isTraining { builder.synchronise(products) }
    guard wanted[0] else { return [nil] + weights + [nil, nil] }
    let result = builder.allocate(layout, name: label)
    let sums = sums
    builder.addStep(label, reads: [slot, incoming, products] + normaliser.reads, writes: [result]) { program in
      let (g, x, z) = (program.pointer(incoming), program.pointer(slot), program.pointer(result))
      let (mean, deviation) = normaliser.moments(program)
      let scale = normaliser.affine(program).scale
      var slope = [Float](repeating: 0, count: channels)
      var offset = slope
      if let sums {
        let p = program.sums(products)
        let count = program.sums(sums)[2 * channels]
        for c in 0..<channels {
          let along = (p[channels + c] - mean[c] * p[c]) / deviation[c] / count
          let factor = Double(scale[c])
          slope[c] = Float(-factor * along / deviation[c])
          offset[c] = Float(-factor * (p[c] / count - along * mean[c] / deviation[c]))
        }
      }
      layout.writeAffine(of: g, scale, and: x, slope, shift: offset, to: z)
      guard sums != nil else { return }
      // What fills up a shard takes no part in the batch whose statistics these are.
      let map = program.featureMap(slot)
      for row in 0..<layout.samples where row / map.rows.inner % map.rows.images >= map.count {
        (z + row * layout.sampleStride).update(repeating: 0, count: layout.sampleStride)
      }
    }
    return [result] + weights + [nil, nil]
  }

  private func normaliser(_ builder: PlanBuilder) -> Normaliser {
    Normaliser(
      parameters: builder.parameters, names: names, epsilon: Double(op.epsilon), sums: sums,
      channels: builder.parameters[names[0]]!.count)
  }
}

/// A batch's statistics in a training plan, from which the stored ones are renewed.
public struct BatchStatistics: Sendable {
  /// The name of the stored mean.
  public let mean: String
  /// The name of the stored variance.
  public let variance: String
  /// The share of the stored value that stays.
  public let momentum: Float
  /// Where a program keeps Σx, Σx² and the number of elements of every channel, `[2 · channels + 1]`.
  public let sums: Slot
  /// The number of channels.
  public let channels: Int
}

/// The statistics that a normalisation uses, and the affine map that it amounts to.
private struct Normaliser: Sendable {
  let parameters: Parameters
  let names: [String]
  let epsilon: Double
  let sums: Slot?
  let channels: Int

  var reads: [Slot] { sums.map { [$0] } ?? [] }

  /// The mean and √(variance + ε) of every channel.
  func moments(_ program: StepScope) -> (mean: [Double], deviation: [Double]) {
    if let sums {
      let s = program.sums(sums)
      let count = s[2 * channels]
      let mean = (0..<channels).map { s[$0] / count }
      return (
        mean, (0..<channels).map { max(s[channels + $0] / count - mean[$0] * mean[$0], 0) }.map { ($0 + epsilon).squareRoot() }
      )
    }
    return storedMoments
  }

  private var storedMoments: (mean: [Double], deviation: [Double]) {
    (parameters[names[2]]!.elements.map(Double.init), parameters[names[3]]!.elements.map { (Double($0) + epsilon).squareRoot() })
  }

  func affine(_ program: StepScope) -> (scale: [Float], shift: [Float]) { affine(moments(program)) }

  /// The map of the stored statistics.
  func affine() -> (scale: [Float], shift: [Float]) { affine(storedMoments) }

  private func affine(_ moments: (mean: [Double], deviation: [Double])) -> (scale: [Float], shift: [Float]) {
    let (mean, deviation) = moments
    let (gamma, beta) = (parameters[names[0]]!.elements, parameters[names[1]]!.elements)
    let scale = (0..<channels).map { Double(gamma[$0]) / deviation[$0] }
    return (scale.map(Float.init), (0..<channels).map { Float(Double(beta[$0]) - mean[$0] * scale[$0]) })
  }
}
