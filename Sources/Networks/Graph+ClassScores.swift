import Tensors

/// What a network answers: one row of numbers a sample, and the graph that computes them.
///
/// Every pass that needs class scores starts here, so that all agree on what they are.
public struct ClassScores: Sendable {
  /// The graph with one output, `[N, K]`: the numbers before a final Softmax, LogSoftmax, or Sigmoid of a single number.
  public let graph: Graph
  /// The number of outputs, K.
  public let classes: Int
  /// What was left out at the end, if anything was.
  public let skipped: String?

  /// The number of classes that labels are of: two for a single output, a logit, which is above 0 for class 1.
  public static func labels(ofOutputs count: Int) -> Int { count == 1 ? 2 : count }
}

extension Graph {
  /// The class scores of an output: `[N, K]`, also where the network declares `[N, K, 1, 1]` or `[N]`.
  ///
  /// A final Softmax or LogSoftmax over the classes, or Sigmoid of one number, is left out, behind a Flatten or Reshape too.
  ///
  /// - Parameter name: the output, the first if nil.
  /// - Throws: `EspalierError` if there is no such output, or it is no vector of class scores: a map of classes, a softmax over
  ///   another axis, or over one number.
  public func classScores(output name: String? = nil) throws -> ClassScores {
    let whole = try keeping(output: name)
    let output = whole.outputs[0]
    let facts = try whole.facts(batch: fixedBatch ?? 2)
    var editor = GraphEditor(whole)
    func shape(_ value: String) -> Shape { facts[value]?.shape ?? [] }
    guard let classes = shape(output).classes else {
      throw EspalierError(
        "it has shape \(shape(output).perSample)", location: "output '\(output)'",
        accepted: "one number a class, [N, K]; --output NAME chooses another output")
    }
    var skipped: String?
    if let last = head(of: output, shape), case let scores?? = last.inputs.first {
      let label = "\(last.op.name) '\(last.label)'"
      let before = shape(scores)
      let axis = (last.op as? Op.Softmax)?.axis ?? (last.op as? Op.LogSoftmax)?.axis
      if let axis {
        let position = axis < 0 ? axis + before.rank : axis
        guard position > 0, before.count == before[0] * before[position] else {
          throw EspalierError(
            "it is over axis \(axis) of shape \(before.perSample)", location: label, accepted: "a softmax over the classes")
        }
        guard classes > 1 else {
          throw EspalierError(
            "a softmax of one number is always 1", location: label, accepted: "two classes and more, or a sigmoid")
        }
      }
      if axis != nil || classes == 1 {
        editor.redirect(last.outputs[0], to: scores)
        skipped = label
      }
    }
    if shape(output).rank != 2 {
      editor.outputs = [editor.add(Op.Flatten(), named: "\(output).classes", inputs: [editor.outputs[0]])]
    }
    editor.dropUnused()
    return ClassScores(graph: try editor.graph(), classes: classes, skipped: skipped)
  }

  /// The graph with one output alone.
  ///
  /// - Parameter name: the output, the first if nil.
  /// - Throws: `EspalierError` if there is no such output, or no input.
  public func keeping(output name: String? = nil) throws -> Graph {
    guard let output = name ?? outputs.first, outputs.contains(output) else {
      throw EspalierError(
        "the network has no output '\(name ?? "")'" + EspalierError.suggestion(for: name ?? "", among: outputs),
        accepted: EspalierError.list(outputs.map { "'\($0)'" }))
    }
    guard !inputs.isEmpty else { throw EspalierError("the network has no input", accepted: "one for the images") }
    var editor = GraphEditor(self)
    editor.outputs = [output]
    editor.dropUnused()
    return try editor.graph()
  }

  /// The Softmax, LogSoftmax or Sigmoid that makes a value, seen through what only changes its shape.
  private func head(of value: String, _ shape: (String) -> Shape) -> Node? {
    var value = value
    while let node = producer(of: value) {
      switch node.op {
      case is Op.Softmax, is Op.LogSoftmax, is Op.Sigmoid: return node
      case _ where node.op.elements.isView:
        guard case let input?? = node.inputs.first, shape(input).classes != nil else { return nil }
        value = input
      default: return nil
      }
    }
    return nil
  }
}

extension Shape {
  /// The number of classes of an output `[N, K, 1, …]`, or `[N]`, which is one; nil for anything else.
  fileprivate var classes: Int? {
    guard rank > 0, count > 0 else { return nil }
    let classes = rank == 1 ? 1 : self[1]
    return count == self[0] * classes ? classes : nil
  }

  /// The shape in words, whatever the number of samples.
  fileprivate var perSample: String {
    rank == 0 ? "\(self)" : (["N"] + dimensions.dropFirst().map(String.init)).joined(separator: "×")
  }
}
