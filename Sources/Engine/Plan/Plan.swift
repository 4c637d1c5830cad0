import COneDNN
import Tensors

/// A finished list of steps and the positions of its buffers: read-only, shared by the programs of all workers.
public final class Plan: @unchecked Sendable {
  let slots: [SlotInfo]
  let steps: [Step]
  let offsets: [Int]
  let parameters: Parameters
  /// The steps between two synchronisations of all shards; one range unless batch norm trains.
  let segments: [Range<Int>]
  /// What is summed over all shards behind each segment but the last.
  public let synchronised: [Slot]
  /// The statistics of every batch norm, in a training plan.
  public let statistics: [BatchStatistics]
  /// The masks of every dropout, in a training plan.
  public let dropouts: [DropoutMask]
  let inputs: [String: Slot]
  let results: [String: Slot]

  /// The number of samples that a program takes at a time.
  public let batch: Int
  /// The bytes of a program's buffers.
  public let arenaByteCount: Int
  /// The bytes of a program's scratchpad.
  public let scratchByteCount: Int
  /// The bytes that the buffers would take if none shared memory with another.
  public let unplannedByteCount: Int

  init(
    slots: [SlotInfo], steps: [Step], boundaries: [(step: Int, slot: Slot)], inputs: [String: Slot], results: [String: Slot],
    pinned: Set<Slot>, parameters: Parameters, statistics: [BatchStatistics], dropouts: [DropoutMask], batch: Int
  ) {
    self.slots = slots
    self.steps = steps
    self.inputs = inputs
    self.results = results
    self.parameters = parameters
    self.dropouts = dropouts
    self.statistics = statistics
    self.batch = batch
    let ends = boundaries.map(\.step) + [steps.count]
    segments = zip([0] + ends, ends).map { $0..<$1 }
    synchronised = boundaries.map(\.slot)
    let memory = MemoryPlan(
      slots: slots, steps: steps, pinned: pinned.union(inputs.values).union(results.values).union(synchronised))
    offsets = memory.offsets
    arenaByteCount = memory.byteCount
    unplannedByteCount = memory.unsharedByteCount
    positions = memory.lifetimes.map { id, lifetime in
      (slots[id].name, memory.offsets[id]..<memory.offsets[id] + slots[id].byteCount, lifetime)
    }
    scratchByteCount = steps.reduce(0) { most, step in
      guard case .primitive(let primitive, _) = step.work else { return most }
      return max(most, primitive.scratchpad.byteCount)
    }
  }

  /// Where the buffers lie in the arena, and from which step to which each is in use.
  package let positions: [(name: String, bytes: Range<Int>, steps: ClosedRange<Int>)]

  /// The number of parts that are run one after the other, with a synchronisation between each two.
  public var segmentCount: Int { segments.count }

  /// The number of values that a run measures (see ``OverflowGuard``).
  package var measurementCount: Int { steps.count { $0.label == OverflowGuard.label } }

  /// The kernels that oneDNN chose, by the node that they serve.
  public var implementations: [(node: String, kernel: String)] {
    steps.compactMap { step in
      if case .primitive(let primitive, _) = step.work { return (step.label, primitive.implementation) }
      return step.kernel.map { (step.label, $0) }
    }
  }
}

/// Positions of buffers in one arena: those that are never alive together share memory, and what a step makes of a buffer that
/// nobody reads later lies where that lay, if the step allows it.
///
/// Greedy by size: the largest buffer first, each at the lowest offset where it meets no living neighbour (Pisarchyk and
/// Lee, "Efficient Memory Management for Deep Neural Net Inference", 2020).
struct MemoryPlan {
  private(set) var offsets: [Int]
  private(set) var byteCount = 0
  private(set) var unsharedByteCount = 0
  /// From which step to which every buffer is in use.
  private(set) var lifetimes: [(slot: Int, steps: ClosedRange<Int>)] = []

  init(slots: [SlotInfo], steps: [Step], pinned: Set<Slot>) {
    // Slots in place of another: of which.
    var replaced = [Int?](repeating: nil, count: slots.count)
    func root(_ slot: Slot) -> Int {
      var id = slot.id
      if case .alias(let other) = slots[id].storage { id = other.id }
      while let other = replaced[id] { id = other }
      return id
    }
    var first = [Int](repeating: Int.max, count: slots.count)
    var last = [Int](repeating: -1, count: slots.count)
    var size = [Int](repeating: 0, count: slots.count)
    for id in slots.indices { size[root(Slot(id: id))] = max(size[root(Slot(id: id))], slots[id].byteCount) }
    for (position, step) in steps.enumerated() {
      for slot in step.reads + step.writes {
        let id = root(slot)
        first[id] = min(first[id], position)
        last[id] = max(last[id], position)
      }
    }
    for slot in pinned {
      first[root(slot)] = 0
      last[root(slot)] = steps.count
    }
    for (position, step) in steps.enumerated() where step.isInPlace && step.writes.count == 1 {
      let result = root(step.writes[0])
      guard first[result] == position, case .arena = slots[result].storage, last[result] < steps.count else { continue }
      let source = step.reads.map(root).first { id in
        guard case .arena = slots[id].storage else { return false }
        return id != result && last[id] == position && size[id] == size[result]
      }
      guard let source else { continue }
      replaced[result] = source
      last[source] = last[result]
      unsharedByteCount += (size[result] + 63) / 64 * 64
    }
    offsets = [Int](repeating: 0, count: slots.count)
    var placed: [Int] = []  // by offset
    let waiting = slots.indices.filter { id in
      guard case .arena = slots[id].storage else { return false }
      return last[id] >= 0 && replaced[id] == nil
    }
    for id in waiting.sorted(by: { (size[$0], $1) > (size[$1], $0) }) {
      let bytes = (size[id] + 63) / 64 * 64
      var offset = 0
      for other in placed where first[other] <= last[id] && first[id] <= last[other] {
        if offset + bytes <= offsets[other] { break }
        offset = max(offset, offsets[other] + (size[other] + 63) / 64 * 64)
      }
      offsets[id] = offset
      let position = placed.firstIndex { offsets[$0] > offset } ?? placed.count
      placed.insert(id, at: position)
      byteCount = max(byteCount, offset + bytes)
      unsharedByteCount += bytes
      lifetimes.append((id, first[id]...last[id]))
    }
    for id in slots.indices { offsets[id] = offsets[root(Slot(id: id))] }
  }
}
