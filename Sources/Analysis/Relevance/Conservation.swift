import Engine
import Networks
import Tensors

/// What became of the relevance that arrived at a layer's output, image by image.
///
///     out = in + bias + stabiliser + other
///
/// *out* is the sum over the layer's output, *in* over all its inputs that relevance is handed to. A part of a rule with the
/// coefficient c divides R by a stabilised denominator, q = R / st(z), z being a sum of products and a bias b; then *bias* is
/// Σ c · q · b, and *stabiliser* Σ c · (R − q · z), over all parts and the outputs for which they stand. *other* is the rest:
/// relevance at outputs for which no part stands, coefficients that do not add up to 1, weights by something else than the input
/// (sign), gradients, and rounding.
public enum ConservationTerm: String, Hashable, Sendable, CaseIterable {
  case out, `in`, bias, stabiliser, other
}

/// A layer whose conservation is told.
public struct ConservationSite: Hashable, Sendable {
  /// The name, as results are stored by.
  public var layer: String
  /// The operator.
  public var op: String
  /// The rule.
  public var rule: String

  /// Makes a description.
  public init(layer: String, op: String, rule: String) {
    self.layer = layer
    self.op = op
    self.rule = rule
  }
}

/// The taps that tell what a node conserves.
package struct ConservationTap: Sendable {
  /// One part of a rule: the tap shows quotient, relevance, products and gate.
  struct Part: Sendable {
    var tap: Int
    var signs: [Double]
    var coefficient: Double
    var gate: RulePart.Gate
    /// One number a channel; empty without bias.
    var bias: [Double]
  }

  var node: Node
  var kind: LayerKind
  var rule: String
  var arriving: Int
  var delivered: Int?
  var parts: [Part] = []

  init(node: Node, kind: LayerKind, rule: String, arriving: Int) {
    self.node = node
    self.kind = kind
    self.rule = rule
    self.arriving = arriving
  }

  /// Whether the node only shows the same numbers in another shape.
  var isView: Bool {
    node.op.elements.isView
  }
}

/// Sums of a shard, one row of ``ConservationTerm`` an image.
struct ConservationSums {
  private(set) var rows: [[Double]]

  init(count: Int) { rows = [[Double]](repeating: [0, 0, 0, 0, 0], count: count) }

  mutating func add(_ maps: [FeatureMap], to term: Int) {
    for map in maps where map.count == rows.count {
      let stride = map.layout.sampleStride
      map.forEachRow { row, sample in
        var sum = 0.0
        for i in row * stride..<(row + 1) * stride { sum += Double(map.base[i]) }
        rows[sample][term] += sum
      }
    }
  }

  mutating func add(_ maps: [FeatureMap], _ part: ConservationTap.Part) {
    let (quotient, relevance) = (maps[0], maps[1])
    let terms = maps[2..<2 + part.signs.count]
    let gate = part.gate == .all ? nil : maps.last
    let stride = quotient.layout.sampleStride
    quotient.forEachRow { row, sample in
      var lost = 0.0
      for i in row * stride..<(row + 1) * stride {
        if let gate {
          let y = gate.base[i]
          guard part.gate == .positiveOutput ? y > 0 : y < 0 else { continue }
        }
        var z = 0.0
        for (term, sign) in zip(terms, part.signs) { z += sign * Double(term.base[i]) }
        lost += Double(relevance.base[i]) - Double(quotient.base[i]) * z
      }
      rows[sample][3] += part.coefficient * lost
    }
    guard !part.bias.isEmpty else { return }
    let sums = quotient.spatialSums().signed
    let channels = part.bias.count
    for sample in rows.indices {
      for channel in 0..<channels { rows[sample][2] += part.coefficient * sums[sample * channels + channel] * part.bias[channel] }
    }
  }

  /// The rows with what is left as *other*.
  var finished: [Double] { rows.flatMap { [$0[0], $0[1], $0[2], $0[3], $0[0] - $0[1] - $0[2] - $0[3]] } }
}
