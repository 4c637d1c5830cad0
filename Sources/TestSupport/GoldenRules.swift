import Foundation
import Networks
import Tensors

/// The single layers and pools of `zennit-rules.json`.
public struct GoldenRules: Decodable, Sendable {
  /// A layer, its input, the relevance at its output and, by the rule's name, at its input.
  public struct Layer: Decodable, Sendable {
    public var weight: GoldenTensor
    public var bias: GoldenTensor?
    public var x: GoldenTensor
    public var y: GoldenTensor
    public var R_out: GoldenTensor
    public var R_in: [String: GoldenTensor]
    var stride: Int?
    var padding: Int?
    var dilation: Int?
    var groups: Int?

    /// The layer's operator.
    public var op: any Networks.Operator {
      guard weight.tensor.shape.rank > 2 else { return Op.Gemm(transposeB: true) }
      func both(_ value: Int?, _ fallback: Int) -> [Int] { [value ?? fallback, value ?? fallback] }
      return Op.Conv(
        group: groups ?? 1,
        window: Window(
          strides: both(stride, 1), dilations: both(dilation, 1),
          padding: .explicit(begin: both(padding, 0), end: both(padding, 0))))
    }

    /// The layer's parameters, weight first.
    public var parameters: [Tensor<Double>] { [weight.tensor] + (bias.map { [$0.tensor] } ?? []) }
  }

  /// Average pools under the norm rule.
  public struct Pools: Decodable, Sendable {
    /// The relevance at one pool's output and input.
    public struct Case: Decodable, Sendable {
      public var R_out: GoldenTensor
      public var R_in: GoldenTensor
    }
    public var x: GoldenTensor
    public var avg2: Case
    public var avg3s2p1: Case
    public var adaptive1: Case

    /// Each pool's operator with its reference values.
    public var cases: [(any Networks.Operator, Case)] {
      let padded = Window(strides: [2, 2], padding: .explicit(begin: [1, 1], end: [1, 1]))
      return [
        (Op.AveragePool(kernel: [2, 2], window: Window(strides: [2, 2])), avg2),
        (Op.AveragePool(kernel: [3, 3], window: padded, countsPadding: true), avg3s2p1),
        (Op.GlobalAveragePool(), adaptive1),
      ]
    }
  }

  public var layers: [String: Layer]
  public var pool: Pools
  /// The eleven palettes: 256 rows of red, green and blue.
  public var cmaps: [String: [[Int]]]

  /// The reference values.
  public static func read() throws -> GoldenRules {
    try JSONDecoder().decode(GoldenRules.self, from: Data(contentsOf: GoldenFiles.url("zennit-rules.json")))
  }
}
