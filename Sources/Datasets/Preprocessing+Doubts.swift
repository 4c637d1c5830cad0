import Tensors

extension Preprocessing {
  /// What makes it unlikely that the numbers fit raw values of 0 to 255, a line each: a mean outside of the scaled values, or
  /// values so wide or so close together once divided that the deviation must be of another scale.
  public var doubts: [String] {
    let range = (low: min(0, 255 * scale), high: max(0, 255 * scale))
    func text(_ value: Double) -> String {
      value == value.rounded() && abs(value) < 1e15 ? "\(Int(value))" : "\((value * 1000).rounded() / 1000)"
    }
    let scaled = "raw values of 0 to 255 times scale are \(text(range.low)) to \(text(range.high))"
    guard range.high - range.low < 1e9, mean.allSatisfy({ abs($0) < 1e9 }), deviation.allSatisfy({ abs($0) < 1e9 }) else {
      return ["preprocessing: scale, mean or std is so large that values are beyond 10^9"]
    }
    var doubts: [String] = []
    // A little outside is no matter: −0.5 to 0.5 is sometimes made by a mean of 127.5 on values that begin at 1.
    let slack = 0.02 * (range.high - range.low)
    if let mean = mean.first(where: { $0 < range.low - slack || $0 > range.high + slack }) {
      doubts.append("preprocessing: mean \(text(mean)) lies outside of the values: \(scaled)\(remedy)")
    }
    let widths = deviation.map { (range.high - range.low) / abs($0) }
    if let (width, std) = zip(widths, deviation).first(where: { $0.0 > 300 || $0.0 < 0.1 }), doubts.isEmpty {
      let width = width < 0.001 ? "less than 0.001" : text(width)
      doubts.append("preprocessing: std \(text(std)) spreads the values over \(width): \(scaled)\(remedy)")
    }
    return doubts
  }

  /// The scale that mean and deviation would fit, if there is one.
  private var remedy: String {
    let most = max(mean.map { abs($0) }.max() ?? 0, deviation.map { abs($0) }.max() ?? 0)
    if scale == 1, most <= 1 { return " (for mean and std of values from 0 to 1, scale = 0.00392156862745098)" }
    if scale < 0.1, most > 1.5 { return " (for mean and std of values from 0 to 255, scale = 1)" }
    return ""
  }
}
