import Tensors

/// What a step's work may reach of the program that runs it: the slots that it reads and writes, and no other.
///
/// What a step declares is all that the memory plan knows of it: a slot that it reached in secret might by then hold something
/// else.
public struct StepScope {
  private let program: Program
  private let step: Step

  init(_ program: Program, _ step: Step) {
    self.program = program
    self.step = step
  }

  /// The number of real samples in the shard at hand.
  public var count: Int { program.count }

  /// The number of samples that the program takes at a time.
  var batch: Int { program.plan.batch }

  var stream: Stream { program.stream }

  /// The address of a slot's first float.
  ///
  /// - Precondition: the step reads or writes the slot.
  public func pointer(_ slot: Slot) -> UnsafeMutablePointer<Float> { program.pointer(declared(slot)) }

  /// A slot's contents where they lie.
  ///
  /// - Precondition: the step reads or writes the slot.
  public func featureMap(_ slot: Slot) -> FeatureMap { program.featureMap(declared(slot)) }

  /// A slot's doubles (see ``PlanBuilder/allocateSums(_:name:)``).
  ///
  /// - Precondition: the step reads or writes the slot.
  public func sums(_ slot: Slot) -> UnsafeMutableBufferPointer<Double> { program.sums(declared(slot)) }

  /// Shows slots to the observer of a tap, if there is one.
  func show(_ slots: [Slot], to tap: Int) throws { try program.observers[tap]?(slots.map(featureMap)) }

  private func declared(_ slot: Slot) -> Slot {
    precondition(
      step.reads.contains(slot) || step.writes.contains(slot), "step '\(step.label)' reaches a slot that it has not declared")
    return slot
  }
}

// MARK: - Images beyond bounds

extension StepScope {
  /// The images of which this run has met an element beyond bounds (see ``OverflowGuard``).
  var imagesBeyondBounds: Set<Int> {
    get { program.imagesBeyondBounds }
    nonmutating set { program.imagesBeyondBounds = newValue }
  }

  /// What slots held before a step wrote over it, for steps that come behind.
  var saved: [Slot: AlignedBuffer] {
    get { program.saved }
    nonmutating set { program.saved = newValue }
  }

  /// Notes the images that have an element beyond ``OverflowGuard/trusted`` in a slot; all, where rows are no image's own.
  func measure(_ slot: Slot) {
    let layout = program.plan.slots[slot.id].layout!
    guard imagesBeyondBounds.count < batch, OverflowGuard.exceeds(pointer(slot), count: layout.floatCount) else { return }
    guard let rows = program.imageRows(of: slot) else { return imagesBeyondBounds.formUnion(0..<batch) }
    for row in 0..<layout.samples
    where OverflowGuard.exceeds(pointer(slot) + row * layout.sampleStride, count: layout.sampleStride) {
      imagesBeyondBounds.insert(rows.image(of: row))
    }
  }

  /// Puts other elements in a slot where its images are beyond bounds.
  func replace(_ slot: Slot, by elements: UnsafePointer<Float>) {
    let layout = program.plan.slots[slot.id].layout!
    let rows = program.imageRows(of: slot)
    for row in 0..<layout.samples where rows.map({ imagesBeyondBounds.contains($0.image(of: row)) }) ?? true {
      let start = row * layout.sampleStride
      (pointer(slot) + start).update(from: elements + start, count: layout.sampleStride)
    }
  }
}
