import Datasets
import Networks
import ONNX
import Tensors

/// A network from a file, ready to be run.
public struct Model: Sendable {
  /// The file.
  public let path: String
  /// The network; its batch is symbolic wherever that can be proven.
  public let graph: Graph
  /// The network as the file says it, its batch too.
  let asRead: Graph
  /// The output that is looked at.
  public let output: String
  /// The file's SHA-256, hexadecimal.
  public let digest: String
  /// Why the batch stays fixed, if it does.
  public let notice: String?

  /// Reads an ONNX file.
  ///
  /// - Parameter output: the output to look at; the first if nil.
  /// - Throws: `EspalierError` naming the file if it cannot be read or run, or has no such output.
  public init(_ path: String, output: String? = nil) throws {
    let read = try Graph(onnx: path)
    guard let output = output ?? read.outputs.first, read.outputs.contains(output) else {
      throw EspalierError(
        output.map { "there is no output '\($0)'" } ?? "the network has no output", file: path,
        accepted: read.outputs.joined(separator: ", "))
    }
    let symbolic = read.withSymbolicBatch()
    self.path = path
    self.output = output
    graph = symbolic.graph
    asRead = read
    let types = (read.form?.otherFloats ?? []).map { "\($0)" }.joined(separator: " and ")
    let precision = types.isEmpty ? nil : "it holds \(types), which is computed as float32"
    notice = [symbolic.reason, precision].compactMap { $0 }.reduce(nil) { text, part in text.map { "\($0); \(part)" } ?? part }
      .map { "\(path): \($0)" }
    digest = try SHA256.hexadecimal(ofFile: path)
  }

  /// The number of pictures in a shard: as asked for, or what the file insists on.
  public func batch(_ wanted: Int) -> Int { graph.fixedBatch ?? wanted }

  /// The number of pictures in a shard of a data set: fewer than asked for where it is so small that workers would have nothing
  /// to do; a rule of the number of pictures alone, so that results do not depend on the machine.
  public func batch(_ wanted: Int, pictures: Int) -> Int { batch(min(wanted, max(1, (pictures + 7) / 8))) }

  /// The lengths of the axes that a picture must have; nil where the file leaves one open.
  public var picture: [Int]? { graph.picture }
}

extension Graph {
  /// The lengths of the axes of the first input but the batch; nil where one is left open, or there are not three.
  var picture: [Int]? {
    guard let input = inputs.first, input.dimensions.count == 4 else { return nil }
    let lengths = input.dimensions.dropFirst().compactMap { if case .fixed(let length) = $0 { length } else { nil } }
    return lengths.count == 3 ? lengths : nil
  }
}
