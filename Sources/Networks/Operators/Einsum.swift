import Tensors

extension Op {
  /// A sum of products named by letters, one an axis, such as `bid,bjd->bij`: letters that the result lacks are summed over.
  ///
  /// One or two operands; no letter twice in one of them, and no ellipsis.
  public struct Einsum: Operator {
    public static let name = "Einsum"
    public static let arity = 1...2
    /// The axes' letters of each operand.
    public let operands: [[Character]]
    /// The axes' letters of the result.
    public let result: [Character]

    /// Reads an equation; without `->` the result has the letters that occur once, in alphabetic order.
    ///
    /// - Throws: `EspalierError` for a form that is not supported.
    public init(_ equation: String) throws {
      let text = equation.filter { !$0.isWhitespace }
      let sides = text.components(separatedBy: "->")
      let operands = sides[0].split(separator: ",", omittingEmptySubsequences: false).map(Array.init)
      let all = operands.flatMap { $0 }
      let letters = sides.count == 2 ? Array(sides[1]) : Set(all).filter { letter in all.count { $0 == letter } == 1 }.sorted()
      guard sides.count <= 2, 1...2 ~= operands.count, (operands + [letters]).allSatisfy({ Set($0).count == $0.count }),
        (all + letters).allSatisfy({ $0.isASCII && $0.isLetter }), Set(letters).isSubset(of: all)
      else {
        throw EspalierError(
          "equation '\(equation)' is not supported", accepted: "one or two operands of different letters, such as bid,bjd->bij")
      }
      (self.operands, result) = (operands, letters)
    }

    /// The equation.
    public var equation: String { operands.map { String($0) }.joined(separator: ",") + "->" + String(result) }
  }
}

extension Op.Einsum {
  public func infer(_ inputs: [Fact?], outputs: Int) throws -> [Fact] {
    guard inputs.count == operands.count else {
      throw EspalierError("\(inputs.count) operands for '\(equation)'", accepted: "\(operands.count)")
    }
    var lengths: [Character: Int] = [:]
    for (position, letters) in operands.enumerated() {
      let shape = try inputs.required(position).shape
      guard shape.rank == letters.count else {
        throw EspalierError("operand \(position) of '\(equation)' has shape \(shape)", accepted: "\(letters.count) axes")
      }
      for (letter, length) in zip(letters, shape.dimensions) {
        guard lengths.updateValue(length, forKey: letter) ?? length == length else {
          throw EspalierError("axis '\(letter)' of '\(equation)' has two lengths")
        }
      }
    }
    return [Fact(try Shape(validating: result.map { lengths[$0]! }))]
  }

  public func passChannels(of node: Node, _ flow: inout ChannelFlow) throws { flow.passProduct(node) }

  public func placeImages(_ inputs: [PlacedFact?], outputs: [Shape], _ placement: ImagePlacement) -> [ImageAxis] {
    let axes = zip(operands, inputs).map { letters, input in
      guard let input else { return ImageAxis.constant }
      return placement.moved(input.images, "its sums run along the images' axis") { result.firstIndex(of: letters[$0]) }
    }
    return outputs.map { _ in placement.together(axes) }
  }
}
