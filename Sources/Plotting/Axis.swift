import Foundation

/// A linear axis whose ticks are at round numbers.
///
/// Source: P. Heckbert, "Nice numbers for graph labels", Graphics Gems, 1990: steps are 1, 2 or 5 times a power of ten. Unlike
/// there the range ends at a tick only on request, so that curves fill the plot along x.
public struct Axis: Hashable, Sendable {
  /// The least and the greatest value shown.
  public let range: ClosedRange<Double>
  /// Where the ticks are.
  public let ticks: [Double]
  /// The ticks' labels, all with as many decimals.
  public let labels: [String]

  /// Makes an axis for values; those that are not finite, or beyond 10¹⁰⁰ in size, count for nothing.
  ///
  /// - Parameters:
  ///   - values: what is to be shown.
  ///   - ticks: about how many ticks there should be.
  ///   - wholeNumbers: whether ticks are at whole numbers only.
  ///   - endsAtTicks: whether the range is widened to ticks.
  public init(showing values: some Sequence<Double>, ticks wanted: Int, wholeNumbers: Bool = false, endsAtTicks: Bool = false) {
    var low = Double.infinity
    var high = -Double.infinity
    for value in values where Axis.isDrawable(value) {
      low = min(low, value)
      high = max(high, value)
    }
    if low > high { (low, high) = (0, 1) }
    // Values that differ by rounding only are one value.
    if high - low <= max(1e-9 * max(abs(low), abs(high)), 1e-100) {
      let margin = max(wholeNumbers || abs(low) <= 1e-100 ? 1 : 0, 0.1 * abs(low))
      (low, high) = (low - margin, high + margin)
    }

    var step = Axis.step(near: (high - low) / Double(max(1, wanted)))
    if wholeNumbers { step = max(1, step) }
    let first = endsAtTicks ? (low / step).rounded(.down) : (low / step - 1e-9).rounded(.up)
    let last = endsAtTicks ? (high / step).rounded(.up) : (high / step + 1e-9).rounded(.down)
    let count = Int(max(0, min(100, last - first)))
    let positions = (0...count).map { (first + Double($0)) * step }
    range = endsAtTicks ? min(low, first * step)...max(high, last * step) : low...high
    ticks = positions
    labels = Axis.labels(positions, step: step)
  }

  /// Whether a value can have a position on an axis.
  static func isDrawable(_ value: Double) -> Bool { abs(value) <= 1e100 }

  /// Where a value lies between the ends, 0…1 within the range.
  public func share(of value: Double) -> Double { (value - range.lowerBound) / (range.upperBound - range.lowerBound) }

  private static func step(near length: Double) -> Double {
    let power = pow(10, log10(length).rounded(.down))
    let factor = length / power
    return power * (factor < 1.5 ? 1 : factor < 3.5 ? 2 : factor < 7.5 ? 5 : 10)
  }

  private static func labels(_ values: [Double], step: Double) -> [String] {
    let largest = values.map(abs).max() ?? 0
    let exponent = largest > 0 ? Int(log10(largest).rounded(.down)) : 0
    let stepExponent = Int(log10(step * 1.0001).rounded(.down))
    if -4...5 ~= exponent, stepExponent >= -6 {
      let decimals = max(0, -stepExponent)
      return values.map { signed(String(format: "%.\(decimals)f", $0)) }
    }
    let decimals = max(0, min(15, exponent - stepExponent))
    return values.map { value in
      value == 0 ? "0" : signed(String(format: "%.\(decimals)f", value / pow(10, Double(exponent)))) + "×10" + raised(exponent)
    }
  }

  /// A minus sign instead of a hyphen, and none on zero.
  private static func signed(_ digits: String) -> String {
    guard digits.hasPrefix("-") else { return digits }
    let rest = digits.dropFirst()
    return rest.contains { "123456789".contains($0) } ? "−" + rest : String(rest)
  }

  private static func raised(_ exponent: Int) -> String {
    let digits = Array("⁰¹²³⁴⁵⁶⁷⁸⁹")
    return String(String(exponent).map { $0 == "-" ? "⁻" : digits[$0.wholeNumberValue ?? 0] })
  }
}
