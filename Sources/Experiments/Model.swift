import Datasets
import Files
import Foundation
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
  /// The output that is used, or another value inside.
  public let output: String
  /// The file, and those that hold weights of it.
  public let files: [String]
  /// The file's SHA-256, hexadecimal; with weights in other files, one of all their digests.
  public let digest: String
  /// What of the file is left out, and why the batch stays fixed, if either is so.
  public let notice: String?
  /// What inputs beside that of the images take, by their names, where the data do not say.
  public let inputs: [String: InputSource]
  /// The lengths that axes were given which the file leaves open.
  let axes: [String: Int]

  /// Reads an ONNX file.
  ///
  /// - Parameters:
  ///   - output: the output to use, or any value inside, where the network is cut; the first output if nil.
  ///   - inputs: what inputs beside that of the images take, by their names, where the data do not say.
  ///   - axes: lengths of axes that the file leaves open, by their names.
  /// - Throws: `EspalierError` naming the file if it cannot be read or run, or has no such value or axis.
  public init(_ path: String, output: String? = nil, inputs: [String: InputSource] = [:], axes: [String: Int] = [:]) throws {
    var outside: [String] = []
    var leftOut: [String] = []
    let whole = try Graph(onnx: path, output: output, opened: { outside.append($0) }, notice: { leftOut.append($0) })
    let read = try naming(file: path) { try naming(location: "--axis") { try whole.closing(axes) } }
    guard let output = output ?? read.outputs.first else { throw EspalierError("the network has no output", file: path) }
    let symbolic = read.withSymbolicBatch()
    guard symbolic.graph.isComputed(output) else { throw read.noOutput(output).inFile(path) }
    self.path = path
    self.output = output
    self.inputs = inputs
    self.axes = axes
    graph = symbolic.graph
    // What cannot be run as declared is compared as it is run.
    asRead = read.fixedBatch == nil && symbolic.graph.fixedBatch != nil ? symbolic.graph : read
    let types = (read.form?.otherFloats ?? []).map { "\($0)" }.joined(separator: " and ")
    let precision = types.isEmpty ? nil : "it holds \(types), which is computed as float32"
    let lengths = axes.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: " ")
    let closed = !axes.isEmpty && read.keepsGivenLengths ? "a network that is made of it takes \(lengths) only" : nil
    let notices = leftOut + [closed, symbolic.reason, precision].compactMap { $0 }
    notice = notices.isEmpty ? nil : "\(path): \(notices.joined(separator: "; "))"
    files = [path] + outside
    let own = try SHA256.hexadecimal(ofFile: path)
    if outside.isEmpty {
      digest = own
    } else {
      var hash = SHA256()
      hash.update(line: own)
      for file in outside.sorted() {
        hash.update(line: "\(Path.name(of: file)) \(try SHA256.hexadecimal(ofFile: file))")
      }
      digest = hash.hexadecimal
    }
  }

  /// The number of images in a shard: as asked for, or what the file insists on.
  public func batch(_ wanted: Int) -> Int { graph.fixedBatch ?? wanted }

  /// The number of images in a shard of a data set: fewer than asked for where it is so small that workers would have nothing
  /// to do; a rule of the number of images alone, so that results do not depend on the machine.
  public func batch(_ wanted: Int, images: Int) -> Int { batch(min(wanted, max(1, (images + 7) / 8))) }

  /// The lengths of the axes that an image must have; nil where the file leaves one open.
  public var image: [Int]? { graph.image }
}

extension Graph {
  /// The lengths of the axes of the first input but the batch; nil where one is left open, or there are not three.
  var image: [Int]? {
    guard let input = inputs.first, input.dimensions.count == 4 else { return nil }
    let lengths = input.dimensions.dropFirst().compactMap { if case .fixed(let length) = $0 { length } else { nil } }
    return lengths.count == 3 ? lengths : nil
  }
}
