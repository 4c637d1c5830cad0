import Tensors

/// A part of a network that people speak of as one: a residual block, a stage, or else a layer with its activation.
public struct Block: Sendable {
  /// What a block is made of.
  public enum Kind: String, Hashable, Sendable, CaseIterable {
    /// Paths that end in a sum: a residual block with its skip.
    case residual
    /// A depthwise convolution and the linear 1 × 1 convolution behind it, with the expansion before: MobileNetV2's block where
    /// it has no skip.
    case bottleneck
    /// Concatenations that keep what was before them.
    case dense
    /// Parallel branches that are concatenated.
    case inception
    /// One convolution or linear layer with what normalises and activates its output.
    case layer
    /// Blocks of one spatial resolution.
    case stage
    /// What a person named.
    case named
    /// Anything else, such as pooling behind the last layer.
    case other
  }

  /// The name: what the names of its layers begin with and no other layer's does; else that of its last node, of a single
  /// layer the layer's own.
  public let name: String
  /// What it is made of.
  public let kind: Kind
  /// Its nodes in execution order, from what is behind the block before: pooling belongs to the block that reads it.
  public let nodes: [Node]
  /// The value that it ends with, behind its activation.
  public let output: String
}

extension Graph {
  /// The blocks on the way to the first output, in execution order: every node that depends on the input and that the output
  /// depends on is in one.
  ///
  /// They are found in the structure. Where only one value is alive a network can be cut; what lies between two cuts is a node or
  /// a *region* of parallel paths. A region that ends in a sum, and its activation, is a residual block; one that ends in a
  /// concatenation is an inception module, or a dense block if the concatenation reads what the region starts from, with the
  /// dense blocks that follow at once. Regions that end in a product (gates, x·σ(x)) belong to the layer before them. A depthwise
  /// convolution, a 1 × 1 convolution without activation behind it, and one with activation before it are a bottleneck. Every
  /// other convolution and linear layer is a block with the normalisation and activation behind it; pooling, and normalisation
  /// behind a region, belong to the next block.
  public var blocks: [Block] {
    var finder = BlockFinder(self)
    return finder.blocks()
  }

  /// Runs of blocks whose outputs have the same height and width, for networks of images.
  ///
  /// - Throws: `EspalierError` if shapes cannot be inferred.
  public func stages() throws -> [Block] {
    let facts = try facts(batch: 2)
    var runs: [(size: [Int], blocks: [Block])] = []
    for block in blocks {
      let size = facts[block.output]?.shape.spatial ?? []
      if let last = runs.last, last.size == size {
        runs[runs.count - 1].blocks.append(block)
      } else {
        runs.append((size, [block]))
      }
    }
    let namer = BlockNamer(self)
    return runs.map { _, blocks in
      let nodes = blocks.flatMap(\.nodes)
      let name = namer.sharedName(of: nodes) ?? blocks.last?.name ?? ""
      return Block(name: name, kind: .stage, nodes: nodes, output: blocks.last?.output ?? "")
    }
  }

  /// Blocks that a person asks for, in execution order, each once.
  ///
  /// - Parameter patterns: each a pattern (``Glob``) of names of blocks, or else of layers or values, each of which is then a
  ///   block that ends there; or `NAME=PATTERN`, one block of all layers that fit, which ends with the last.
  /// - Throws: `EspalierError` naming a pattern that nothing fits.
  public func blocks(matching patterns: [String]) throws -> [Block] {
    let found = blocks
    let layers = layers
    let known = knownValues
    var chosen: [Block] = []
    for pattern in patterns {
      let parts = pattern.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      let glob = Glob(parts.last ?? "")
      let fitting = layers.filter { layer in
        let outputs = layer.node.outputs.filter { !$0.isEmpty }
        guard let output = outputs.first, !known.contains(output) else { return false }
        return glob.matches(layer.name) || outputs.contains(where: glob.matches)
      }
      let blocks = found.filter { glob.matches($0.name) }
      if parts.count == 2, !parts[0].isEmpty, let last = fitting.last {
        chosen.append(
          Block(name: parts[0], kind: .named, nodes: fitting.map(\.node), output: last.node.outputs.first { !$0.isEmpty } ?? ""))
      } else if parts.count == 1, !blocks.isEmpty {
        chosen += blocks
      } else if parts.count == 1, !fitting.isEmpty {
        chosen += fitting.map { layer in
          let outputs = layer.node.outputs.filter { !$0.isEmpty }
          let output = outputs.first(where: glob.matches) ?? outputs[0]
          return Block(name: layer.name, kind: .named, nodes: [layer.node], output: output)
        }
      } else {
        let names = found.map(\.name)
        throw EspalierError(
          "no block, layer or value is called '\(pattern)'" + EspalierError.suggestion(for: pattern, among: names),
          location: "blocks",
          accepted: EspalierError.list(names))
      }
    }
    var taken: Set<String> = []
    let positions = Dictionary(nodes.enumerated().map { ($1.id, $0) }, uniquingKeysWith: { first, _ in first })
    func position(_ block: Block) -> Int { block.nodes.last.flatMap { positions[$0.id] } ?? 0 }
    return chosen.filter { taken.insert($0.name).inserted }.enumerated()
      .sorted { (position($0.element), $0.offset) < (position($1.element), $1.offset) }.map(\.element)
  }
}
