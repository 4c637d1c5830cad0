import Foundation
import Tensors

/// Where the scales of heat maps end.
public struct RelevanceScale: Hashable, Sendable {
  /// Whether all maps of a figure have one scale, so that their colours compare.
  public var isShared: Bool
  /// The share of values, in percent, that lie within a scale: 100 for all; with less, few great values do not pale the others.
  ///
  /// Counted by |R|; for ``RelevanceNorm/unaligned``, where both ends move, by R at either end. Between values, percentiles are
  /// linear, as NumPy's are unless told otherwise.
  public var percentile: Double

  /// Makes a scale.
  public init(isShared: Bool = false, percentile: Double = 100) { (self.isShared, self.percentile) = (isShared, percentile) }

  /// The heat maps of relevance, [C, H, W] or [H, W] each, on this scale.
  ///
  /// - Throws: `EspalierError` if a shape is another.
  public func heatmaps(
    _ maps: [Tensor<Float>], norm: RelevanceNorm = .symmetric, colormap: Colormap = .coldnhot, level: Double = 1
  ) throws -> [Heatmap] {
    let own = try maps.map { try Heatmap($0, norm: norm, colormap: colormap, level: level) }
    if isShared {
      let range = range(of: own, norm)
      return own.map { $0.scaled(to: range) }
    }
    return percentile < 100 ? own.map { $0.scaled(to: range(of: [$0], norm)) } : own
  }

  /// The scale of maps together.
  private func range(of maps: [Heatmap], _ norm: RelevanceNorm) -> ClosedRange<Double> {
    if percentile >= 100 {
      return (maps.map(\.range.lowerBound).min() ?? 0)...(maps.map(\.range.upperBound).max() ?? 0)
    }
    let finite = maps.flatMap { $0.relevance.elements.lazy.filter(\.isFinite).map(Double.init) }
    if norm == .unaligned {
      let sorted = finite.sorted()
      return Self.quantile(1 - percentile / 100, sorted)...Self.quantile(percentile / 100, sorted)
    }
    let most = Self.quantile(percentile / 100, finite.map(abs).sorted())
    return -most...most
  }

  /// The value below which a share of sorted values lies.
  static func quantile(_ share: Double, _ sorted: [Double]) -> Double {
    guard let last = sorted.last else { return 0 }
    let place = share * Double(sorted.count - 1)
    let low = Int(place.rounded(.down))
    guard low < sorted.count - 1 else { return last }
    return sorted[low] + (place - Double(low)) * (sorted[low + 1] - sorted[low])
  }
}

extension ColorBar {
  /// The bar for heat maps of a scale: its ends in words where each map has its own, in numbers where they have one.
  public init(_ heatmaps: [Heatmap], _ scale: RelevanceScale, norm: RelevanceNorm, colormap: Colormap, level: Double = 1) {
    self.init(norm: norm, colormap: colormap, level: level)
    if scale.isShared, let first = heatmaps.first {
      let range = norm == .unaligned ? first.range : -first.largestMagnitude...first.largestMagnitude
      let ends = [norm == .absolute ? 0 : range.lowerBound, range.upperBound]
      let axis = Axis(showing: ends, ticks: 4)
      let extent = ends[1] - ends[0]
      let inner = zip(axis.ticks, axis.labels).filter { ends[0]...ends[1] ~= $0.0 }
      labels = extent > 0 ? inner.map { Label(($0 - ends[0]) / extent, $1) } : [Label(0.5, "0")]
      title = norm == .absolute ? "|R|" : "relevance"
    } else if scale.percentile < 100 {
      let percent = scale.percentile == scale.percentile.rounded() ? "\(Int(scale.percentile))" : "\(scale.percentile)"
      labels = labels.map {
        Label($0.share, $0.text.replacing("max", with: "p\(percent)").replacing("min", with: "p\(percent) low"))
      }
    }
  }
}
