import Tensors

/// An operator that sums products of two operands, whose axes it tells apart by letters.
public protocol ProductOperator: Operator {
  /// The letter of every axis of the operands and of the result; nil for an axis of length 1 that the other operand's is put beside.
  ///
  /// What the result lacks is summed over. Nil for a form that is no product of two operands.
  func letters(_ operands: [Shape]) -> ProductLetters?
}

/// The letters of a product's axes.
public struct ProductLetters: Hashable, Sendable {
  /// Those of the operands.
  public var operands: [[Int?]]
  /// Those of the result.
  public var result: [Int]
}

extension Op.MatMul: ProductOperator {
  public func letters(_ operands: [Shape]) -> ProductLetters? {
    guard operands.count == 2, operands.allSatisfy({ $0.rank >= 2 }) else { return nil }
    let rank = max(operands[0].rank, operands[1].rank)
    // Leading axes have the letters 0 …, then rows, columns, and what is summed over.
    let (row, column, sum) = (rank - 2, rank - 1, rank)
    let leading = operands.map { shape in
      (0..<shape.rank - 2).map { axis -> Int? in
        let other = operands[shape == operands[0] ? 1 : 0]
        let aligned = axis + rank - shape.rank
        let across = aligned - (rank - other.rank)
        return shape[axis] == 1 && across >= 0 && other[across] != 1 ? nil : aligned
      }
    }
    return ProductLetters(operands: [leading[0] + [row, sum], leading[1] + [sum, column]], result: Array(0..<rank))
  }
}

extension Op.Einsum: ProductOperator {
  public func letters(_ operands: [Shape]) -> ProductLetters? {
    guard self.operands.count == 2 else { return nil }
    func number(_ letter: Character) -> Int { Int(letter.unicodeScalars.first?.value ?? 0) }
    return ProductLetters(operands: self.operands.map { $0.map(number) }, result: result.map(number))
  }
}

extension Node {
  /// The letters of a product of two operands, or nil where the node is none.
  func productLetters(_ facts: [String: Fact]) -> ProductLetters? {
    (op as? any ProductOperator)?.letters(inputs.map { $0.flatMap { facts[$0]?.shape } ?? [] })
  }
}

extension ProductOperator {
  /// What channels lie along both operands goes together; where the product sums over them, it is theirs to mask.
  public func maskChannels(of node: Node, _ masking: inout ChannelMasking) throws {
    guard let letters = node.productLetters(masking.map.facts) else { return }
    let isMixed = zip(node.inputs, letters.operands).contains { value, own in
      masking.loss(of: value).map { loss in own[loss.axis].map { !letters.result.contains($0) } ?? false } ?? false
    }
    if isMixed { masking.redirect(node) { $1.zeroed($0) } }
  }
}

extension ChannelFlow {
  /// A product of two values, or of a value and a stack of constants.
  ///
  /// An attention's queries and keys, `[N, h, T, d]` both, are summed over d: either all heads lose the same positions along d, or
  /// whole heads go, which are then channels of the scores too (``HeadRemoval``). Where channels of both operands come out side by
  /// side, as where channels attend to channels, heads alone can go.
  mutating func passProduct(_ node: Node) {
    guard let letters = node.productLetters(facts), case let values = node.inputs.compactMap({ $0 }), values.count == 2 else {
      return stop(node, "\(node.op.name) '\(node.label)' is no product of two stacks of matrices")
    }
    let reason = "\(node.op.name) '\(node.label)' multiplies them with what has no such channels"
    let isConstant = values.map { graph.constants[$0] != nil }
    var grids = zip(values, letters.operands).map { value, own -> ChannelGrid in
      guard let grid = channels[value] else { return .none }
      return collapsed(grid, to: grid.axes.filter { own[$0] != nil }, reason).renumbered { own[$0] ?? -1 }
    }
    // Channels along an axis that both have are channels of both.
    let before = grids.map(\.axes)
    for (own, other) in [(0, 1), (1, 0)] where !isConstant[other] {
      let lone = before[own].filter { letters.operands[other].contains($0) && !before[other].contains($0) }
      grids[own] = collapsed(grids[own], to: grids[own].axes.filter { !lone.contains($0) }, reason)
    }
    let shared = Set(grids[0].axes).intersection(grids[1].axes).intersection(letters.result)
    let all = Set(grids[0].axes + grids[1].axes)
    let summed = all.subtracting(letters.result)
    if !summed.isEmpty, summed.count < all.count {
      // A constant serves all heads alike.
      let hasHeads = !shared.isEmpty || isConstant.contains(true)
      let kept = heads == .wholeHeads && hasHeads ? all.subtracting(summed) : summed
      for own in 0...1 { grids[own] = collapsed(grids[own], to: Array(kept), reason) }
    }
    let free = (0...1).map { own in grids[own].axes.filter { !letters.operands[1 - own].contains($0) } }
    if !free[0].isEmpty, !free[1].isEmpty {
      let kept = shared.isEmpty ? [free[0], []] : [Array(shared), Array(shared)]
      for own in 0...1 { grids[own] = collapsed(grids[own], to: kept[own], "channels of both operands come out of it") }
    }
    guard let both = united(grids[0], grids[1]) else { return stop(node, reason) }
    for own in 0...1 where isConstant[own] { record(values[own], both, of: node) { letters.operands[own].firstIndex(of: $0) } }
    let left = both.restricted(to: both.axes.filter(letters.result.contains))
    let isMixed = both.axes.contains { !letters.result.contains($0) }
    define(node.outputs[0], isMixed ? .none : left.renumbered { letters.result.firstIndex(of: $0) ?? 0 })
  }

  /// Channels of which some axes are mixed and others are not: those of one kind, as ``heads`` says where it is a product that
  /// mixes, else those of which more can go.
  mutating func decided(_ own: ChannelGrid, mixing axes: [Int], isProduct: Bool) -> ChannelGrid {
    let (inside, outside) = (own.axes.filter(axes.contains), own.axes.filter { !axes.contains($0) })
    guard !inside.isEmpty, !outside.isEmpty else { return own }
    let isInside =
      heads == .wholeHeads ? false : isProduct || bestAxis(of: own, among: outside + inside).map(inside.contains) ?? true
    return collapsed(own, to: isInside ? inside : outside)
  }
}
