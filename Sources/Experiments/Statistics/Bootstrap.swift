import Tensors

/// Intervals of confidence from drawing again, with replacement, of what was observed.
public enum Bootstrap {
  /// The interval that holds the mean over all runs and images that these were drawn from with a confidence of `level`.
  ///
  /// Runs and images are drawn again independently of each other, since every run answers the same images: an image that is hard is
  /// hard for all of them. With one run, images alone are drawn, and with one image, runs alone. The ends are percentiles of the means,
  /// interpolated linearly. Of the area under a curve, or of a difference of two arms, it is had by giving those of every image.
  ///
  /// Of few runs, little is known of how runs differ: where they differ more than images, an interval that asks for 95 % holds the
  /// mean in 75 % of cases for three runs, 83 % for five and 90 % for ten.
  ///
  /// Source: A. Owen, "The pigeonhole bootstrap", Annals of Applied Statistics 2007, for draws that cross; B. Efron, R. Tibshirani,
  /// "An introduction to the bootstrap", 1993, section 13.3, for percentiles.
  ///
  /// - Parameters:
  ///   - values: `[runs, images]`.
  ///   - samples: how often is drawn.
  ///   - level: the confidence, between 0 and 1.
  ///   - seed: what draws depend on, together with the numbers of runs and images.
  /// - Returns: nil for fewer than two values, or where one is not finite.
  /// - Precondition: all runs have as many images.
  public static func interval(ofMean values: [[Double]], samples: Int = 2000, level: Double = 0.95, seed: UInt64 = 0)
    -> ClosedRange<Double>?
  {
    let means = means(of: values, samples: samples, seed: seed)?.sorted()
    return means.map { quantile((1 - level) / 2, of: $0)...quantile((1 + level) / 2, of: $0) }
  }

  /// The mean of every draw; nil as there.
  private static func means(of values: [[Double]], samples: Int, seed: UInt64) -> [Double]? {
    let (runs, images) = (values.count, values.first?.count ?? 0)
    precondition(values.allSatisfy { $0.count == images }, "runs of different images")
    guard runs * images > 1, values.allSatisfy({ $0.allSatisfy(\.isFinite) }) else { return nil }
    var ofImages = [Double](repeating: 0, count: images)
    return (0..<samples).map { sample in
      var random = Philox(seed: seed, stream: UInt64(sample))
      if runs > 1 {
        var times = [Double](repeating: 0, count: runs)
        for _ in 0..<runs { times[random.next(below: runs)] += 1 }
        for image in 0..<images { ofImages[image] = 0 }
        for (run, times) in zip(values, times) where times > 0 {
          for image in 0..<images { ofImages[image] += times * run[image] }
        }
      } else {
        ofImages = values[0]
      }
      var sum = 0.0
      for _ in 0..<images { sum += ofImages[images > 1 ? random.next(below: images) : 0] }
      return sum / Double(runs * images)
    }
  }

  /// The number that a share of sorted ones lies below, interpolated linearly, as NumPy's `quantile`.
  private static func quantile(_ share: Double, of sorted: [Double]) -> Double {
    let place = share * Double(sorted.count - 1)
    let low = min(Int(place), sorted.count - 1)
    let high = min(low + 1, sorted.count - 1)
    return sorted[low] + (place - Double(low)) * (sorted[high] - sorted[low])
  }
}

extension Philox {
  /// A whole number from 0 to below a bound; each as often as any other but for one in 2⁶⁴ / `bound`.
  fileprivate mutating func next(below bound: Int) -> Int { Int(next().multipliedFullWidth(by: UInt64(bound)).high) }
}
