import Foundation
import Tensors

/// A map from 0…1 to colours, linear between its nodes, compiled from a short source text.
///
/// The source is a comma-separated list of colours `[XX:]RRGGBB` in hexadecimal: six digits, or three of which each stands
/// for two, and before a colon the colour's position 00…ff (one digit stands for two). Positions never fall. Without one the
/// first colour is at 00, the last at ff, and the others are spaced evenly, rounded down. Beyond the outermost positions the
/// outermost colours go on. Two colours at one position make a sharp edge. The language is Zennit's (`cmap.py`).
///
///     let colormap = try Colormap("00f,80:fff,f00")   // blue, white in the middle, red
public struct Colormap: Hashable, Sendable {
  /// A colour at its position.
  public struct Node: Hashable, Sendable {
    /// The position, 0…255.
    public var position: Int
    /// Red, green and blue, 0…255.
    public var color: SIMD3<UInt8>
  }

  /// The text that makes the map: what it was compiled from, or its name.
  public let source: String
  /// The colours at their positions, in order; the first is at 0.
  public let nodes: [Node]

  /// Makes the map of a name in the catalog, with `_r` behind it for the map the other way round, or compiles a source text.
  ///
  /// - Throws: `EspalierError` saying where the text departs from the language.
  public init(_ text: String) throws {
    if let known = Colormap.known(text) {
      self = known
    } else {
      self.init(source: text, nodes: try Colormap.compile(text))
    }
  }

  init(source: String, nodes: [Node]) {
    self.source = source
    self.nodes = nodes
  }

  /// The colour at a value, each channel 0…1.
  ///
  /// Values outside 0…1 are clipped; NaN counts as 0.
  public func callAsFunction(_ value: Double) -> SIMD3<Double> {
    let position = value > 0 ? min(value * 255, 255) : 0
    let next = nodes.firstIndex { Double($0.position) > position } ?? nodes.count
    let low = nodes[next - 1]
    guard next < nodes.count else { return SIMD3<Double>(low.color) / 255 }
    let high = nodes[next]
    let share = (position - Double(low.position)) / Double(high.position - low.position)
    return (SIMD3<Double>(low.color) * (1 - share) + SIMD3<Double>(high.color) * share) / 255
  }

  /// The 256 colours [256, 3] for an indexed image.
  ///
  /// Entry i is the colour at (level·t + 1) / 2, clipped to 0…1, with t evenly spaced over −1…1: a level below 1 keeps to the
  /// middle of the map, one above 1 reaches the ends sooner. Bytes equal Zennit's.
  public func palette(level: Double = 1) -> Tensor<UInt8> {
    var elements: [UInt8] = []
    for index in 0..<256 {
      let t = index == 255 ? 1 : Double(index) * (2.0 / 255) - 1
      let color = self((t * level + 1) / 2) * 255
      // 1e12 is where rounding forgives the last digits before the cut to a byte.
      for channel in 0..<3 { elements.append(UInt8((color[channel] * 1e12).rounded(.toNearestOrEven) / 1e12)) }
    }
    return Tensor(elements, shape: [256, 3])
  }
}

extension SIMD3<Double> {
  fileprivate init(_ bytes: SIMD3<UInt8>) { self.init(Double(bytes.x), Double(bytes.y), Double(bytes.z)) }
}
