internal import Networks
internal import OrderedCollections
internal import Tensors

/// Turns a model's message into a graph.
struct ModelReader {
  private(set) var model: Onnx_ModelProto
  private let opset: Int
  let tensors: TensorReader
  private let fixing: [String: Constant]
  private let wanted: String?
  private let notice: (String) -> Void

  private var inputs: [GraphInput] = []
  var constants: OrderedDictionary<String, Constant> = [:]
  /// The elements of `Constant` nodes, which older operators may need as attributes.
  private(set) var written: [String: Constant] = [:]
  var nodes: [Node] = []
  /// The nodes of branches, by the node of the file whose they are.
  var owners: [Int: Int] = [:]
  /// Every name of a value in the file, so that new ones differ.
  private var names: Set<String> = []
  private var form: FileForm
  private var read: Set<String> = []
  /// What is wrong with nodes that call functions.
  private let misplaced: [Int: EspalierError]

  /// Takes a model, checking what it is written for.
  ///
  /// - Parameters:
  ///   - wanted: the output, or the value inside, that must be readable; the first output if nil.
  ///   - notice: called with what is left out.
  /// - Throws: `EspalierError` if it is no model, or for an operator set that is not supported.
  init(
    _ model: Onnx_ModelProto, tensors: TensorReader, fixing: [String: Constant], wanted: String? = nil,
    notice: @escaping (String) -> Void = { _ in }
  ) throws {
    guard model.hasGraph, !model.opsetImport.isEmpty else {
      throw EspalierError("the file has no graph or no operator set", accepted: "an ONNX model of IR version 3 or newer")
    }
    let supported = "\(ONNXSupport.opsets.lowerBound) to \(ONNXSupport.opsets.upperBound)"
    guard let version = model.opsetImport.first(where: { isStandard(domain: $0.domain) })?.version else {
      throw EspalierError("the file names no version of ONNX's own operators", accepted: "opset \(supported)")
    }
    guard ONNXSupport.opsets.contains(Int(version)) else {
      throw EspalierError("opset \(version) is not supported", accepted: "opset \(supported)")
    }
    form = FileForm(opset: Int(version), formatVersion: Int(model.irVersion))
    var inliner = FunctionInliner(model, opset: Int(version), tensors: tensors)
    inliner.run()
    self.model = model
    self.model.graph.node = inliner.nodes
    misplaced = inliner.failures
    self.tensors = tensors
    self.fixing = fixing
    self.wanted = wanted
    self.notice = notice
    opset = Int(version)
  }

  /// The graph.
  ///
  /// - Throws: `EspalierError` naming the node, input or initializer at fault.
  mutating func graph() throws -> Graph {
    let message = model.graph
    if let sparse = message.sparseInitializer.first {
      throw EspalierError("is a sparse tensor", location: "initializer '\(sparse.values.name)'", accepted: "dense tensors")
    }
    collectNames()
    try readInitializers()
    try fixInputs()
    var failures = misplaced
    for (id, node) in message.node.enumerated() where failures[id] == nil {
      let label = node.name.isEmpty ? node.output.first ?? "" : node.name
      do {
        try naming(location: "\(node.opType) '\(label)'") { try read(node, id: id, label: label) }
      } catch let error as EspalierError {
        failures[id] = error
      }
    }
    guard !message.output.isEmpty else { throw EspalierError("the graph has no outputs") }
    let outputs = try leaveOut(failures)
    try readInputs()
    for input in inputs where Set(inputs.map(\.name)).count < inputs.count || constants[input.name] != nil {
      throw EspalierError("the name is given twice", location: "input '\(input.name)'")
    }
    readForm()
    let graph = try Graph(
      name: message.name, inputs: inputs, outputs: outputs, nodes: nodes, constants: constants, metadata: metadata(), form: form)
    let older = opset < 13 ? nodes.filter { $0.op is Op.Softmax || $0.op is Op.LogSoftmax }.map(\.id) : []
    let current = older.isEmpty ? graph : try graph.withCurrentSoftmax(older)
    var editor = GraphEditor(current)
    // Of every value, so that a constant in its position is stored in its type.
    editor.form?.elementTypes = current.elementTypes()
    return try editor.graph()
  }

  /// Leaves out the nodes that could not be read, with what depends on them, where the output that is used does not.
  ///
  /// - Returns: the outputs that are left.
  /// - Throws: the first failure that the output that is used depends on.
  private mutating func leaveOut(_ failures: [Int: EspalierError]) throws -> [String] {
    let message = model.graph
    let outputs = message.output.map(\.name)
    if failures.isEmpty { return outputs }
    var definers: [String: Int] = [:]
    for (id, node) in message.node.enumerated() { for output in node.output where !output.isEmpty { definers[output] = id } }
    func ancestors(of value: String) -> Set<Int> {
      var found: Set<Int> = []
      var open = [value]
      while let next = open.popLast() {
        if let id = definers[next], found.insert(id).inserted { open += message.node[id].input }
      }
      return found
    }
    func isReadable(_ output: String) -> Bool { ancestors(of: output).isDisjoint(with: failures.keys) }
    let readable = outputs.filter(isReadable)
    let looked = wanted.flatMap { outputs.contains($0) || definers[$0] != nil ? $0 : nil } ?? outputs[0]
    // Where no output can be computed, the network ends at the value that is used.
    let left = readable.isEmpty ? [looked] : readable
    if let id = ancestors(of: looked).filter({ failures[$0] != nil }).min(), var failure = failures[id] {
      if failure.accepted == nil, let other = readable.first { failure.accepted = "--output \(other)" }
      throw failure
    }
    var dropped = Set(failures.keys)
    var isGrowing = true
    while isGrowing {
      isGrowing = false
      for (id, node) in message.node.enumerated() where !dropped.contains(id) {
        guard node.input.contains(where: { definers[$0].map(dropped.contains) ?? false }) else { continue }
        dropped.insert(id)
        isGrowing = true
      }
    }
    nodes.removeAll { dropped.contains(owners[$0.id] ?? $0.id) }
    read = Set(nodes.flatMap { $0.inputs.compactMap { $0 } }).union(left)
    let operators = Set(failures.keys.map { message.node[$0].opType }).sorted().joined(separator: ", ")
    let lost = outputs.filter { !left.contains($0) }.map { "'\($0)'" }
    notice(
      lost.isEmpty
        ? "left out \(operators), which no output depends on"
        : "left out \(operators), with \(lost.count == 1 ? "the output" : "the outputs") \(lost.joined(separator: ", "))")
    return left
  }

  /// Notes what the file says beside what it computes.
  private mutating func readForm() {
    let (functions, message) = (model.functions, model.graph)
    for set in model.opsetImport {
      if isStandard(domain: set.domain) {
        form.domainName = set.domain
      } else if !functions.contains(where: { $0.domain == set.domain }) {
        form.otherSets.append(.init(domain: set.domain, version: Int(set.version)))
      }
    }
    (form.producer, form.producerVersion, form.domain) = (model.producerName, model.producerVersion, model.domain)
    form.modelVersion = model.hasModelVersion ? Int(model.modelVersion) : nil
    for tensor in message.initializer where constants[tensor.name] != nil && fixing[tensor.name] == nil {
      form.elementTypes[tensor.name] = ElementType(rawValue: tensor.dataType)
    }
    for node in message.node {
      guard let output = node.output.first else { continue }
      switch node.opType {
      case "Cast":
        form.elementTypes[output] = node.attribute.first { $0.name == "to" }.flatMap {
          ElementType(rawValue: Int32(clamping: $0.i))
        }
      case "Constant", "ConstantOfShape":
        form.elementTypes[output] = node.attribute.first { $0.name == "value" }.flatMap { ElementType(rawValue: $0.t.dataType) }
      default: break
      }
    }
    let (given, results) = (message.input, message.output)
    for info in given + results + message.valueInfo where !info.name.isEmpty && form.declarations[info.name] == nil {
      guard let declaration = FileForm.Declaration(info) else { continue }
      form.declarations[info.name] = declaration
    }
    for input in given {
      if constants[input.name] == nil { form.elementTypes[input.name] = form.declarations[input.name]?.type }
      form.listedInputs.append(input.name)
    }
    let ends = Set((given + results).map(\.name))
    form.declaredValues = message.valueInfo.map(\.name).filter { !ends.contains($0) && form.declarations[$0] != nil }
    for (id, node) in message.node.enumerated() {
      if !node.docString.isEmpty { form.nodeDocumentation[id] = node.docString }
      if !node.metadataProps.isEmpty { form.nodeProperties[id] = node.metadataProps.fields }
    }
    form.graphProperties = message.metadataProps.fields
  }

  private mutating func collectNames() {
    let graph = model.graph
    for node in graph.node { collectNames(of: node) }
    names.formUnion(graph.initializer.map(\.name))
    names.formUnion(graph.input.map(\.name))
    read.formUnion(graph.output.map(\.name))
  }

  private mutating func collectNames(of node: Onnx_NodeProto) {
    names.formUnion(node.output)
    names.formUnion(node.input)
    read.formUnion(node.input)
    for case let branch in node.attribute.filter(\.hasG).map(\.g) {
      for node in branch.node { collectNames(of: node) }
      read.formUnion(branch.output.map(\.name))
    }
  }

  private func metadata() -> [String: String] {
    var metadata = Dictionary(model.metadataProps.map { ($0.key, $0.value) }) { _, last in last }
    if !model.docString.isEmpty { metadata[MetadataKey.modelDocumentation] = model.docString }
    if !model.graph.docString.isEmpty { metadata[MetadataKey.graphDocumentation] = model.graph.docString }
    return metadata
  }

  private mutating func readInitializers() throws {
    for tensor in model.graph.initializer {
      try naming(location: "initializer '\(tensor.name)'") {
        guard !tensor.name.isEmpty else { throw EspalierError("an initializer has no name") }
        guard constants.updateValue(try tensors.constant(tensor), forKey: tensor.name) == nil else {
          throw EspalierError("the name is given twice")
        }
      }
    }
  }

  private mutating func fixInputs() throws {
    for input in model.graph.input { if let value = fixing[input.name] { constants[input.name] = value } }
    for name in fixing.keys.sorted() where !model.graph.input.contains(where: { $0.name == name }) {
      throw EspalierError("there is no input '\(name)' to be made a constant")
    }
  }

  private mutating func readInputs() throws {
    for input in model.graph.input where constants[input.name] == nil {
      if let declared = try naming(location: "input '\(input.name)'", { try self.input(input) }) { inputs.append(declared) }
    }
  }

  /// An input that is fed, or nil for one of another type than numbers that nothing reads.
  func input(_ info: Onnx_ValueInfoProto) throws -> GraphInput? {
    guard !info.name.isEmpty else { throw EspalierError("an input has no name") }
    guard let type = ElementType(rawValue: info.type.tensorType.elemType), type.isFloat else {
      guard read.contains(info.name) else { return nil }
      throw EspalierError("the input is no tensor of floating-point numbers", accepted: "float, double, float16, bfloat16")
    }
    guard info.type.tensorType.hasShape else {
      throw EspalierError("the input declares no shape", accepted: "a length or a name for each axis")
    }
    let dimensions = info.type.tensorType.shape.dim.enumerated().map { axis, dimension -> Dimension in
      switch dimension.value {
      // Zero and negative lengths are how some exporters say that a length is not known.
      case .dimValue(let length) where length > 0: .fixed(Int(length))
      case .dimParam(let name) where !name.isEmpty: .symbolic(name)
      default: .symbolic(axis == 0 ? "N" : "\(info.name)_axis\(axis)")
      }
    }
    let known = dimensions.map { dimension in if case .fixed(let length) = dimension { length } else { 1 } }
    _ = try Shape(validating: known)
    return GraphInput(name: info.name, dimensions: dimensions)
  }

  mutating func read(_ message: Onnx_NodeProto, id: Int, label: String) throws {
    if message.opType == "If", isStandard(domain: message.domain) { return try readBranch(message, owner: id) }
    guard isStandard(domain: message.domain), let type = ONNXSupport.type(named: message.opType) else {
      let owner = isStandard(domain: message.domain) ? "" : " of '\(message.domain)'"
      throw EspalierError("operator \(message.opType)\(owner) is not supported")
    }
    let known = (constants, written)
    let read = read
    var node = try NodeReader(
      message, opset: opset, tensors: tensors, constants: { known.0[$0] ?? known.1[$0] }, isRead: { read.contains($0) })
    let op = try type.init(reading: &node)
    try node.finish(outputLimit: type.outputLimit)
    for addition in node.additions {
      let name = freshName("\(label).\(addition.role)")
      constants[name] = addition.value
      while node.inputs.count <= addition.input { node.inputs.append(nil) }
      node.inputs[addition.input] = name
    }
    if let value = (op as? Op.ConstantValue)?.value, let output = node.outputs.first { written[output] = value }
    nodes.append(Node(id: id, name: message.name, op: op, inputs: node.inputs, outputs: node.outputs))
  }

  private mutating func freshName(_ wish: String) -> String {
    var name = wish
    var number = 2
    while !names.insert(name).inserted {
      name = "\(wish).\(number)"
      number += 1
    }
    return name
  }
}

/// Whether a domain is ONNX's own.
func isStandard(domain: String) -> Bool { domain.isEmpty || domain == "ai.onnx" }

extension [Onnx_StringStringEntryProto] {
  /// The values by key; the last of several.
  fileprivate var fields: [String: String] { Dictionary(map { ($0.key, $0.value) }) { _, last in last } }
}

/// Where fields of a file that a graph does not hold are kept in its metadata.
enum MetadataKey {
  static let modelDocumentation = "onnx.doc_string"
  static let graphDocumentation = "onnx.graph.doc_string"
}
