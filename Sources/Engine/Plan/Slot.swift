import COneDNN
import Networks

/// A buffer of a plan: the position of one value, gradient or relevance while the plan runs.
public struct Slot: Hashable, Sendable {
  let id: Int
}

/// What a slot holds, and where.
struct SlotInfo {
  enum Storage {
    /// Its own part of a program's arena.
    case arena
    /// The same bytes as a slot in the arena.
    case alias(Slot)
    /// A copy of a weight, shared by all programs.
    case parameter(Parameters.Prepared)
  }

  let name: String
  let descriptor: dnnl_memory_desc_t
  /// nil where the layout is oneDNN's own affair (workspaces, intermediate reorders).
  let layout: Layout?
  let storage: Storage
  let byteCount: Int
  /// Where the images of the batch lie; nil where nobody said so: then along a first axis of the batch's length.
  var images: ImageAxis?
}

/// One thing that a plan does.
struct Step {
  enum Work {
    case primitive(Primitive, [(argument: Int32, slot: Slot)])
    case host(@Sendable (StepScope) throws -> Void)
  }

  /// The node that it serves, for messages.
  let label: String
  let reads: [Slot]
  let writes: [Slot]
  let work: Work
  /// Whether what it writes may lie where something lies that it reads last: each element is read before it is written.
  var isInPlace = false
  /// The kernel of oneDNN that work on the host hands part of its own to.
  var kernel: String?
  /// Whether it is run only where images are beyond bounds (see ``OverflowGuard``).
  var isBeyondBounds = false
}
