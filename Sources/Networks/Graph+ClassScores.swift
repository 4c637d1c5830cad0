import Tensors

/// What a network answers: numbers of each sample, and the graph that computes them.
///
/// Every pass that needs class scores starts here, so that all agree on what they are.
public struct ClassScores: Sendable {
  /// The graph with one output, `[N, K]` or `[N, …]` with positions: the numbers before a final Softmax, LogSoftmax, or Sigmoid
  /// of a single number.
  public let graph: Graph
  /// What the output holds of one sample.
  public let form: OutputForm
  /// What was left out at the end, if anything was.
  public let skipped: String?

  /// The number of classes that labels are of: two for a single output, a logit, which is above 0 for class 1.
  public static func labels(ofOutputs count: Int) -> Int { count == 1 ? 2 : count }
}

extension Graph {
  /// The class scores of an output: `[N, K]`, also where the network declares `[N, K, 1, 1]` or `[N]`; or one such row at each
  /// of several positions, `[N, K, H, W]` or `[N, L, K]`.
  ///
  /// Classes lie along the channels of the layer that makes them, or the axis of a softmax; where neither tells, along the last
  /// of three axes and the second of more. A final Softmax or LogSoftmax over the classes, or Sigmoid of one number, is left out,
  /// behind a Flatten or Reshape too.
  ///
  /// - Parameters:
  ///   - name: the output, or any other value; the first output if nil.
  ///   - keepsHead: whether a final Softmax, LogSoftmax or Sigmoid stays, as where the numbers themselves are wanted.
  /// - Throws: `EspalierError` if there is no such value, its rows are not one an image, or a softmax at the end is over another
  ///   axis, or over one number.
  public func classScores(output name: String? = nil, keepsHead: Bool = false) throws -> ClassScores {
    let whole = try keeping(output: name)
    let output = whole.outputs[0]
    let batch = fixedBatch ?? 2
    let facts = try whole.facts(batch: batch)
    func shape(_ value: String) -> Shape { facts[value]?.shape ?? [] }
    guard let classes = shape(output).classes else { return try whole.maps(shape(output), batch: batch, keepsHead: keepsHead) }
    var editor = GraphEditor(whole)
    var skipped: String?
    if !keepsHead, let last = head(of: output, shape), case let scores?? = last.inputs.first {
      let label = "\(last.op.name) '\(last.label)'"
      let before = shape(scores)
      let axis = last.softmaxAxis
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
    return ClassScores(graph: try editor.graph(), form: OutputForm([classes]), skipped: skipped)
  }

  /// The class scores of the only output, which has positions.
  private func maps(_ shape: Shape, batch: Int, keepsHead: Bool) throws -> ClassScores {
    let output = outputs[0]
    guard shape.rank > 2, shape.count > 0 else {
      throw EspalierError(
        "it has shape \(shape.perSample)", location: "output '\(output)'",
        accepted: "[N, K], or with positions [N, K, H, W] or [N, L, K]; --output NAME chooses another value")
    }
    let images = try imageAxes()[output] ?? .constant
    guard shape[0] == batch, images == .rows else {
      throw EspalierError(
        "its rows are \(images)", location: "output '\(output)'", accepted: "one an image; --output NAME chooses another value")
    }
    var last = producer(of: output)
    while let node = last, node.op is Op.Identity { last = node.inputs[0].flatMap(producer) }
    let softmax = last?.softmaxAxis.map { $0 < 0 ? $0 + shape.rank : $0 }
    let axis = channelAxis(of: output, rank: shape.rank) ?? softmax ?? (shape.rank == 3 ? 2 : 1)
    guard axis > 0 else {
      throw EspalierError("its classes lie along the images' axis", location: "output '\(output)'", accepted: "[N, …]")
    }
    let form = OutputForm(Array(shape.dimensions.dropFirst()), classAxis: axis - 1)
    guard !keepsHead, let last, case let scores?? = last.inputs.first,
      softmax == axis && form.classes > 1 || last.op is Op.Sigmoid && form.classes == 1
    else { return ClassScores(graph: self, form: form, skipped: nil) }
    var editor = GraphEditor(self)
    editor.redirect(last.outputs[0], to: scores)
    editor.dropUnused()
    return ClassScores(graph: try editor.graph(), form: form, skipped: "\(last.op.name) '\(last.label)'")
  }

  /// The graph with one output alone, which may be any value that a node computes: the graph is cut there.
  ///
  /// - Parameter name: the output or other value; the first output if nil.
  /// - Throws: `EspalierError` if there is no such value, or no input.
  public func keeping(output name: String? = nil) throws -> Graph {
    guard let output = name ?? outputs.first, isComputed(output) else { throw noOutput(name ?? "") }
    guard !inputs.isEmpty else { throw EspalierError("the network has no input", accepted: "one for the images") }
    var editor = GraphEditor(self)
    editor.outputs = [output]
    editor.dropUnused()
    return try editor.graph()
  }

  /// Whether a value is an output, or what a node computes.
  public func isComputed(_ value: String) -> Bool { !value.isEmpty && (isOutput(value) || producer(of: value) != nil) }

  /// That there is no such value, with those that are meant perhaps.
  public func noOutput(_ name: String) -> EspalierError {
    let values = outputs + nodes.flatMap(\.outputs).filter { !$0.isEmpty && !isOutput($0) }
    return EspalierError(
      "the network has no output '\(name)', and computes no such value" + EspalierError.suggestion(for: name, among: values),
      accepted: EspalierError.list(outputs.map { "'\($0)'" }) + ", or the name of any value inside")
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

extension Node {
  /// The axis of a Softmax or LogSoftmax; nil of anything else.
  fileprivate var softmaxAxis: Int? { (op as? Op.Softmax)?.axis ?? (op as? Op.LogSoftmax)?.axis }
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
