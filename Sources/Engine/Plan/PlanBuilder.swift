import COneDNN
import Networks
import Tensors

/// Turns a graph into a plan: forward steps for its nodes first, then whatever else is asked for — gradients, relevance,
/// observers — appended step by step.
///
/// Every value has one layout, and so have its gradient and its relevance: what a convolution chose for it, row-major
/// elsewhere.
public final class PlanBuilder {
  /// The graph, canonised.
  public let graph: Graph
  /// The number of samples.
  public let batch: Int
  /// What is known of every value at this batch.
  public let facts: [String: Fact]
  /// Where the images of the batch lie in every value.
  public let images: [String: ImageAxis]
  /// The weights.
  public let parameters: Parameters
  /// Whether batch norm takes the batch's statistics instead of the stored ones, and dropout drops.
  public let isTraining: Bool
  /// Whether convolutions may take ``Winograd``'s short cut, which rounds some five times as coarsely as the direct sum: not in
  /// training, and not where small differences of large numbers matter.
  ///
  /// Set before the forward pass is appended.
  public var allowsWinograd: Bool

  private(set) var slots: [SlotInfo] = []
  private var steps: [Step] = []
  private var boundaries: [(step: Int, slot: Slot)] = []
  private var inputs: [String: Slot] = [:]
  private var results: [String: Slot] = [:]
  private var pinned: Set<Slot> = []
  private var values: [String: Slot] = [:]
  private var reordered: [Slot: [Slot]] = [:]
  private var tapCount = 0
  var kernels: [Int: any Kernel] = [:]
  /// What no element of a value exceeds in magnitude, as far as somebody has asked: nil where it is not known (see
  /// ``OverflowGuard``).
  var bounds: [String: Double?] = [:]
  /// The nodes whose kernels have computed values.
  var makers: [String: Node] = [:]
  /// Whether a reverse pass will follow, so that kernels keep what it needs.
  var isKeepingAll = false
  private var statistics: [BatchStatistics] = []
  private var dropouts: [DropoutMask] = []

  /// Starts a plan.
  ///
  /// - Parameters:
  ///   - graph: a canonised graph.
  ///   - batch: the number of samples that a program takes at a time.
  ///   - parameters: the weights, shared by all plans of the graph; made from the graph if nil.
  ///   - isTraining: whether batch norm takes the batch's statistics, and dropout drops.
  /// - Throws: `EspalierError` naming the node whose shapes do not fit.
  public init(_ graph: Graph, batch: Int, parameters: Parameters? = nil, isTraining: Bool = false) throws {
    // A primitive keeps to the number of threads that it was made with, whichever thread runs it.
    useOneThreadHere()
    self.graph = graph
    self.batch = batch
    self.isTraining = isTraining
    allowsWinograd = !isTraining
    facts = try graph.facts(batch: batch)
    // A graph that runs with one batch alone is planned there.
    images = (try? graph.imageAxes()) ?? graph.imageAxes(at: batch, facts)
    self.parameters = parameters ?? Parameters(graph.floatConstants)
    for input in graph.inputs where facts[input.name]?.shape.rank ?? 0 > 0 {
      guard try shape(of: input.name).rank <= Layout.greatestRank else {
        throw EspalierError(
          "it has \(try shape(of: input.name).rank) axes", location: "input '\(input.name)'",
          accepted: "at most \(Layout.greatestRank)")
      }
      let slot = allocate(.plain(try shape(of: input.name)), name: input.name)
      inputs[input.name] = slot
      values[input.name] = slot
      position(slot, like: input.name)
    }
  }

  /// The finished plan.
  public func finish() -> Plan {
    Plan(
      slots: slots, steps: steps, boundaries: boundaries, inputs: inputs, results: results, pinned: pinned,
      parameters: parameters,
      statistics: statistics, dropouts: dropouts, batch: batch)
  }

  // MARK: Values

  /// A value's shape.
  ///
  /// - Throws: `EspalierError` if nothing is known of it.
  public func shape(of value: String) throws -> Shape {
    guard let fact = facts[value] else { throw EspalierError("the shape of '\(value)' is not known") }
    return fact.shape
  }

  /// Where a value lies; a weight becomes a row-major copy.
  ///
  /// - Throws: `EspalierError` if no step computes it.
  public func slot(of value: String) throws -> Slot {
    if let slot = values[value] { return slot }
    if let constant = parameters[value] {
      let descriptor = try Layout.plain(constant.shape).descriptor()
      let copy = try parameters.copy(of: value, source: descriptor, target: descriptor)
      let slot = parameter(copy, layout: .plain(constant.shape))
      values[value] = slot
      return slot
    }
    if let slot = try known(value) { return slot }
    throw EspalierError("no step computes value '\(value)'")
  }

  /// Whether a value is computed and kept apart from others (fused ones are not).
  public func isComputed(_ value: String) -> Bool { values[value] != nil }

  /// Says where a value lies.
  func define(_ value: String, _ slot: Slot) {
    values[value] = slot
    position(slot, like: value)
  }

  /// Says that images lie in a slot as they do in a value: in its gradient, or in what is computed from it element by element.
  public func position(_ slot: Slot, like value: String) {
    if slots[slot.id].images == nil { slots[slot.id].images = images[value] }
  }

  /// Says that each row of a slot is one image's.
  package func positionRows(_ slot: Slot) { slots[slot.id].images = .rows }

  /// The number of rows that an image has in a value.
  ///
  /// - Throws: `EspalierError` naming the layer if rows are of several images, or of none.
  public func rowsPerImage(of value: String, layer: String) throws -> Int {
    guard let placed = images[value], let rows = placed.rowsPerImage else {
      throw EspalierError(
        "the rows of its output are \(images[value] ?? .constant)", location: "layer '\(layer)'",
        accepted: "rows that belong to one image each")
    }
    return rows
  }

  /// A slot's layout.
  ///
  /// - Precondition: the slot holds a value, gradient or relevance.
  public func layout(_ slot: Slot) -> Layout { slots[slot.id].layout! }

  /// Keeps a slot to the end, to be read as ``Program/result(_:)``.
  public func keep(_ slot: Slot, as name: String) { results[name] = slot }

  /// Keeps a slot's memory from being reused, so that it may be read and written between runs.
  public func pin(_ slot: Slot) { pinned.insert(slot) }

  /// Notes a batch norm's statistics, for ``Plan/statistics``.
  func note(_ batch: BatchStatistics) { statistics.append(batch) }

  /// Notes a dropout's mask, for ``Plan/dropouts``.
  func note(_ mask: DropoutMask) { dropouts.append(mask) }

  // MARK: Slots

  /// Room for a value.
  ///
  /// - Precondition: no more axes than ``Layout/greatestRank``, which the plan's values are checked for.
  public func allocate(_ layout: Layout, name: String) -> Slot {
    guard let descriptor = try? layout.descriptor() else { preconditionFailure("no descriptor for \(layout)") }
    return append(SlotInfo(name: name, descriptor: descriptor, layout: layout, storage: .arena, byteCount: layout.floatCount * 4))
  }

  /// Room for double-precision sums, such as a batch's statistics.
  public func allocateSums(_ count: Int, name: String) -> Slot {
    guard let descriptor = try? dnnl_memory_desc_t.rowMajor([max(count, 1) * 2]) else { preconditionFailure("\(count) sums") }
    return append(SlotInfo(name: name, descriptor: descriptor, layout: nil, storage: .arena, byteCount: count * 8))
  }

  /// The same bytes seen with another row-major shape.
  public func view(_ slot: Slot, as shape: Shape) -> Slot {
    let layout = Layout.plain(shape)
    guard let descriptor = try? layout.descriptor() else { preconditionFailure("no descriptor for \(layout)") }
    precondition(
      self.layout(slot).isPlain && self.layout(slot).shape.count == shape.count, "a view of \(self.layout(slot)) as \(shape)")
    return append(
      SlotInfo(
        name: slots[slot.id].name, descriptor: descriptor, layout: layout, storage: shared(slot), byteCount: layout.floatCount * 4
      ))
  }

  func allocate(_ descriptor: dnnl_memory_desc_t, layout: Layout? = nil, name: String) -> Slot {
    append(SlotInfo(name: name, descriptor: descriptor, layout: layout, storage: .arena, byteCount: descriptor.byteCount))
  }

  /// The same bytes under another number.
  func alias(_ slot: Slot, images: ImageAxis? = nil) -> Slot {
    let info = slots[slot.id]
    return append(
      SlotInfo(
        name: info.name, descriptor: info.descriptor, layout: info.layout, storage: shared(slot), byteCount: info.byteCount,
        images: images))
  }

  /// The same bytes as oneDNN is to read them.
  func alias(_ slot: Slot, described descriptor: dnnl_memory_desc_t) -> Slot {
    append(
      SlotInfo(
        name: slots[slot.id].name, descriptor: descriptor, layout: nil, storage: shared(slot), byteCount: slots[slot.id].byteCount
      ))
  }

  /// The gradient of a weight that a primitive wrote in its own layout, row-major in the weight's own shape.
  ///
  /// - Parameter ordered: the primitive's axes with the distances that they have in the weight's own order.
  func gradient(of weight: String, from raw: Slot, ordered: dnnl_memory_desc_t) throws -> Slot {
    let plain = Layout.plain(parameters[weight]!.shape)
    let slot = try reorder(raw, to: ordered, layout: plain)
    return append(
      SlotInfo(
        name: weight, descriptor: try plain.descriptor(), layout: plain, storage: shared(slot), byteCount: plain.floatCount * 4))
  }

  /// The storage of a slot that lies where another does.
  private func shared(_ slot: Slot) -> SlotInfo.Storage {
    if case .arena = slots[slot.id].storage { .alias(slot) } else { slots[slot.id].storage }
  }

  func parameter(_ copy: Parameters.Prepared, layout: Layout? = nil) -> Slot {
    append(SlotInfo(name: "parameter", descriptor: copy.target, layout: layout, storage: .parameter(copy), byteCount: 0))
  }

  func descriptor(_ slot: Slot) -> dnnl_memory_desc_t { slots[slot.id].descriptor }

  private func append(_ info: SlotInfo) -> Slot {
    slots.append(info)
    return Slot(id: slots.count - 1)
  }

  // MARK: Steps

  /// Appends work on the host.
  ///
  /// It may read `reads` and must fill `writes`.
  ///
  /// - Parameter isInPlace: whether what it writes may lie where something lies that it reads, and nobody later.
  public func addStep(
    _ label: String, reads: [Slot], writes: [Slot], isInPlace: Bool = false,
    _ work: @escaping @Sendable (StepScope) throws -> Void
  ) {
    steps.append(Step(label: label, reads: reads, writes: writes, work: .host(work), isInPlace: isInPlace))
    forget(writes)
  }

  /// Appends work on the host that is done only where images are beyond bounds (see ``OverflowGuard``).
  func addStepBeyondBounds(
    _ label: String, reads: [Slot], writes: [Slot], _ work: @escaping @Sendable (StepScope) throws -> Void
  ) {
    steps.append(Step(label: label, reads: reads, writes: writes, work: .host(work), isBeyondBounds: true))
    forget(writes)
  }

  /// Appends work on the host that hands part of its own to a kernel of oneDNN.
  func addStep(
    _ label: String, kernel: String?, reads: [Slot], writes: [Slot], _ work: @escaping @Sendable (StepScope) throws -> Void
  ) {
    steps.append(Step(label: label, reads: reads, writes: writes, work: .host(work), kernel: kernel))
    forget(writes)
  }

  func addPrimitive(_ label: String, _ primitive: Primitive, reads: [(Int32, Slot)], writes: [(Int32, Slot)]) {
    steps.append(
      Step(
        label: label, reads: reads.map(\.1), writes: writes.map(\.1),
        work: .primitive(primitive, (reads + writes).map { (argument: $0.0, slot: $0.1) })))
    forget(writes.map(\.1))
  }

  /// Appends a tap on one slot, or at several that belong together; returns the tap's number in ``Program/observers``.
  public func observe(_ slots: Slot..., label: String) -> Int { observe(slots, label: label) }

  /// Appends a tap on slots that belong together; returns the tap's number in ``Program/observers``.
  public func observe(_ slots: [Slot], label: String) -> Int {
    let tap = tapCount
    tapCount += 1
    addStep(label, reads: slots, writes: []) { try $0.show(slots, to: tap) }
    return tap
  }

  /// Ends a segment: before the next one starts, the slot's doubles are summed over all shards and every shard gets the sum.
  public func synchronise(_ sums: Slot) { boundaries.append((steps.count, sums)) }

  /// The slot's contents in another layout: the slot itself where it has that already.
  ///
  /// - Throws: `EspalierError` if oneDNN cannot reorder.
  public func reorder(_ slot: Slot, to layout: Layout) throws -> Slot {
    try reorder(slot, to: layout.descriptor(), layout: layout)
  }

  func reorder(_ slot: Slot, to target: dnnl_memory_desc_t, layout: Layout? = nil) throws -> Slot {
    let source = descriptor(slot)
    if source.matches(target) { return slot }
    if let known = reordered[slot]?.first(where: { descriptor($0).matches(target) }) { return known }
    let copy = allocate(
      target, layout: layout ?? slots[slot.id].layout.flatMap { Layout(target, shape: $0.shape) }, name: slots[slot.id].name)
    slots[copy.id].images = slots[slot.id].images
    addPrimitive(
      "reorder", try Engine.reorder(from: source, to: target), reads: [(DNNL_ARG_FROM, slot)], writes: [(DNNL_ARG_TO, copy)])
    reordered[slot, default: []].append(copy)
    return copy
  }

  private func forget(_ written: [Slot]) { for slot in written { reordered[slot] = nil } }
}

extension Graph {
  /// The floating-point constants by name.
  public var floatConstants: [String: Tensor<Float>] {
    var result: [String: Tensor<Float>] = [:]
    for (name, constant) in constants { if case .float(let tensor) = constant { result[name] = tensor } }
    return result
  }
}
