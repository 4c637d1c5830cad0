import Tensors

extension Graph {
  /// The key under which the metadata hold the names of axes that a file leaves open, while they have lengths here: a line an
  /// axis, with the input's position, the axis and the name.
  static let openAxesKey = "espalier.axes"

  /// The names of the axes besides the batch that the file leaves open, in order.
  public var openAxes: [String] {
    var names: [String] = []
    for input in inputs {
      for case .symbolic(let name) in input.dimensions.dropFirst() where !names.contains(name) { names.append(name) }
    }
    return names
  }

  /// The graph with lengths for axes that the file leaves open; ``restoringDeclaredBatch()`` opens them again, unless numbers in
  /// the graph follow from them.
  ///
  /// - Parameter lengths: the length of each axis, by its name; others stay open.
  /// - Throws: `EspalierError` naming an axis that no input has, or a length below 1.
  public func closing(_ lengths: [String: Int]) throws -> Graph {
    guard !lengths.isEmpty else { return self }
    var editor = GraphEditor(self)
    var lines: [String] = []
    for (position, input) in inputs.enumerated() {
      for (axis, dimension) in input.dimensions.enumerated().dropFirst() {
        guard case .symbolic(let name) = dimension, let length = lengths[name] else { continue }
        editor.inputs[position].dimensions[axis] = .fixed(length)
        lines.append("\(position) \(axis) \(name)")
      }
    }
    for (name, length) in lengths.sorted(by: { $0.key < $1.key }) {
      guard openAxes.contains(name) else {
        throw EspalierError(
          "no axis is called '\(name)'",
          accepted: openAxes.isEmpty ? "none: every length but the batch is declared" : openAxes.joined(separator: ", "))
      }
      guard length > 0 else { throw EspalierError("axis '\(name)' has the length \(length)", accepted: "1 or more") }
    }
    // What is folded for these lengths would be written, and be wrong for others.
    let others = lengths.mapValues { $0 + 32 }
    if !foldedNumbersDiffer((2, lengths), (2, others)) { editor.metadata[Graph.openAxesKey] = lines.joined(separator: "\n") }
    return try editor.graph()
  }

  /// Whether axes that ``closing(_:)`` gave lengths keep them when the graph is written.
  public var keepsGivenLengths: Bool { metadata[Graph.openAxesKey] == nil }

  /// Opens again what ``closing(_:)`` closed.
  func reopened() throws -> Graph {
    guard let text = metadata[Graph.openAxesKey] else { return self }
    var editor = GraphEditor(self)
    editor.metadata[Graph.openAxesKey] = nil
    for line in text.split(separator: "\n") {
      let words = line.split(separator: " ", maxSplits: 2)
      guard words.count == 3, let position = Int(words[0]), let axis = Int(words[1]), inputs.indices.contains(position),
        inputs[position].dimensions.indices.contains(axis)
      else { continue }
      editor.inputs[position].dimensions[axis] = .symbolic(String(words[2]))
    }
    return try editor.graph()
  }
}
