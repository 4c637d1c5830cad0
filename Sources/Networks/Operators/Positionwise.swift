import Foundation

/// An operator whose every output element is a function of its inputs' elements at the same, broadcast position.
public protocol PositionwiseOperator: Operator {
  /// The function of one element an input; nil where an optional input is left out.
  ///
  /// Conditions are 1 where they hold and 0 where they do not.
  func value(of numbers: [Double?]) -> Double
}

extension PositionwiseOperator {
  public var elements: ElementFlow { .positionwise }
}

extension ElementwiseOperator {
  public func value(of numbers: [Double?]) -> Double { (numbers.first ?? nil).map(value) ?? .nan }
}

extension Op.Clip: PositionwiseOperator {
  public func value(of numbers: [Double?]) -> Double {
    guard let x = numbers.first ?? nil else { return .nan }
    let low = numbers.count > 1 ? numbers[1] ?? -.infinity : -.infinity
    let high = numbers.count > 2 ? numbers[2] ?? .infinity : .infinity
    return min(max(x, low), high)
  }
}

extension Op.Add: PositionwiseOperator {
  public func value(of numbers: [Double?]) -> Double { numbers.reduce(0) { $0 + ($1 ?? .nan) } }
}

extension Op.Sum: PositionwiseOperator {
  public func value(of numbers: [Double?]) -> Double { numbers.reduce(0) { $0 + ($1 ?? .nan) } }
}

extension Op.Sub: PositionwiseOperator {
  public func value(of numbers: [Double?]) -> Double { pair(numbers, -) }
}

extension Op.Mul: PositionwiseOperator {
  public func value(of numbers: [Double?]) -> Double { pair(numbers, *) }
}

extension Op.Div: PositionwiseOperator {
  public func value(of numbers: [Double?]) -> Double { pair(numbers, /) }
}

extension Op.Mod: PositionwiseOperator {
  public func value(of numbers: [Double?]) -> Double { pair(numbers, rest) }

  private func rest(_ a: Double, _ b: Double) -> Double {
    let rest = fmod(a, b)
    return hasSignOfDividend || rest == 0 || (rest < 0) == (b < 0) ? rest : rest + b
  }
}

extension Op.Min: PositionwiseOperator {
  public func value(of numbers: [Double?]) -> Double {
    numbers.reduce(.infinity) { least, x in x.map { $0.isNaN || least.isNaN ? .nan : min(least, $0) } ?? .nan }
  }
}

extension Op.Max: PositionwiseOperator {
  public func value(of numbers: [Double?]) -> Double {
    numbers.reduce(-.infinity) { greatest, x in x.map { $0.isNaN || greatest.isNaN ? .nan : max(greatest, $0) } ?? .nan }
  }
}

extension Op.Pow: PositionwiseOperator {
  public func value(of numbers: [Double?]) -> Double { pair(numbers, pow) }
}

extension Op.Equal: PositionwiseOperator {
  public func value(of numbers: [Double?]) -> Double { condition(numbers, ==) }
}

extension Op.Greater: PositionwiseOperator {
  public func value(of numbers: [Double?]) -> Double { condition(numbers, >) }
}

extension Op.GreaterOrEqual: PositionwiseOperator {
  public func value(of numbers: [Double?]) -> Double { condition(numbers, >=) }
}

extension Op.Less: PositionwiseOperator {
  public func value(of numbers: [Double?]) -> Double { condition(numbers, <) }
}

extension Op.LessOrEqual: PositionwiseOperator {
  public func value(of numbers: [Double?]) -> Double { condition(numbers, <=) }
}

extension Op.And: PositionwiseOperator {
  public func value(of numbers: [Double?]) -> Double { condition(numbers) { $0 != 0 && $1 != 0 } }
}

extension Op.Or: PositionwiseOperator {
  public func value(of numbers: [Double?]) -> Double { condition(numbers) { $0 != 0 || $1 != 0 } }
}

extension Op.Not: PositionwiseOperator {
  public func value(of numbers: [Double?]) -> Double { (numbers.first ?? nil).map { $0 == 0 ? 1 : 0 } ?? .nan }
}

extension Op.Where: PositionwiseOperator {
  public func value(of numbers: [Double?]) -> Double {
    guard numbers.count == 3, let condition = numbers[0], let a = numbers[1], let b = numbers[2] else { return .nan }
    return condition != 0 ? a : b
  }
}

private func pair(_ numbers: [Double?], _ combine: (Double, Double) -> Double) -> Double {
  guard numbers.count == 2, let a = numbers[0], let b = numbers[1] else { return .nan }
  return combine(a, b)
}

private func condition(_ numbers: [Double?], _ holds: (Double, Double) -> Bool) -> Double {
  guard numbers.count == 2, let a = numbers[0], let b = numbers[1] else { return .nan }
  return holds(a, b) ? 1 : 0
}
