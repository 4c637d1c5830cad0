import Tensors

extension Graph {
  /// The graph with one output, the one before a final Softmax or LogSoftmax.
  ///
  /// - Parameter name: the output, the first if nil.
  /// - Returns: the graph, and the name of what was left out, if anything was.
  /// - Throws: `EspalierError` if there is no such output.
  public func withoutFinalSoftmax(output name: String? = nil) throws -> (graph: Graph, skipped: String?) {
    guard let output = name ?? outputs.first, outputs.contains(output) else {
      throw EspalierError(
        "the network has no output '\(name ?? "")'" + EspalierError.suggestion(for: name ?? "", among: outputs),
        accepted: EspalierError.list(outputs.map { "'\($0)'" }))
    }
    var editor = GraphEditor(self)
    editor.outputs = [output]
    var skipped: String?
    if let last = producer(of: output), last.op is Op.Softmax || last.op is Op.LogSoftmax, case let logits?? = last.inputs.first {
      editor.outputs = [logits]
      skipped = "\(last.op.name) '\(last.label)'"
    }
    editor.dropUnused()
    return (try editor.graph(), skipped)
  }
}
