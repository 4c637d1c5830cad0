import Tensors

extension Op {
  /// A box of a tensor; inputs data, starts, ends, axes (all if left out), steps (1 if left out).
  public struct Slice: Operator {
    public static let name = "Slice"
    public static let arity = 3...5

    /// Makes the operator.
    public init() {}
  }

  /// A tensor with a border; inputs data, pads (all begins, then all ends), value (0 if left out), axes (all if left out).
  public struct Pad: Operator {
    public static let name = "Pad"
    public static let arity = 2...4
    /// What the border holds.
    public var mode: PadMode

    /// Makes the operator.
    public init(mode: PadMode = .constant) {
      self.mode = mode
    }
  }
}

/// What `Pad` fills a border with.
public enum PadMode: String, CaseIterable, Hashable, Sendable {
  case constant, reflect, edge, wrap
}
