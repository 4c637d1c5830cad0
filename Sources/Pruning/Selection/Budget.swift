import Tensors

/// What of a network is kept.
public struct Budget: Hashable, Sendable {
  /// The unit that a budget is given in.
  public enum Kind: String, CaseIterable, Hashable, Sendable {
    /// Filters of the layers that may lose some.
    case filters
    /// Multiply-accumulate operations.
    case macs
    /// Weights that training changes.
    case parameters
    /// Elements of the outputs of linear layers.
    case activations
    /// Measured time of a forward pass.
    case latency
  }

  /// The unit.
  public var kind: Kind
  /// The share that is kept, above 0 and at most 1.
  public var share: Double

  /// Makes a budget.
  public init(_ kind: Kind, _ share: Double) {
    self.kind = kind
    self.share = share
  }

  /// Reads `KIND=SHARE`.
  ///
  /// - Throws: `EspalierError` telling what is accepted.
  public init(_ text: String) throws {
    let parts = text.split(separator: "=", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 2, let kind = Kind(rawValue: parts[0]), let share = Double(parts[1]), share > 0, share <= 1 else {
      throw EspalierError(
        "'\(text)' is no budget",
        accepted: "KIND=SHARE, what is kept: \(Kind.allCases.map(\.rawValue).joined(separator: ", ")); a share above 0, at most 1"
      )
    }
    self.init(kind, share)
  }
}

extension Budget: CustomStringConvertible {
  public var description: String { "\(kind.rawValue)=\(share)" }
}

extension NetworkCost {
  /// The cost in a unit; nil for time, which is measured.
  public func amount(_ kind: Budget.Kind) -> Int? {
    switch kind {
    case .filters: filters
    case .macs: macs
    case .parameters: parameters
    case .activations: activations
    case .latency: nil
    }
  }
}
