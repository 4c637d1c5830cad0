internal import Networks
internal import Tensors

/// Declares the values of a graph as the file did that it was read from, with the lengths that it has now.
struct Declarations {
  private let graph: Graph
  private let types: [String: ElementType]
  /// What is known at two settings of everything that is chosen at run time: lengths that hold at both are fixed.
  private let facts: (first: [String: Fact], second: [String: Fact])?
  private static let batches = (first: 2, second: 3)

  init(_ graph: Graph, types: [String: ElementType]) {
    self.graph = graph
    self.types = types
    let batches = Declarations.batches
    let first = try? graph.facts(batch: batches.first, symbols: graph.symbols(length: 224))
    let second = try? graph.facts(batch: batches.second, symbols: graph.symbols(length: 256))
    facts = first.flatMap { first in second.map { (first, $0) } }
  }

  /// The inputs, and the constants that the format or the file lists among them.
  func inputs(formatVersion: Int, constants: [String]) -> [Onnx_ValueInfoProto] {
    let form = graph.form
    let own = Dictionary(graph.inputs.map { ($0.name, $0) }) { first, _ in first }
    let left = Set(constants)
    var infos = (form?.listedInputs ?? []).compactMap { name in
      own[name].map(input) ?? (left.contains(name) ? constant(name) : nil)
    }
    let listed = Set(infos.map(\.name))
    infos += graph.inputs.filter { !listed.contains($0.name) }.map(input)
    // Before version 4 of the format every constant is an input too.
    if formatVersion < 4 { infos += constants.filter { !listed.contains($0) }.map(constant) }
    return infos
  }

  /// The results.
  var outputs: [Onnx_ValueInfoProto] {
    graph.outputs.map { name in
      let declared = graph.form?.declarations[name]
      return Onnx_ValueInfoProto(
        name: name, type: types[name] ?? .float, dimensions: dimensions(name, declared?.dimensions),
        documentation: declared?.documentation)
    }
  }

  /// The values between that the file declared and the graph still has.
  var between: [Onnx_ValueInfoProto] {
    guard let form = graph.form else { return [] }
    return form.declaredValues.compactMap { name in
      guard !graph.isOutput(name), let declared = form.declarations[name],
        graph.producer(of: name) != nil || graph.constants[name] != nil
      else { return nil }
      return Onnx_ValueInfoProto(
        name: name, type: types[name] ?? declared.type, dimensions: declared.dimensions.flatMap { dimensions(name, $0) },
        documentation: declared.documentation)
    }
  }

  private func input(_ input: GraphInput) -> Onnx_ValueInfoProto {
    let declared = graph.form?.declarations[input.name]
    var dimensions = input.dimensions.map(Optional.some)
    if let open = declared?.dimensions, open.count == dimensions.count {
      // An axis without a length and without a name got a name here.
      for axis in open.indices where open[axis] == nil {
        if case .symbolic? = dimensions[axis] { dimensions[axis] = nil }
      }
    }
    return Onnx_ValueInfoProto(
      name: input.name, type: types[input.name] ?? .float, dimensions: dimensions, documentation: declared?.documentation)
  }

  private func constant(_ name: String) -> Onnx_ValueInfoProto {
    Onnx_ValueInfoProto(
      name: name, type: types[name] ?? .float,
      dimensions: (graph.constants[name]?.shape.dimensions ?? []).map { .fixed($0) },
      documentation: graph.form?.declarations[name]?.documentation)
  }

  /// The lengths of a value's axes: numbers as they are now, names as they were declared.
  private func dimensions(_ name: String, _ declared: [Dimension?]?) -> [Dimension?]? {
    guard let first = facts?.first[name]?.shape, let second = facts?.second[name]?.shape, first.rank == second.rank else {
      return declared?.allSatisfy { if case .fixed? = $0 { false } else { true } } ?? false ? declared : nil
    }
    let inferred = zip(first.dimensions, second.dimensions).map { a, b -> Dimension? in
      if a == b { return .fixed(a) }
      return (a, b) == Declarations.batches ? graph.batchSymbol.map(Dimension.symbolic) : nil
    }
    guard let declared, declared.count == inferred.count else { return inferred }
    return zip(declared, inferred).map { declared, inferred in
      switch declared {
      case .symbolic: declared
      case .fixed, nil: inferred
      }
    }
  }
}

extension Graph {
  /// The name of the batch axis, if its length is not fixed.
  fileprivate var batchSymbol: String? {
    guard case .symbolic(let name)? = inputs.first?.dimensions.first else { return nil }
    guard let open = form?.declarations[inputs[0].name]?.dimensions?.first else { return name }
    return open == nil ? nil : name
  }

  /// One length for each named axis other than the batch.
  fileprivate func symbols(length: Int) -> [String: Int] {
    var batch: String?
    if case .symbolic(let name)? = inputs.first?.dimensions.first { batch = name }
    var symbols: [String: Int] = [:]
    for input in inputs {
      for case .symbolic(let name) in input.dimensions.dropFirst() where name != batch { symbols[name] = length }
    }
    return symbols
  }
}

extension FileForm.Declaration {
  /// What a file says of a value; nil for another kind of value than a tensor of numbers.
  init?(_ info: Onnx_ValueInfoProto) {
    guard let type = ElementType(rawValue: info.type.tensorType.elemType) else { return nil }
    let shape = info.type.tensorType
    self.init(
      type: type,
      dimensions: !shape.hasShape
        ? nil
        : shape.shape.dim.map { dimension -> Dimension? in
          switch dimension.value {
          case .dimValue(let length) where length > 0: .fixed(Int(length))
          case .dimParam(let name) where !name.isEmpty: .symbolic(name)
          default: nil
          }
        }, documentation: info.docString)
  }
}

extension Onnx_ValueInfoProto {
  /// Declares a value.
  ///
  /// - Parameter dimensions: the axes, nil for a length that is not known; nil as a whole if not even the rank is known.
  init(name: String, type: ElementType, dimensions: [Dimension?]?, documentation: String? = nil) {
    self.init()
    self.name = name
    self.type.tensorType.elemType = type.rawValue
    if let documentation, !documentation.isEmpty { docString = documentation }
    guard let dimensions else { return }
    self.type.tensorType.shape.dim = dimensions.map { dimension in
      .with {
        switch dimension {
        case .fixed(let length): $0.dimValue = Int64(length)
        case .symbolic(let name): $0.dimParam = name
        case nil: break
        }
      }
    }
    // A scalar's shape has no axes, but is there.
    if dimensions.isEmpty { self.type.tensorType.shape = Onnx_TensorShapeProto() }
  }
}
