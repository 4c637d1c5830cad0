import Tensors

/// Samples in k clusters, each around its mean.
///
/// Source: Lloyd's algorithm from starts by Arthur and Vassilvitskii, "k-means++", SODA 2007; the best of several. Clusters are
/// numbered in the order in which samples come to them.
public struct KMeans: Sendable {
  /// The cluster of every sample, from 0.
  public var labels: [Int]
  /// The sum of squared distances to the means.
  public var inertia: Double

  private static let mostRounds = 300

  /// Clusters samples.
  ///
  /// - Parameters:
  ///   - samples: `[n, width]`, row-major.
  ///   - clusters: k, 1 … n.
  ///   - starts: how often it is begun anew.
  public init(_ samples: [Double], width: Int, clusters: Int, starts: Int = 4, seed: UInt64 = 0) {
    precondition(width > 0 && clusters >= 1 && clusters <= samples.count / width, "\(clusters) clusters")
    var random = Philox(seed: seed, stream: Philox.stream(named: "kmeans-\(clusters)"))
    var best = KMeans.descend(samples, width, KMeans.start(samples, width, clusters, &random))
    for _ in 1..<max(starts, 1) {
      let other = KMeans.descend(samples, width, KMeans.start(samples, width, clusters, &random))
      if other.inertia < best.inertia { best = other }
    }
    var numbers: [Int: Int] = [:]
    for label in best.labels where numbers[label] == nil { numbers[label] = numbers.count }
    labels = best.labels.map { numbers[$0]! }
    inertia = best.inertia
  }

  private static func distance(_ samples: [Double], _ sample: Int, _ means: [Double], _ mean: Int, _ width: Int) -> Double {
    var sum = 0.0
    for i in 0..<width {
      let difference = samples[sample * width + i] - means[mean * width + i]
      sum += difference * difference
    }
    return sum
  }

  /// Samples as first means, each drawn with the square of its distance to those before it.
  private static func start(_ samples: [Double], _ width: Int, _ clusters: Int, _ random: inout Philox) -> [Double] {
    let count = samples.count / width
    var chosen = Int(random.uniform() * Double(count))
    var means = Array(samples[chosen * width..<(chosen + 1) * width])
    var nearest = [Double](repeating: .infinity, count: count)
    while means.count < clusters * width {
      let last = means.count / width - 1
      for sample in 0..<count { nearest[sample] = min(nearest[sample], distance(samples, sample, means, last, width)) }
      var left = random.uniform() * nearest.reduce(0, +)
      chosen = count - 1
      for sample in 0..<count {
        left -= nearest[sample]
        if left < 0 {
          chosen = sample
          break
        }
      }
      means += samples[chosen * width..<(chosen + 1) * width]
    }
    return means
  }

  private static func descend(_ samples: [Double], _ width: Int, _ start: [Double]) -> (labels: [Int], inertia: Double) {
    let (count, clusters) = (samples.count / width, start.count / width)
    var (means, labels, inertia) = (start, [Int](repeating: -1, count: count), 0.0)
    for _ in 0..<mostRounds {
      var isSettled = true
      var farthest = (sample: 0, distance: -1.0)
      inertia = 0
      for sample in 0..<count {
        var best = (label: 0, distance: Double.infinity)
        for label in 0..<clusters {
          let distance = distance(samples, sample, means, label, width)
          if distance < best.distance { best = (label, distance) }
        }
        if labels[sample] != best.label { isSettled = false }
        labels[sample] = best.label
        inertia += best.distance
        if best.distance > farthest.distance { farthest = (sample, best.distance) }
      }
      if isSettled { break }
      var sizes = [Int](repeating: 0, count: clusters)
      means = [Double](repeating: 0, count: start.count)
      for (sample, label) in labels.enumerated() {
        sizes[label] += 1
        for i in 0..<width { means[label * width + i] += samples[sample * width + i] }
      }
      for label in 0..<clusters {
        for i in 0..<width {
          // A cluster that lost all its samples begins anew at the one that is farthest from its mean.
          means[label * width + i] =
            sizes[label] > 0 ? means[label * width + i] / Double(sizes[label]) : samples[farthest.sample * width + i]
        }
      }
    }
    return (labels, inertia)
  }
}
