import Foundation
import Networks
import Tensors

/// What keeps a denominator away from zero: `z + sign(z) ε`, where the sign of 0 is +1.
public struct TwinStabilizer: Sendable {
  /// The distance from zero.
  public var epsilon: Double
  /// Whether `sign(z) max(|z|, ε)` is used instead.
  public var clips: Bool
  /// Whether ε is scaled by the root mean square of each sample's z.
  public var scalesByNorm: Bool
  /// Whether ε is scaled by the standard deviation of each sample's input.
  public var scalesByInput: Bool

  /// Makes a stabiliser.
  public init(epsilon: Double = 1e-6, clips: Bool = false, scalesByNorm: Bool = false, scalesByInput: Bool = false) {
    self.epsilon = epsilon
    self.clips = clips
    self.scalesByNorm = scalesByNorm
    self.scalesByInput = scalesByInput
  }

  /// The stabilised denominators; the first axis is the batch.
  func callAsFunction(_ z: Tensor<Double>, input: Tensor<Double>? = nil) -> Tensor<Double> {
    let size = z.count / z.shape[0]
    var result = z
    for sample in 0..<z.shape[0] {
      let positions = sample * size..<(sample + 1) * size
      let meanSquare = z.elements[positions].reduce(0) { $0 + $1 * $1 } / Double(size)
      var epsilon = scalesByNorm ? epsilon * meanSquare.squareRoot() : epsilon
      if scalesByInput, let input {
        let values = input.rows(sample..<sample + 1).elements
        let mean = values.reduce(0, +) / Double(values.count)
        epsilon *= (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)).squareRoot()
      }
      for position in positions {
        let value = z.elements[position]
        let sign: Double = value < 0 ? -1 : 1
        result.elements[position] = clips ? sign * max(abs(value), epsilon) : value + sign * epsilon
      }
    }
    return result
  }
}

/// How relevance at a node's output becomes relevance at its input.
///
/// Source: Zennit's rules, C. J. Anders et al., "Software for dataset-wide XAI", arXiv:2106.13200.
public struct TwinRule: Sendable {
  /// The rules and their parameters.
  public enum Kind: Sendable {
    case epsilon
    case zPlus
    case alphaBeta(alpha: Double, beta: Double)
    case gamma(Double)
    /// Bounds of the input: one number, or one a channel.
    case zBox(low: [Double], high: [Double])
    case wSquare
    case flat
    case norm
    case pass
    /// Nothing is handed on.
    case stop
    /// Equal shares for the operands.
    case uniform
    /// Equal shares for the operands, each in proportion.
    case uniformEpsilon
    /// `x (R − s ΣR)` at a softmax.
    case taylor
    /// A layer norm with a constant deviation.
    case layerNorm
    case reluDeconvNet
    case reluGuidedBackprop
    case reluBetaSmooth(Double)
    /// 1 from μ on, −1 below, instead of the input.
    case sign(mu: Double)
    /// Coefficients of x⁺W⁺, x⁺W⁻, x⁻W⁺ and x⁻W⁻, each with a sum of its own.
    case products(pp: Double, pn: Double, np: Double, nn: Double)
  }

  /// The rule.
  public var kind: Kind
  /// What keeps its denominators from zero.
  public var stabilizer: TwinStabilizer
  /// Whether biases count as zero, so that they absorb no relevance.
  public var zeroBias: Bool

  /// Makes a rule.
  public init(_ kind: Kind, stabilizer: TwinStabilizer = TwinStabilizer(), zeroBias: Bool = false) {
    self.kind = kind
    self.stabilizer = stabilizer
    self.zeroBias = zeroBias
  }
}

extension TwinRule {
  /// Relevance at the input `x` of a convolution or linear layer from relevance `r` at its output.
  func relevance(of layer: TwinLayer, at x: Tensor<Double>, from r: Tensor<Double>) -> Tensor<Double> {
    let w = layer.weight
    let b = zeroBias ? nil : layer.bias
    let (xp, xn, wp, wn) = (x.positive, x.negative, w.positive, w.negative)
    switch kind {
    case .epsilon, .norm:
      return x * layer.transposed(r.combined(stabilizer(layer.forward(x, w, b), input: x), /), w)
    case .sign(let mu):
      return x.map { $0 >= mu ? 1 : -1 } * layer.transposed(quotient(r, layer.forward(x, w, b)), w)
    case .products(let pp, let pn, let np, let nn):
      func share(_ x: Tensor<Double>, _ w: Tensor<Double>) -> Tensor<Double> {
        x * layer.transposed(quotient(r, layer.forward(x, w, nil)), w)
      }
      return pp * share(xp, wp) + pn * share(xp, wn) + np * share(xn, wp) + nn * share(xn, wn)
    case .zPlus:
      return TwinRule(.alphaBeta(alpha: 1, beta: 0), stabilizer: stabilizer, zeroBias: zeroBias)
        .relevance(of: layer, at: x, from: r)
    case .alphaBeta(let alpha, let beta):
      let sa = quotient(r, layer.forward(xp, wp, b?.positive) + layer.forward(xn, wn, nil))
      let ra = xp * layer.transposed(sa, wp) + xn * layer.transposed(sa, wn)
      let sb = quotient(r, layer.forward(xp, wn, b?.negative) + layer.forward(xn, wp, nil))
      let rb = xp * layer.transposed(sb, wn) + xn * layer.transposed(sb, wp)
      return alpha * ra - beta * rb
    case .gamma(let gamma):
      let (wp, wn) = (w + gamma * wp, w + gamma * wn)
      let zp = layer.forward(xp, wp, b.map { $0 + gamma * $0.positive }) + layer.forward(xn, wn, nil)
      let zn = layer.forward(xp, wn, b.map { $0 + gamma * $0.negative }) + layer.forward(xn, wp, nil)
      // The sign is that of the true output, even where the bias is left out of the denominators.
      let y = layer.forward(x, w, layer.bias)
      let sp = quotient(r.combined(y) { $1 > 0 ? $0 : 0 }, zp)
      let sn = quotient(r.combined(y) { $1 < 0 ? $0 : 0 }, zn)
      return xp * layer.transposed(sp, wp) + xn * layer.transposed(sp, wn)
        + xp * layer.transposed(sn, wn) + xn * layer.transposed(sn, wp)
    case .zBox(let low, let high):
      let l = Tensor(low, shape: [low.count]).asInput(of: x.shape)
      let h = Tensor(high, shape: [high.count]).asInput(of: x.shape)
      let s = quotient(r, layer.forward(x, w, nil) - layer.forward(l, wp, nil) - layer.forward(h, wn, nil))
      return x * layer.transposed(s, w) - l * layer.transposed(s, wp) - h * layer.transposed(s, wn)
    case .wSquare:
      let squares = w * w
      let ones = x.map { _ in 1.0 }
      return layer.transposed(quotient(r, layer.forward(ones, squares, b.map { $0 * $0 })), squares)
    case .flat:
      let ones = x.map { _ in 1.0 }
      let equal = w.map { _ in 1.0 }
      return layer.transposed(quotient(r, layer.forward(ones, equal, nil)), equal)
    case .pass:
      return r
    case .reluDeconvNet, .reluGuidedBackprop, .reluBetaSmooth, .stop, .uniform, .uniformEpsilon, .taylor, .layerNorm:
      preconditionFailure("a rule of nodes without weights at a layer with weights")
    }
  }

  /// Relevance at the inputs of a node without weights; nil for an input that gets none.
  ///
  /// - Parameter live: the values from which relevance may go on.
  func relevance(
    of node: Node, twin: Twin, values: [String: Tensor<Double>], live: Set<String>, from r: Tensor<Double>
  ) -> [Tensor<Double>?] {
    let isLive = node.inputs.map { $0.map(live.contains) ?? false }
    let count = Double(isLive.filter { $0 }.count)
    let x = values[node.inputs[0]!]!
    let others = node.inputs.dropFirst().map { _ in nil as Tensor<Double>? }
    switch kind {
    case .norm:
      let shares = twin.gradientsOfInputs(of: node, values: values, gradients: [quotient(r, values[node.outputs[0]]!)])
      return zip(node.inputs, shares).map { name, share in share.map { $0 * values[name!]! } }
    case .pass:
      let first = node.inputs.indices.first { isLive[$0] && values[node.inputs[$0]!]!.shape == r.shape }
      return node.inputs.indices.map { $0 == first ? r : nil }
    case .stop: return node.inputs.map { _ in nil }
    case .uniform:
      // What a sum hands back to each operand is the sum over its copies.
      let shares = Op.Add().twinBackward(
        node.inputs.map { values[$0!]! }, outputs: [r], gradients: [(1 / count) * r],
        TwinSetting(training: false, onIntegers: false, outputs: 1))
      return zip(isLive, shares).map { $0 ? $1 : nil }
    case .uniformEpsilon:
      let shares = twin.gradientsOfInputs(
        of: node, values: values, gradients: [quotient(r, count * values[node.outputs[0]]!)])
      return node.inputs.indices.map { position in
        isLive[position] ? shares[position].map { $0 * values[node.inputs[position]!]! } : nil
      }
    case .taylor:
      guard let axis = (node.op as? Op.Softmax)?.axis else { preconditionFailure("\(node.op.name) is no softmax") }
      let sums = r.mapLanes(along: axis < 0 ? axis + r.shape.rank : axis) { lane in lane.map { _ in lane.reduce(0, +) } }
      return [x.combined(r - values[node.outputs[0]]! * sums) { $0 == -.infinity ? 0 : $0 * $1 }]
    case .layerNorm:
      guard let norm = node.op as? Op.LayerNormalization else { preconditionFailure("\(node.op.name) is no layer norm") }
      return [
        layerNorm(
          x, scale: values[node.inputs[1]!]!, epsilon: Double(norm.epsilon), from: quotient(r, values[node.outputs[0]]!))
      ] + others
    case .reluDeconvNet: return [r.positive] + others
    case .reluGuidedBackprop: return [r.combined(x) { $1 > 0 ? max($0, 0) : 0 }] + others
    case .reluBetaSmooth(let beta): return [r.combined(x) { $0 / (1 + exp(-beta * $1)) }] + others
    default: preconditionFailure("a rule of layers with weights at a \(node.op.name)")
    }
  }

  /// `x_i Σ_j γ_j / σ (δ_ij − 1 / n) q_j` in every row.
  private func layerNorm(_ x: Tensor<Double>, scale: Tensor<Double>, epsilon: Double, from q: Tensor<Double>) -> Tensor<Double> {
    let n = scale.count
    var result = x
    for row in stride(from: 0, to: x.count, by: n) {
      let values = Array(x.elements[row..<row + n])
      let mean = values.reduce(0, +) / Double(n)
      let deviation = (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(n) + epsilon).squareRoot()
      for i in 0..<n {
        result.elements[row + i] =
          values[i]
          * (0..<n).reduce(0) { sum, j in
            sum + scale.elements[j] / deviation * ((i == j ? 1 : 0) - 1 / Double(n)) * q.elements[row + j]
          }
      }
    }
    return result
  }

  private func quotient(_ r: Tensor<Double>, _ z: Tensor<Double>) -> Tensor<Double> { r.combined(stabilizer(z), /) }
}

extension Tensor where Scalar == Double {
  fileprivate var positive: Tensor { map { Swift.max($0, 0) } }

  fileprivate var negative: Tensor { map { Swift.min($0, 0) } }

  /// One number, or one a channel, at every position of an input.
  fileprivate func asInput(of shape: Shape) -> Tensor {
    count == 1 ? Tensor(repeating: elements[0], shape: shape) : along(axis: 1, of: shape)
  }
}
