import Foundation

/// How values become positions on an axis.
public enum AxisScale: Hashable, Sendable {
  /// Equal steps are equally long.
  case linear
  /// Equal factors are equally long; what is not above zero has no position.
  case logarithmic
  /// Linear from −threshold to threshold, logarithmic beyond: asinh(x / threshold).
  case symmetricLogarithmic(threshold: Double)

  func forward(_ value: Double) -> Double {
    switch self {
    case .linear: value
    case .logarithmic: value > 0 ? log10(value) : .nan
    case .symmetricLogarithmic(let threshold): asinh(value / threshold)
    }
  }
}

/// An axis whose ticks are at round numbers.
///
/// Source: P. Heckbert, "Nice numbers for graph labels", Graphics Gems, 1990: steps are 1, 2 or 5 times a power of ten. Unlike
/// there the range ends at a tick only on request, so that curves fill the plot along x.
public struct Axis: Hashable, Sendable {
  /// How values become positions.
  public let scale: AxisScale
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
    scale = .linear
    range = endsAtTicks ? min(low, first * step)...max(high, last * step) : low...high
    ticks = positions
    labels = Axis.labels(positions, step: step)
  }

  /// Makes an axis of a scale; on a logarithmic one, what is not above zero counts for nothing.
  public init(
    _ scale: AxisScale, showing values: some Sequence<Double>, ticks wanted: Int, wholeNumbers: Bool = false,
    endsAtTicks: Bool = false
  ) {
    guard scale != .linear else {
      self = Axis(showing: values, ticks: wanted, wholeNumbers: wholeNumbers, endsAtTicks: endsAtTicks)
      return
    }
    let drawn = values.filter { Axis.isDrawable($0) && Axis.isDrawable(scale.forward($0)) && abs($0) >= 1e-100 }
    var (low, high) = (drawn.min() ?? 1, drawn.max() ?? 10)
    if case .symmetricLogarithmic(let threshold) = scale {
      (low, high) = (min(low, 0), max(high, 0))
      if low == high { (low, high) = (-threshold, threshold) }
      let greatest = max(abs(low), abs(high), threshold)
      let first = Int(log10(threshold).rounded(.down))
      let last = Int(log10(greatest).rounded(.up))
      let every = max(1, Int((2 * Double(last - first + 1) / Double(max(wanted, 1))).rounded(.up)))
      let powers: [Double] = stride(from: first, through: last, by: every).map { pow(10, Double($0)) }
      let negative: [Double] = powers.reversed().map { -$0 }
      let ticks: [Double] = (negative + [0] + powers).filter { low <= $0 && $0 <= high }
      self = Axis(scale: scale, range: low...high, ticks: ticks, labels: ticks.map(Axis.power))
    } else {
      if high / low < 1.0001 { (low, high) = (low / 2, high * 2) }
      if endsAtTicks { (low, high) = (pow(10, log10(low).rounded(.down)), pow(10, log10(high).rounded(.up))) }
      let ticks = Axis.logarithmicTicks(low, high, wanted)
      let arePlain = ticks.allSatisfy { 0.00999 < $0 && $0 < 99999 }
      self = Axis(scale: scale, range: low...high, ticks: ticks, labels: ticks.map(arePlain ? Axis.plain : Axis.power))
    }
  }

  private init(scale: AxisScale, range: ClosedRange<Double>, ticks: [Double], labels: [String]) {
    (self.scale, self.range, self.ticks, self.labels) = (scale, range, ticks, labels)
  }

  /// Powers of ten, or 1, 2 and 5 times such where there are few of them, or round numbers where there are none.
  private static func logarithmicTicks(_ low: Double, _ high: Double, _ wanted: Int) -> [Double] {
    let (first, last) = (Int(log10(low).rounded(.down)), Int(log10(high).rounded(.up)))
    func within(_ factors: [Double], _ every: Int) -> [Double] {
      let powers: [Double] = stride(from: first, through: last, by: every).map { pow(10, Double($0)) }
      let all: [Double] = powers.flatMap { power in factors.map { $0 * power } }
      return all.filter { low * (1 - 1e-9) <= $0 && $0 <= high * (1 + 1e-9) }
    }
    for factors in [[1, 2, 5], [1, 3]] as [[Double]] {
      let ticks = within(factors, 1)
      if 3...max(wanted + 1, 3) ~= ticks.count { return ticks }
    }
    let powers = within([1], max(1, Int((Double(last - first) / Double(max(wanted, 1))).rounded(.up))))
    return powers.count >= 2 ? powers : Axis(showing: [low, high], ticks: wanted).ticks.filter { $0 > 0 }
  }

  private static func plain(_ value: Double) -> String {
    value == value.rounded() ? String(format: "%.0f", value) : String(format: "%.4g", value)
  }

  private static func power(_ value: Double) -> String {
    guard value != 0 else { return "0" }
    let exponent = Int((log10(abs(value)) + 1e-9).rounded(.down))
    let factor = abs(value) / pow(10, Double(exponent))
    let digits = abs(factor - 1) < 1e-6 ? "" : String(format: "%.3g", factor) + "×"
    return (value < 0 ? "−" : "") + digits + "10" + raised(exponent)
  }

  /// Whether a value can have a position on an axis.
  static func isDrawable(_ value: Double) -> Bool { abs(value) <= 1e100 }

  /// Where a value lies between the ends, 0…1 within the range.
  public func share(of value: Double) -> Double {
    let (low, high) = (scale.forward(range.lowerBound), scale.forward(range.upperBound))
    return (scale.forward(value) - low) / (high - low)
  }

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

extension Axis {
  /// Makes an axis of names at the positions 0, 1, 2, ….
  init(categories: [String]) {
    scale = .linear
    range = -0.5...max(0.5, Double(categories.count) - 0.5)
    ticks = categories.indices.map(Double.init)
    labels = categories
  }
}
