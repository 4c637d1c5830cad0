import Networks
import ONNX
import Tensors

/// What a network costs and takes, for one image.
public struct Footprint: Hashable, Sendable, Codable {
  /// Multiply-accumulate operations of convolutions and matrix products.
  public var macs: Int
  /// Weights that training changes.
  public var parameters: Int
  /// Those of them that are not 0.
  public var nonZeros: Int
  /// Elements of the outputs of linear layers.
  public var activations: Int
  /// The bytes of the network's ONNX file without the records in its metadata.
  public var bytes: Int
  /// MACs, each times the bits of its weight and of its activation as they are stored.
  public var bitOperations: Int

  /// Counts a network as it is run: with the lengths that its open axes were given, and its own batch where that is fixed.
  ///
  /// BitOps: C. Baskin et al., "UNIQ: Uniform noise injection for non-uniform quantization of neural networks", ACM TOCS 2021,
  /// section 4.2, without the bits of the accumulator.
  ///
  /// - Throws: `EspalierError` if shapes cannot be inferred.
  public init(_ graph: Graph) throws {
    let summary = try graph.summary()
    (macs, parameters, activations) = (summary.macs, summary.parameters, summary.activations)
    var counted: Set<String> = []
    nonZeros = 0
    for node in graph.nodes {
      for name in graph.trainedConstants(of: node) where counted.insert(name).inserted {
        nonZeros += graph.constants[name]?.floats?.elements.count { $0 != 0 } ?? 0
      }
    }
    let nodes = Dictionary(graph.layers.map { ($0.name, $0.node) }, uniquingKeysWith: { first, _ in first })
    bitOperations = summary.layers.reduce(0) { sum, layer in
      let operands = (nodes[layer.name]?.inputs.prefix(2) ?? []).compactMap { $0 }
      return sum.saturatingSum(operands.reduce(layer.macs) { $0.saturatingProduct(graph.bits(of: $1)) })
    }
    bytes = try graph.restoringDeclaredBatch().onnxByteCount(without: ChainRecord.metadataKeys)
  }
}

extension Graph {
  /// The bits of an element of a value as the file stores it.
  fileprivate func bits(of value: String) -> Int { 8 * (form?.elementTypes[value]?.size ?? 4) }
}
