import Analysis
import Foundation
import Tensors

/// Divnet: a set of filters as diverse as can be, by a determinantal point process, with fusion of the others into them.
///
/// L_ij = exp(−β ‖v_i − v_j‖²) + ε [i = j], with v_i a filter's activations over images, where the next layer reads them, at
/// `positions` (10) positions an image; β = `beta` (10) over the number of rows, ε = `epsilon` (0.01). `method=greedy` takes
/// filters one by one, each with which log det L_Y grows most; `method=sample` draws a k-DPP, k = `keep` (0.5) of the filters,
/// seeded, and ranks what it drew above the rest, both by the greedy order. A filter's score is its position, as a share of its
/// group. The fusion (``fusion(of:_:_:)``) writes every v_i that goes as a combination of those that stay, by least squares with
/// a ridge, and adds as much of its outgoing weights to theirs.
///
/// Source: Z. Mariet, S. Sra, "Diversity networks", ICLR 2016, sections 2 and 3; its constants are from memory of the paper.
/// Ours: the greedy choice; positions of feature maps, where the paper has linear layers; the ridge, 10⁻⁶ of the mean square.
public struct DivNetCriterion: DataCriterion, FusingCriterion {
  public static let name = "divnet"
  public static let summary =
    "rank in a determinantal point process, method=greedy|sample, keep=SHARE, positions=N, seed=N, fuse=yes|no (Mariet and Sra 2016)"
  public static let isComparable = true

  private enum Method: String, CaseIterable { case greedy, sample }
  private let method: Method
  private let keep: Double
  private let beta: Double, epsilon: Double
  private let positions: Int
  private let seed: UInt64
  private let fuse: Fuse

  public init(_ parameters: inout ParameterList) throws {
    method = try parameters.choice("method", default: .greedy)
    keep = try parameters.number("keep", default: 0.5, in: 0...1)
    beta = try parameters.number("beta", default: 10, in: 0 ... .greatestFiniteMagnitude)
    epsilon = try parameters.number("epsilon", default: 0.01, in: 1e-9...1)
    positions = try parameters.integer("positions", default: 10, in: 1...100_000)
    seed = try parameters.seed()
    fuse = try parameters.choice("fuse", default: .yes)
  }

  public func scores(_ network: ScoredNetwork, _ images: CriterionImages) throws -> FilterScores {
    let samples = try ClassSamples(network, images, .activation, positions: positions, seed: seed)
    var scores: [Int: Double] = [:]
    for group in network.groups.removable where samples.rows[group.id] != nil {
      let count = group.channels.count
      let process = DeterminantalProcess(kernel(samples.gram(of: group), count, rows: samples.count(of: group)), count)
      var order = process.greedy()
      if method == .sample {
        var random = Philox(seed: seed, stream: Philox.stream(named: "divnet \(group.name)"))
        let drawn = Set(process.sample(max(1, Int((keep * Double(count)).rounded())), using: &random))
        order = order.filter(drawn.contains) + order.filter { !drawn.contains($0) }
      }
      for (position, channel) in order.enumerated() {
        scores[group.channels[channel].id] = Double(count - position) / Double(count)
      }
    }
    return FilterScores(ofClasses: scores, in: network.groups)
  }

  private func kernel(_ gram: [Double], _ count: Int, rows: Int) -> [Double] {
    (0..<count * count).map { position in
      let (i, j) = (position / count, position % count)
      let square = gram[i * count + i] + gram[j * count + j] - 2 * gram[position]
      return exp(-beta / Double(max(rows, 1)) * max(square, 0)) + (i == j ? epsilon : 0)
    }
  }

  public func fusion(of removed: Set<Int>, _ network: ScoredNetwork, _ images: CriterionImages?) throws -> ChannelFusion {
    var fusion = ChannelFusion()
    guard fuse == .yes, let images else { return fusion }
    let samples = try ClassSamples(network, images, .activation, positions: positions, seed: seed)
    for group in network.groups.removable where samples.rows[group.id] != nil {
      let count = group.channels.count
      let gone = (0..<count).filter { removed.contains(group.channels[$0].id) }
      let left = (0..<count).filter { !removed.contains(group.channels[$0].id) }
      guard !gone.isEmpty, !left.isEmpty else { continue }
      let gram = samples.gram(of: group)
      let own = left.flatMap { i in left.map { gram[i * count + $0] } }
      let right = left.flatMap { i in gone.map { gram[i * count + $0] } }
      let factors = Algebra.solve(own, right, left.count, gone.count, ridge: 1e-6)
      for (k, i) in gone.enumerated() {
        fusion.shares[group.channels[i].id] = left.enumerated().map { position, j in
          (group.channels[j].id, factors[position * gone.count + k])
        }
      }
    }
    return fusion
  }
}

/// A determinantal point process: sets Y are drawn with probability proportional to det L_Y.
struct DeterminantalProcess {
  /// L, `[count, count]`, symmetric and positive.
  let kernel: [Double]
  let count: Int

  init(_ kernel: [Double], _ count: Int) { (self.kernel, self.count) = (kernel, count) }

  /// All items, each the one with which log det L_Y of those up to it is greatest.
  ///
  /// Source: L. Chen, G. Zhang, E. Zhou, "Fast greedy MAP inference for determinantal point process", NeurIPS 2018: a Cholesky
  /// factor that grows row by row.
  func greedy() -> [Int] {
    var rest = (0..<count).map { kernel[$0 * count + $0] }
    var rows = [[Double]](repeating: [], count: count)
    var isLeft = [Bool](repeating: true, count: count)
    var order: [Int] = []
    while order.count < count {
      var best: Int?
      for i in 0..<count where isLeft[i] && (best.map { rest[i] > rest[$0] } ?? true) { best = i }
      guard let j = best else { break }
      order.append(j)
      isLeft[j] = false
      let root = max(rest[j], .leastNormalMagnitude).squareRoot()
      for i in 0..<count where isLeft[i] {
        let product = zip(rows[i], rows[j]).reduce(0) { $0 + $1.0 * $1.1 }
        let entry = (kernel[j * count + i] - product) / root
        rows[i].append(entry)
        rest[i] -= entry * entry
      }
    }
    return order
  }

  /// A set of k items, rising.
  ///
  /// Source: A. Kulesza, B. Taskar, "k-DPPs: fixed-size determinantal point processes", ICML 2011, algorithms 1 and 8.
  func sample(_ k: Int, using random: inout Philox) -> [Int] {
    let k = min(k, count)
    let (values, vectors) = Algebra.eigen(kernel, count)
    // Logarithms of the elementary symmetric polynomials e_l of the first n eigenvalues.
    let eigenvalues = values.map { max($0, 0) }
    var logs = [[Double]](repeating: [Double](repeating: 0, count: count + 1), count: k + 1)
    for l in stride(from: 1, through: k, by: 1) {
      logs[l][0] = -.infinity
      for n in 1...max(count, 1) where n <= count {
        let (a, b) = (logs[l][n - 1], logs[l - 1][n - 1] + log(eigenvalues[n - 1]))
        let top = max(a, b)
        logs[l][n] = top == -.infinity ? top : top + log(exp(a - top) + exp(b - top))
      }
    }
    var chosen: [Int] = []
    var left = k
    for n in stride(from: count, through: 1, by: -1) where left > 0 {
      let share = n <= left ? 1 : exp(logs[left - 1][n - 1] + log(eigenvalues[n - 1]) - logs[left][n])
      if random.uniform() < share {
        chosen.append(n - 1)
        left -= 1
      }
    }
    var basis = chosen.map { column in (0..<count).map { vectors[$0 * count + column] } }
    var items: [Int] = []
    while !basis.isEmpty {
      let weights = (0..<count).map { i in items.contains(i) ? 0 : basis.reduce(0) { $0 + $1[i] * $1[i] } }
      var threshold = random.uniform() * weights.reduce(0, +)
      var item = weights.lastIndex { $0 > 0 } ?? 0
      for (i, weight) in weights.enumerated() where weight > 0 {
        threshold -= weight
        if threshold < 0 {
          item = i
          break
        }
      }
      items.append(item)
      // The rest of the span has nothing at the item.
      let pivot = basis.indices.max { abs(basis[$0][item]) < abs(basis[$1][item]) } ?? 0
      let gone = basis.remove(at: pivot)
      for b in basis.indices {
        let factor = basis[b][item] / gone[item]
        for i in 0..<count { basis[b][i] -= factor * gone[i] }
      }
      orthonormalise(&basis)
    }
    return items.sorted()
  }

  private func orthonormalise(_ basis: inout [[Double]]) {
    for b in basis.indices {
      for _ in 0..<2 {
        for a in 0..<b {
          let product = zip(basis[a], basis[b]).reduce(0) { $0 + $1.0 * $1.1 }
          for i in 0..<count { basis[b][i] -= product * basis[a][i] }
        }
      }
      let norm = basis[b].reduce(0) { $0 + $1 * $1 }.squareRoot()
      for i in 0..<count { basis[b][i] /= max(norm, .leastNormalMagnitude) }
    }
  }
}
