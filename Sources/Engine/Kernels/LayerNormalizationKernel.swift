import Networks
import Tensors

/// Layer normalisation, row-major: each row is what lies behind one position before the axis.
final class LayerNormalizationKernel: Kernel {
  private let op: Op.LayerNormalization
  private let context: NodeContext
  private let shape: Shape
  private let scale: String
  private let bias: String?
  private let lengths: Shape
  private let length: Int
  private let rows: Int
  /// The mean and `1 / √(variance + ε)` of every row.
  private var moments: Slot?

  init(_ op: Op.LayerNormalization, _ context: NodeContext, _ builder: PlanBuilder) throws {
    self.op = op
    self.context = context
    shape = try context.shape(0)
    guard let (scale, factors) = context.parameter(1, builder),
      context.optionalInput(2) == nil || context.parameter(2, builder) != nil
    else { throw EspalierError("its parameters depend on the network's input", accepted: "constants") }
    self.scale = scale
    bias = context.optionalInput(2)
    lengths = factors.shape
    length = factors.count
    rows = length == 0 ? 0 : shape.count / length
  }

  func bound(_ inputs: [Double?], _ builder: PlanBuilder) -> Double? {
    guard inputs[0] != nil, let factor = builder.bound(of: scale) else { return nil }
    return Double(length).squareRoot() * factor + (bias.flatMap(builder.bound) ?? 0)
  }

  func forward(_ builder: PlanBuilder) throws {
    let slot = try builder.reorder(builder.slot(of: context.input(0)), to: .plain(shape))
    let result = builder.allocate(.plain(shape), name: context.node.outputs[0])
    let moments = builder.allocateSums(2 * rows, name: context.node.label)
    self.moments = moments
    let (parameters, scale, bias, length, rows, epsilon) = (builder.parameters, scale, bias, length, rows, Double(op.epsilon))
    builder.addStep(context.node.label, reads: [slot], writes: [result, moments]) { program in
      let (x, y, m) = (program.pointer(slot), program.pointer(result), program.sums(moments))
      let factors = parameters[scale]!.elements
      let summands = bias.flatMap { parameters[$0]?.elements } ?? [Float](repeating: 0, count: length)
      for row in 0..<rows {
        let (x, y) = (x + row * length, y + row * length)
        let mean = sum(length) { Double(x[$0]) } / Double(length)
        let variance =
          sum(length) { position in
            let centred = Double(x[position]) - mean
            return centred * centred
          } / Double(length)
        let inverse = 1 / (variance + epsilon).squareRoot()
        (m[2 * row], m[2 * row + 1]) = (mean, inverse)
        for position in 0..<length {
          y[position] = Float((Double(x[position]) - mean) * inverse) * factors[position] + summands[position]
        }
      }
    }
    builder.define(context.node.outputs[0], result)
  }

  func backward(_ builder: PlanBuilder, _ gradients: [Slot?], wanted: [Bool]) throws -> [Slot?] {
    guard let gradient = gradients[0], let moments else { return wanted.map { _ in nil } }
    let label = context.node.label
    let slot = try builder.reorder(builder.slot(of: context.input(0)), to: .plain(shape))
    let incoming = try builder.reorder(gradient, to: .plain(shape))
    let (parameters, scale, length, rows) = (builder.parameters, scale, length, rows)
    var results = [Slot?](repeating: nil, count: wanted.count)
    if wanted[0] {
      let result = builder.allocate(.plain(shape), name: label)
      results[0] = result
      builder.addStep(label, reads: [slot, incoming, moments], writes: [result]) { program in
        let (x, g, z) = (program.pointer(slot), program.pointer(incoming), program.pointer(result))
        let m = program.sums(moments)
        let factors = parameters[scale]!.elements
        for row in 0..<rows {
          let (x, g, z) = (x + row * length, g + row * length, z + row * length)
          let (mean, inverse) = (m[2 * row], m[2 * row + 1])
          let direct = sum(length) { Double(g[$0]) * Double(factors[$0]) } / Double(length)
          let along =
            sum(length) { Double(g[$0]) * Double(factors[$0]) * (Double(x[$0]) - mean) } * inverse / Double(length)
          for position in 0..<length {
            let normalised = (Double(x[position]) - mean) * inverse
            z[position] = Float(inverse * (Double(g[position]) * Double(factors[position]) - direct - normalised * along))
          }
        }
      }
    }
    let weights = wanted.indices.dropFirst().filter { wanted[$0] }
    guard !weights.isEmpty else { return results }
    for position in weights { results[position] = builder.allocate(.plain(lengths), name: label) }
    let (scaleGradient, biasGradient) = (results[1], results.count > 2 ? results[2] : nil)
    builder.addStep(label, reads: [slot, incoming, moments], writes: [scaleGradient, biasGradient].compactMap { $0 }) { program in
      let (x, g, m) = (program.pointer(slot), program.pointer(incoming), program.sums(moments))
      var (along, direct) = ([Double](repeating: 0, count: length), [Double](repeating: 0, count: length))
      for row in 0..<rows {
        let (x, g) = (x + row * length, g + row * length)
        for position in 0..<length {
          along[position] += Double(g[position]) * (Double(x[position]) - m[2 * row]) * m[2 * row + 1]
          direct[position] += Double(g[position])
        }
      }
      for (slot, sums) in [(scaleGradient, along), (biasGradient, direct)] {
        guard let slot else { continue }
        for position in 0..<length { program.pointer(slot)[position] = Float(sums[position]) }
      }
    }
    return results
  }
}

extension LayerNormalizationKernel {
  /// Appends the gradient at the input where the deviation of every row counts as a constant.
  fileprivate func gradientOfConstantDeviation(_ builder: PlanBuilder, _ gradient: Slot) throws -> Slot {
    guard let moments else { throw EspalierError("the node has no forward steps") }
    let incoming = try builder.reorder(gradient, to: .plain(shape))
    let result = builder.allocate(.plain(shape), name: context.node.label)
    let (parameters, scale, length, rows) = (builder.parameters, scale, length, rows)
    builder.addStep(context.node.label, reads: [incoming, moments], writes: [result]) { program in
      let (g, z, m) = (program.pointer(incoming), program.pointer(result), program.sums(moments))
      let factors = parameters[scale]!.elements
      for row in 0..<rows {
        let (g, z, inverse) = (g + row * length, z + row * length, m[2 * row + 1])
        let direct = sum(length) { Double(g[$0]) * Double(factors[$0]) } / Double(length)
        for position in 0..<length {
          z[position] = Float(inverse * (Double(g[position]) * Double(factors[position]) - direct))
        }
      }
    }
    return result
  }
}

extension PlanBuilder {
  /// Appends the vector-Jacobian product of a layer norm whose deviation counts as a constant.
  ///
  /// - Throws: `EspalierError` if the node is no layer norm.
  public func gradient(ofLayerNorm node: Node, _ gradient: Slot) throws -> Slot {
    guard let kernel = kernels[node.id] as? LayerNormalizationKernel else {
      throw EspalierError("\(node.op.name) is no layer norm", location: node.label, accepted: "LayerNormalization")
    }
    return try kernel.gradientOfConstantDeviation(self, gradient)
  }
}

/// The sum of so many terms, in four parts that a processor can work on at once.
@inline(__always)
private func sum(_ count: Int, _ term: (Int) -> Double) -> Double {
  var parts = SIMD4<Double>()
  let whole = count & ~3
  for start in stride(from: 0, to: whole, by: 4) {
    parts += SIMD4(term(start), term(start + 1), term(start + 2), term(start + 3))
  }
  return (whole..<count).reduce(parts.sum()) { $0 + term($1) }
}
