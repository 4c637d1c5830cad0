import Engine
import Networks
import Tensors

/// Where in a layer results per filter are taken.
public enum SiteKind: String, Hashable, Sendable, CaseIterable {
  /// What a convolution or linear layer reads, under that layer's name.
  case input
  /// The output of a convolution or linear layer, after the batch norm that folds into it and before its activation.
  case linear
  /// Behind the activation that follows, if one does.
  case activation
  /// The last value of a block of the network.
  case block
}

/// A position in a network where accumulators look: one value, under the name of a layer.
public struct Site: Sendable {
  /// The name of results: of the layer, or for blocks of the node that ends one, in the graph as read.
  public let layer: Layer
  /// What people call it: the layer's name or the block's.
  public let title: String
  /// The value, in the canonised graph.
  public let value: String
  /// The axes' lengths.
  public let shape: SiteShape
  /// Whether channels are the last axis, behind tokens, `[N, T, C]`: the output of a linear layer that reads such rows.
  public let hasTokens: Bool
  /// Whether it has rows and columns of an image, or is a vector.
  public let isPlanar: Bool
  /// The layer that reads the value, at a site of kind ``SiteKind/input``; nil if its channels contribute to groups of outputs
  /// only.
  public let reader: LinearLayer?

  /// Makes a site.
  public init(
    layer: Layer, title: String, value: String, shape: SiteShape, hasTokens: Bool = false, isPlanar: Bool = true,
    reader: LinearLayer? = nil
  ) {
    self.hasTokens = hasTokens
    self.isPlanar = isPlanar
    self.reader = reader
    self.layer = layer
    self.title = title
    self.value = value
    self.shape = shape
  }
}

/// A choice of sites.
public struct SiteRequest: Hashable, Sendable, CustomStringConvertible {
  /// Where in a layer.
  public var kind: SiteKind
  /// Patterns of layer names with `*` and `?`; all layers if empty.
  public var patterns: [String]

  /// Makes a choice.
  public init(_ kind: SiteKind = .linear, matching patterns: [String] = []) {
    self.kind = kind
    self.patterns = patterns
  }

  public var description: String { ([kind.rawValue] + patterns).joined(separator: " ") }

  /// The sites of a canonised graph, in execution order.
  ///
  /// - Parameters:
  ///   - network: the canonised graph.
  ///   - original: the graph as read, whose layers give the names.
  ///   - facts: what is known of the network's values.
  ///   - images: where images lie in them; what depends on none is no site.
  /// - Throws: `EspalierError` if a pattern matches nothing, or a site's rows belong to no image.
  func sites(in network: Graph, of original: Graph, facts: [String: Fact], images: [String: ImageAxis]) throws -> [Site] {
    let layers = Dictionary(uniqueKeysWithValues: original.layers.map { ($0.id, $0) })
    let candidates: [(node: Node, title: String?, value: String)] =
      switch kind {
      case .input:
        network.linearLayers.compactMap { layer in layer.node.inputs[0].map { (layer.node, nil, $0) } }
      case .linear: network.linearLayers.map { ($0.node, nil, $0.node.outputs[0]) }
      case .activation: network.linearLayers.map { ($0.node, nil, network.activation(behind: $0.node.outputs[0])) }
      case .block:
        network.blocks.compactMap { block in network.producer(of: block.output).map { ($0, block.name, block.output) } }
      }
    let sites = candidates.compactMap { candidate -> Site? in
      guard let layer = layers[candidate.node.id], let shape = facts[candidate.value]?.shape, shape.rank > 1,
        images[candidate.value] != .constant
      else { return nil }
      let hasTokens = shape.rank > 2 && network.hasTokens(candidate.value, readBy: kind == .input ? candidate.node : nil)
      // Tokens are brought behind their image, along whichever axis images lie.
      let axis = hasTokens && kind != .input ? images[candidate.value]?.ownAxis ?? 0 : 0
      let positions = hasTokens ? (0..<shape.rank - 1).filter { $0 != axis }.map { shape[$0] } : shape.spatial
      // Rows of one image are one map, one below the other.
      let rows = axis > 0 ? 1 : images[candidate.value]?.rowsPerImage ?? 0
      return Site(
        layer: layer, title: candidate.title ?? layer.name, value: candidate.value,
        shape: SiteShape(
          channels: hasTokens ? shape[-1] : shape[1], height: rows * positions.dropLast().reduce(1, *),
          width: positions.last ?? 1,
          rows: rows),
        hasTokens: hasTokens, isPlanar: !hasTokens && (shape.rank == 2 || shape.rank == 4),
        reader: kind == .input ? LinearLayer(candidate.node, facts, rows: rows) : nil)
    }
    if let missed = patterns.first(where: { pattern in !sites.contains { $0.matches(pattern) } }) {
      let known = sites.map(\.title)
      throw EspalierError(
        "no layer is called '\(missed)'" + EspalierError.suggestion(for: missed, among: known), location: "--layers",
        accepted: EspalierError.list(known))
    }
    let chosen = patterns.isEmpty ? sites : sites.filter { site in patterns.contains { site.matches($0) } }
    if let site = chosen.first(where: { $0.shape.rows == 0 }) {
      throw EspalierError(
        "the rows of '\(site.value)' are \(images[site.value] ?? .constant)", location: "layer '\(site.title)'",
        accepted: "rows that belong to one image each; --layers chooses others")
    }
    return chosen
  }
}

extension Site {
  fileprivate func matches(_ pattern: String) -> Bool { Glob(pattern).matches(title) || Glob(pattern).matches(layer.name) }
}

extension Shape {
  /// The lengths behind batch and channels.
  fileprivate var spatial: [Int] { Array(dimensions.dropFirst(2)) }
}

extension Graph {
  /// Whether a value of more than two axes has its channels behind tokens, as linear layers take and give them.
  ///
  /// - Parameter reader: the linear layer that reads it, if that is known; else the one tells that the value comes from.
  func hasTokens(_ value: String, readBy reader: Node? = nil) -> Bool {
    if let reader { return LayerKind(reader, in: self) == .dense }
    var value = value
    while let node = producer(of: value) {
      switch LayerKind(node, in: self) {
      case .dense: return true
      case .convolution: return false
      default: break
      }
      guard case let input?? = node.inputs.first(where: { $0.map { constants[$0] == nil } ?? false }) else { return false }
      value = input
    }
    return false
  }

  /// The value behind the activations that alone read a value; the value itself if there are none.
  fileprivate func activation(behind value: String) -> String {
    let readers = consumers(of: value)
    guard readers.count == 1, !isOutput(value), LayerKind(readers[0], in: self).isActivation else { return value }
    return activation(behind: readers[0].outputs[0])
  }
}

extension LayerKind {
  fileprivate var isActivation: Bool { self == .relu || self == .activation }
}
