import COneDNN
import Networks
import Tensors

/// A plan with buffers of its own: what one worker runs.
public final class Program {
  /// The steps.
  public let plan: Plan
  /// The number of real samples in the shard at hand; the others fill it up.
  public var count: Int
  /// Called with tapped values whenever they have been computed, by the tap's number (see ``PlanBuilder/observe(_:label:)``).
  public var observers: [Int: ([FeatureMap]) throws -> Void] = [:]

  /// The images of which this run has met an element that is NaN or beyond what the plan's bounds start from (see
  /// ``OverflowGuard``).
  var imagesBeyondBounds: Set<Int> = []
  /// What slots held before a step wrote over it, for steps that come behind.
  var saved: [Slot: AlignedBuffer] = [:]

  private let arena: AlignedBuffer
  private let scratch: AlignedBuffer
  private let memories: [Memory?]
  private let scratchMemories: [Memory]
  private var arguments: [[dnnl_exec_arg_t]] = []
  let stream: Stream

  /// Allocates the buffers.
  ///
  /// - Throws: `EspalierError` if there is not as much memory (``EngineMemory``), or oneDNN refuses.
  public init(_ plan: Plan) throws {
    let (needed, overflow) = plan.arenaByteCount.addingReportingOverflow(plan.scratchByteCount)
    try EngineMemory.require(overflow ? .max : needed, for: plan.batch)
    self.plan = plan
    count = plan.batch
    arena = AlignedBuffer(byteCount: plan.arenaByteCount)
    scratch = AlignedBuffer(byteCount: plan.scratchByteCount)
    stream = try Stream()
    var memories: [Memory?] = []
    var scratchMemories: [Memory] = []
    for (id, slot) in plan.slots.enumerated() {
      switch slot.storage {
      case .parameter(let copy): memories.append(try Memory(slot.descriptor, at: copy.buffer.address))
      case .arena, .alias: memories.append(try Memory(slot.descriptor, at: arena.address + plan.offsets[id]))
      }
    }
    for step in plan.steps {
      guard case .primitive(let primitive, let slots) = step.work else {
        arguments.append([])
        continue
      }
      var list = slots.map { dnnl_exec_arg_t(arg: $0.argument, memory: memories[$0.slot.id]!.handle) }
      if primitive.scratchpad.byteCount > 0 {
        scratchMemories.append(try Memory(primitive.scratchpad, at: scratch.address))
        list.append(dnnl_exec_arg_t(arg: DNNL_ARG_SCRATCHPAD, memory: scratchMemories.last!.handle))
      }
      arguments.append(list)
    }
    self.memories = memories
    self.scratchMemories = scratchMemories
  }

  /// Runs all segments.
  ///
  /// The inputs have been written before; the results may be read after.
  ///
  /// - Throws: what an observer throws, or `EspalierError` naming the node.
  public func run() throws { for segment in 0..<plan.segmentCount { try run(segment: segment) } }

  /// Runs one segment.
  ///
  /// - Throws: what an observer throws, or `EspalierError` naming the node.
  public func run(segment: Int) throws {
    if segment == 0 { imagesBeyondBounds = [] }
    for index in plan.segments[segment] { try execute(index) }
    try stream.wait()
  }

  /// Runs all segments and tells how long each step took, by the label of its node; changes of layout are called "reorder".
  ///
  /// - Throws: what an observer throws, or `EspalierError` naming the node.
  public func run(timing tell: (_ label: String, _ duration: Duration) -> Void) throws {
    imagesBeyondBounds = []
    for index in plan.segments.joined() {
      let began = ContinuousClock.now
      try execute(index)
      try stream.wait()
      tell(plan.steps[index].label, ContinuousClock.now - began)
    }
  }

  private func execute(_ index: Int) throws {
    let step = plan.steps[index]
    if step.isBeyondBounds && imagesBeyondBounds.isEmpty { return }
    switch step.work {
    case .primitive(let primitive, _):
      do { try stream.execute(primitive, arguments[index]) } catch let error as EspalierError { throw error.at(step.label) }
    case .host(let work):
      try stream.wait()
      try work(StepScope(self, step))
    }
  }

  /// Writes the samples of a shard into an input, filling up with the last one.
  ///
  /// - Parameter samples: `[n, …]` with 0 < n ≤ the input's first axis and the input's other axes.
  /// - Throws: `EspalierError` naming the input that takes no such samples, or that does not exist.
  public func setInput(_ name: String, to samples: Tensor<Float>) throws {
    guard let slot = plan.inputs[name], let layout = plan.slots[slot.id].layout else {
      throw EspalierError(
        "the network has no input '\(name)'", accepted: plan.inputs.keys.sorted().map { "'\($0)'" }.joined(separator: ", "))
    }
    let size = layout.sampleStride
    guard samples.shape.rank == layout.shape.rank, samples.shape.rank > 0,
      samples.shape.dimensions.dropFirst() == layout.shape.dimensions.dropFirst(), samples.shape[0] > 0,
      samples.shape[0] <= layout.samples
    else {
      let others = layout.shape.dimensions.dropFirst()
      throw EspalierError(
        "samples of shape \(samples.shape)", location: "input '\(name)'",
        accepted: "1 to \(layout.samples) samples" + (others.isEmpty ? "" : " of \(Shape(Array(others)))"))
    }
    let target = pointer(slot)
    samples.elements.withUnsafeBufferPointer { source in
      target.update(from: source.baseAddress!, count: source.count)
      for row in samples.shape[0]..<layout.samples {
        (target + row * size).update(from: source.baseAddress! + (samples.shape[0] - 1) * size, count: size)
      }
    }
    if plan.slots[slot.id].images?.rowsPerImage == 1 { count = samples.shape[0] }
  }

  /// A result's real samples, row-major.
  public func result(_ name: String) -> Tensor<Float> {
    guard let slot = plan.results[name] else { preconditionFailure("no result '\(name)'") }
    return featureMap(slot).tensor()
  }

  /// A slot's contents where they lie.
  public func featureMap(_ slot: Slot) -> FeatureMap {
    let layout = plan.slots[slot.id].layout!
    let rows = imageRows(of: slot)
    return FeatureMap(
      layout: layout, base: pointer(slot), count: rows == nil ? layout.samples : count,
      rows: rows ?? ImageRows(images: layout.samples, inner: 1))
  }

  /// Which image the rows of a slot belong to; nil where they are no image's own.
  func imageRows(of slot: Slot) -> ImageRows? {
    let samples = plan.slots[slot.id].layout!.samples
    return switch plan.slots[slot.id].images {
    case .along(axis: 0, let outer, let inner)? where samples == outer * inner * plan.batch:
      ImageRows(images: plan.batch, inner: inner)
    case nil where samples == plan.batch: ImageRows(images: plan.batch, inner: 1)
    default: nil
    }
  }

  /// The address of a slot's first float.
  public func pointer(_ slot: Slot) -> UnsafeMutablePointer<Float> { address(slot).assumingMemoryBound(to: Float.self) }

  /// The address of a slot's first double (see ``PlanBuilder/allocateSums(_:name:)``).
  public func sums(_ slot: Slot) -> UnsafeMutableBufferPointer<Double> {
    UnsafeMutableBufferPointer(
      start: address(slot).assumingMemoryBound(to: Double.self),
      count: plan.slots[slot.id].byteCount / MemoryLayout<Double>.stride)
  }

  private func address(_ slot: Slot) -> UnsafeMutableRawPointer {
    if case .parameter(let copy) = plan.slots[slot.id].storage { return copy.buffer.address }
    return arena.address + plan.offsets[slot.id]
  }
}
