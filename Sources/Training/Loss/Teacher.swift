import Datasets
import Networks
import Tensors

/// A network whose outputs a loss compares with.
public struct Teacher: Sendable {
  /// The network, as read; it is not trained, and its batch norms use their running statistics.
  public let graph: Graph
  /// The output that is compared with; nil for the first.
  public let output: String?
  /// What errors call it.
  public let name: String
  /// The digest of the network.
  public let digest: String

  /// Takes a network.
  public init(_ graph: Graph, output: String? = nil, name: String = "the teacher") {
    self.graph = graph
    self.output = output
    self.name = name
    digest = graph.digest
  }

  /// Refuses to teach a network that answers otherwise.
  ///
  /// - Throws: `EspalierError` naming both outputs.
  public func check(against graph: Graph, output: String?, _ task: LearningTask) throws {
    let wanted = try graph.classScores(output: output, keepsHead: task == .regression).form
    let own = try naming(file: name) { try self.graph.classScores(output: self.output, keepsHead: task == .regression).form }
    guard own == wanted else {
      throw EspalierError(
        "its output '\(self.output ?? self.graph.outputs.first ?? "")' holds \(Shape(own.lengths)) for a sample", file: name,
        location: "teacher",
        accepted: "\(Shape(wanted.lengths)), as output '\(output ?? graph.outputs.first ?? "")' of the network that is trained")
    }
  }
}
