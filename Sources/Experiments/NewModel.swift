import Datasets
import Networks
import ONNX
import Tensors

/// Writes a named architecture with seeded weights.
public enum NewModel {
  /// Makes the network and writes it.
  ///
  /// - Parameters:
  ///   - architecture: its name in ``Networks/ArchitectureCatalog``.
  ///   - classes: the number of outputs; nil for what it was designed for.
  ///   - input: channels, height and width; nil for what it was designed for.
  ///   - preprocessing: a TOML file whose settings are stored in the model's metadata; nil for none.
  /// - Returns: the network.
  /// - Throws: `EspalierError` for an unknown name, images that are too small, or a file that cannot be written.
  @discardableResult
  public static func write(
    _ architecture: String, classes: Int?, input: [Int]?, seed: UInt64, preprocessing: String? = nil, to path: String
  ) throws -> Graph {
    try OutputPath.prepare(path, notReplacing: [preprocessing].compactMap { $0 })
    var editor = GraphEditor(try Architecture.named(architecture, classes: classes, input: input, seed: seed))
    editor.metadata["espalier.architecture"] = architecture
    editor.metadata["espalier.seed"] = "\(seed)"
    editor.metadata[Preprocessing.metadataKey] = try preprocessing.map { try Preprocessing(file: $0).json }
    let graph = try editor.graph()
    try graph.writeONNX(to: path)
    return graph
  }
}
