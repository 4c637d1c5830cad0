import Files
import Foundation
import Networks
import ONNX
import Pruning
import Tensors

extension SelectionRule {
  /// Widths of layers: `LAYER=WIDTH` with blanks between them, or a JSON file of an object that ends in `.json`.
  ///
  /// - Throws: `EspalierError` naming the file or the layer, and what is accepted.
  public static func widths(_ text: String) throws -> SelectionRule {
    guard text.hasSuffix(".json") else { return .widths(try LayerWidth.list(text)) }
    return try naming(file: text) {
      let bytes = try RegularFile.text(text, most: RegularFile.largestSettings)
      guard let widths = try? JSONDecoder().decode([String: Double].self, from: Data(bytes.utf8)), !widths.isEmpty else {
        throw EspalierError("it holds no widths", accepted: "a JSON object, {\"conv1\": 16, \"conv2\": 0.5}")
      }
      return .widths(try widths.sorted { $0.key < $1.key }.map { try LayerWidth($0.key, $0.value) })
    }
  }

  /// The channels that a pruning kept: those of a pruned network's record, or a JSON file of an object, or of a record.
  ///
  /// - Throws: `EspalierError` naming the file, if it does not say.
  public static func kept(_ path: String) throws -> SelectionRule {
    try naming(file: path) {
      if path.hasSuffix(".onnx") {
        guard let record = try PruningRecord(Graph(onnx: path).metadata) else {
          throw EspalierError("the network was not pruned", accepted: "a pruned network, or a JSON file")
        }
        return .kept(record.kept)
      }
      struct Record: Decodable { var kept: [String: [Int]] }
      let bytes = Data(try RegularFile.text(path).utf8)
      guard
        let kept = (try? JSONDecoder().decode(Record.self, from: bytes).kept)
          ?? (try? JSONDecoder().decode([String: [Int]].self, from: bytes)), !kept.isEmpty
      else {
        throw EspalierError(
          "it does not say which channels are kept",
          accepted: "a JSON object, {\"conv1\": [0, 2, 5]}, of nodes' names and the positions of their kept output channels")
      }
      return .kept(kept)
    }
  }
}
