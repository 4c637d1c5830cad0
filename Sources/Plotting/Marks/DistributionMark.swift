import Foundation

/// Distributions at the positions 0, 1, 2, …: boxes, or violins with a box inside.
///
/// A box reaches from the first to the third quartile (linear between order statistics, type 7 of R. Hyndman, Y. Fan, "Sample
/// quantiles in statistical packages", 1996), its line is the median, and whiskers reach to the outermost values within 1.5 times
/// the box (J. Tukey, "Exploratory data analysis", 1977); values beyond are points. A violin is a kernel density estimate with a
/// Gaussian kernel of Silverman's width, 0.9 min(s, IQR / 1.34) n^(−1/5), cut at the least and the greatest value.
public struct DistributionMark: Mark {
  /// What is drawn.
  public enum Shape: String, CaseIterable, Sendable {
    case box, violin
  }

  public let name: String
  public let series: Int
  /// The values at every position; those that are not finite count for nothing.
  public var groups: [[Double]]
  /// What is drawn.
  public var shape: Shape

  /// Makes distributions.
  public init(_ name: String, series: Int, groups: [[Double]], shape: Shape) {
    (self.name, self.series, self.shape) = (name, series, shape)
    self.groups = groups.map { $0.filter(Axis.isDrawable).sorted() }
  }

  public var xValues: [Double] { groups.isEmpty ? [] : [-0.5, Double(groups.count) - 0.5] }
  public var yValues: [Double] { groups.flatMap { [$0.first, $0.last].compactMap { $0 } } }

  /// A quantile of sorted values.
  static func quantile(_ share: Double, of sorted: [Double]) -> Double {
    let position = share * Double(sorted.count - 1)
    let low = Int(position.rounded(.down))
    let next = min(low + 1, sorted.count - 1)
    return sorted[low] + (position - Double(low)) * (sorted[next] - sorted[low])
  }

  /// The density at places between the least and the greatest value, the greatest density 1; nil for fewer than three values or
  /// none that differ.
  static func density(of sorted: [Double], places: Int = 48) -> [(value: Double, share: Double)]? {
    guard sorted.count > 2, let low = sorted.first, let high = sorted.last, high > low else { return nil }
    let count = Double(sorted.count)
    let mean = sorted.reduce(0) { $0 + $1 / count }
    let deviation = (sorted.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (count - 1)).squareRoot()
    let spread = (quantile(0.75, of: sorted) - quantile(0.25, of: sorted)) / 1.34
    let width = max(0.9 * (spread > 0 ? min(deviation, spread) : deviation) * pow(count, -0.2), (high - low) / 200)
    let values = (0..<places).map { low + (high - low) * Double($0) / Double(places - 1) }
    let densities = values.map { value in sorted.reduce(0) { $0 + exp(-0.5 * pow((value - $1) / width, 2)) } }
    guard let greatest = densities.max(), greatest > 0 else { return nil }
    return zip(values, densities).map { ($0, $1 / greatest) }
  }

  public func draw(on canvas: Canvas, in frame: PlotFrame) {
    let color = frame.style(of: series).color
    for (position, values) in groups.enumerated() where !values.isEmpty {
      let x = Double(position)
      let boxHalf = shape == .box ? 0.32 : 0.06
      if shape == .violin, let density = DistributionMark.density(of: values) {
        let right = density.compactMap { frame.point(x + 0.42 * $0.share, $0.value) }
        let left = density.compactMap { frame.point(x - 0.42 * $0.share, $0.value) }
        canvas.fill(right + left.reversed(), color, opacity: 0.35)
        canvas.line(right + left.reversed() + right.prefix(1), color, width: 0.4)
      }
      let (low, middle, high) = (
        DistributionMark.quantile(0.25, of: values), DistributionMark.quantile(0.5, of: values),
        DistributionMark.quantile(0.75, of: values)
      )
      let reach = 1.5 * (high - low)
      let inside = values.filter { low - reach <= $0 && $0 <= high + reach }
      guard let first = inside.first, let last = inside.last, let bottom = frame.point(x - boxHalf, low),
        let top = frame.point(x + boxHalf, high), let start = frame.point(x, first), let end = frame.point(x, last),
        let median = frame.point(x, middle)
      else { continue }
      for (from, to) in [(start, bottom.y), (end, top.y)] {
        canvas.line([from, Point(from.x, to)], color, width: 0.6 * frame.style.lineWidth)
      }
      let box = Rectangle(x: bottom.x, y: top.y, width: top.x - bottom.x, height: bottom.y - top.y)
      canvas.fill(box, shape == .box ? color.mixed(0.35, with: canvas.theme.paper) : color)
      canvas.outline(box, color, width: 0.6 * frame.style.lineWidth)
      canvas.line(
        [Point(box.x, median.y), Point(box.right, median.y)], shape == .box ? canvas.theme.ink : canvas.theme.paper,
        width: frame.style.lineWidth)
      guard shape == .box else { continue }
      for value in values where value < low - reach || value > high + reach {
        if let place = frame.point(x, value) { canvas.fillCircle(at: place, radius: 0.7, color) }
      }
    }
  }

  public func obstacles(in frame: PlotFrame) -> [Point] {
    groups.enumerated().flatMap { position, values in
      stride(from: 0, to: values.count, by: max(1, values.count / 20)).compactMap { frame.point(Double(position), values[$0]) }
    }
  }
}
