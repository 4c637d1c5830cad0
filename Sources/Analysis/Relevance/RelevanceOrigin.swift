import Engine
import Networks
import Tensors

/// Filters from which relevance starts, instead of an output: relevance conditional on them.
///
/// It starts at the output of a convolution or linear layer, behind the batch norm that folds into it and before its activation,
/// in the named channels and at no other location: with ``Seed/relevance`` from what of the target's relevance arrives there,
/// with ``Seed/activation`` from the activations themselves. Paths that do not lead through the layer carry nothing.
///
/// Source: Achtibat et al., Nature Machine Intelligence 2023; zennit-crp does the same with `exclude_parallel=True`, its default.
/// With `False` it masks the layer and lets paths around it be, which differs in residual networks alone.
public struct RelevanceOrigin: Hashable, Sendable, CustomStringConvertible {
  /// What relevance starts from.
  public enum Seed: String, Hashable, Sendable, CaseIterable {
    case relevance, activation
  }

  /// The layer's name.
  public var layer: String
  /// The channels.
  public var channels: [Int]
  /// What it starts from.
  public var seed: Seed

  /// Parses `LAYER:CHANNEL[,CHANNEL…][:relevance|:activation]`.
  ///
  /// - Throws: `EspalierError` that tells the form.
  public init(_ text: String) throws {
    var parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    seed = .relevance
    if let last = parts.last, let seed = Seed(rawValue: last) {
      self.seed = seed
      parts.removeLast()
    }
    let numbers =
      parts.count > 1 ? parts.removeLast().split(separator: ",", omittingEmptySubsequences: false).map { Int($0) } : []
    channels = numbers.compactMap { $0 }
    layer = parts.joined(separator: ":")
    guard !layer.isEmpty, !channels.isEmpty, channels.count == numbers.count, channels.allSatisfy({ $0 >= 0 }) else {
      throw EspalierError(
        "'\(text)' is no filter", accepted: "LAYER:CHANNEL[,CHANNEL…], with :activation behind it to start from activations")
    }
  }

  /// The origin as it is parsed.
  public var description: String { "\(layer):\(channels.map(String.init).joined(separator: ",")):\(seed.rawValue)" }

  /// The layer's node in the canonised network.
  ///
  /// - Throws: `EspalierError` if there is no such layer or channel.
  func node(in network: Graph, of graph: Graph, facts: [String: Fact]) throws -> Node {
    let ids = Set(network.linearLayers.map(\.id))
    let layers = graph.layers.filter { ids.contains($0.id) }
    guard let found = layers.first(where: { $0.name == layer || $0.node.name == layer }), let node = network.node(id: found.id)
    else {
      let known = layers.map(\.name)
      throw EspalierError(
        "there is no convolution or linear layer '\(layer)'" + EspalierError.suggestion(for: layer, among: known),
        location: "--from",
        accepted: EspalierError.list(known))
    }
    let shape = facts[node.outputs[0]]?.shape ?? []
    let count = shape.rank < 2 ? 0 : shape.rank > 2 && network.hasTokens(node.outputs[0]) ? shape[-1] : shape[1]
    if let channel = channels.first(where: { $0 >= count }) {
      throw EspalierError("layer '\(layer)' has no channel \(channel)", location: "--from", accepted: "0 to \(count - 1)")
    }
    return node
  }
}

extension PlanBuilder {
  /// Appends a copy of a slot with 0 in all channels but some.
  ///
  /// - Parameter isLast: whether channels are the last axis instead of the second.
  func appendMask(of original: Slot, channels: [Int], isLast: Bool) throws -> Slot {
    let slot = isLast ? try reorder(original, to: .plain(layout(original).shape)) : original
    let layout = layout(slot)
    let result = allocate(layout, name: "start")
    let kept = Set(channels).sorted()
    addStep("start", reads: [slot], writes: [result]) { program in
      let (source, target) = (program.pointer(slot), program.pointer(result))
      target.update(repeating: 0, count: layout.floatCount)
      if isLast {
        let width = layout.shape[-1]
        for start in stride(from: 0, to: layout.floatCount, by: max(width, 1)) {
          for channel in kept { target[start + channel] = source[start + channel] }
        }
        return
      }
      for sample in 0..<layout.samples {
        for channel in kept {
          let start = sample * layout.sampleStride + channel / layout.block * layout.area * layout.block + channel % layout.block
          for position in 0..<layout.area { target[start + position * layout.block] = source[start + position * layout.block] }
        }
      }
    }
    return result
  }
}
