import Networks
import Tensors

/// Gives the layers behind pruned ones other weights, so that they make what they made before from the channels that are left.
///
/// What a layer sees is drawn from the network as it was, `positions` positions an image; its outputs there are known exactly.
/// Scales fits one factor an input channel, kernels all weights, by least squares in Double; biases stay. Both start from the
/// weights after surgery and are held there by a ridge, λ ‖change‖² with λ = `ridge` · the mean square of an input, so that the
/// error on what was drawn cannot grow. Every fifth image is held out, to tell what came of it.
///
/// Sources: scales, J.-H. Luo, J. Wu, W. Lin, "ThiNet", ICCV 2017, equation 7, with all filters of the layer where the paper
/// draws one a position; kernels, A. Alqahtani, X. Xie, M. W. Jones, E. Essa, "Pruning CNN filters via quantifying the importance
/// of deep visual representations", CVIU 2021, of which the abstract could be read, and the reuse of A. Polyak, L. Wolf,
/// "Channel-level acceleration of deep face representations", IEEE Access 2015.
public struct Reconstruction: Sendable, Hashable {
  /// What is fitted.
  public enum Mode: String, CaseIterable, Hashable, Sendable {
    /// Nothing.
    case none
    /// One factor an input channel.
    case scales
    /// Every weight.
    case kernels
  }

  /// How well a layer makes what it made before: ‖y − ŷ‖ / ‖y‖, biases left out, before and after the fit.
  public struct Layer: Sendable, Hashable, Codable {
    /// The layer's name.
    public var name: String
    /// The rows that were fitted, and those that were held out.
    public var rows: Int, heldOut: Int
    /// On the rows that were fitted.
    public var before: Double, after: Double
    /// On the rows that were held out; nil if there are none.
    public var heldOutBefore: Double?, heldOutAfter: Double?
  }

  /// What is fitted.
  public var mode: Mode
  /// The positions an image.
  public var positions: Int
  /// The ridge, in parts of the mean square of an input.
  public var ridge: Double
  /// The seed of the positions.
  public var seed: UInt64

  /// Makes a reconstruction.
  public init(_ mode: Mode, positions: Int = 10, ridge: Double = 1e-6, seed: UInt64 = 0) {
    self.mode = mode
    self.positions = positions
    self.ridge = ridge
    self.seed = seed
  }

  /// The most inputs of a filter, taps with them, that are fitted: the matrix of their products takes room.
  static let mostInputs = 8192
  /// The most floats that are drawn at a time.
  static let mostFloats = 1 << 27

  /// Fits the layers of a pruned network that have lost inputs.
  ///
  /// - Parameters:
  ///   - pruned: the network after surgery.
  ///   - network: the network as it was.
  ///   - removed: the classes that went.
  /// - Returns: the network with other weights, and the layers that were fitted; transposed convolutions, those with more than
  ///   8,192 inputs a filter and those that share their weights stay.
  /// - Throws: `EspalierError` if images cannot be read or the network cannot be run.
  public func fit(_ pruned: Graph, _ network: ScoredNetwork, without removed: Set<Int>, on images: CriterionImages) throws
    -> (graph: Graph, layers: [Layer])
  {
    guard mode != .none else { return (pruned, []) }
    let map = network.groups.map
    var fits: [Fit] = []
    for layer in network.layers {
      guard let channels = map.linear.first(where: { $0.node == layer.node.id }), !channels.losesGroups,
        channels.inputs.contains(where: removed.contains), let geometry = try PatchGeometry(layer.node, map),
        geometry.channels == channels.inputs.count,
        geometry.channels / max(channels.group, 1) * geometry.taps <= Reconstruction.mostInputs,
        let node = pruned.node(id: layer.node.id),
        let fit = Fit(layer, channels, geometry, removed, node, pruned)
      else { continue }
      fits.append(fit)
    }
    var editor = GraphEditor(pruned)
    var results: [Layer] = []
    var next = 0
    while next < fits.count {
      var end = next + 1
      func floats(_ fit: Fit) -> Int { min(positions, fit.geometry.positions) * images.count * fit.width }
      var sum = floats(fits[next])
      while end < fits.count, sum + floats(fits[end]) <= Reconstruction.mostFloats {
        sum += floats(fits[end])
        end += 1
      }
      let part = Array(fits[next..<end])
      let rows = try draw(part, map, images, every: max(1, (sum + Reconstruction.mostFloats - 1) / Reconstruction.mostFloats))
      for (fit, rows) in zip(part, rows) {
        let (weights, result) = fit.solve(self, rows)
        if editor.setFilters(weights, of: fit.node, in: pruned) { results.append(result) }
      }
      next = end
    }
    return (try editor.graph(), results)
  }

  /// What layers see at positions of images, those to be fitted and those held out; of every so many images one.
  private func draw(_ fits: [Fit], _ map: ChannelMap, _ images: CriterionImages, every: Int) throws
    -> [(fitted: [Float], heldOut: [Float])]
  {
    let order = Dictionary(uniqueKeysWithValues: fits.enumerated().map { ($1.node.id, $0) })
    let geometries = fits.map(\.geometry)
    let seeds = fits.map { seed ^ Philox.stream(named: "reconstruction \($0.name)") }
    let empty = [(fitted: [Float], heldOut: [Float])](repeating: ([], []), count: fits.count)
    let positions = positions
    return try LayerPass(map, images, layers: Set(order.keys)).reduce(
      { empty },
      observe: { state, view, shard in
        guard let position = order[view.node] else { return }
        let size = view.input.count / max(view.input.shape[0], 1)
        for (row, turn) in view.turns {
          let index = shard.indices[view.images[row]]
          guard index % every == 0 else { continue }
          var random = Philox(seed: seeds[position] ^ turn, stream: UInt64(bitPattern: Int64(index)))
          let image = view.input.elements[row * size..<(row + 1) * size]
          let isHeldOut = index / every % 5 == 4
          for choice in sampled(positions, below: geometries[position].positions, using: &random) {
            if isHeldOut {
              geometries[position].append(image, at: choice, to: &state[position].heldOut)
            } else {
              geometries[position].append(image, at: choice, to: &state[position].fitted)
            }
          }
        }
      },
      merge: { state, later in
        for position in state.indices {
          state[position].fitted += later[position].fitted
          state[position].heldOut += later[position].heldOut
        }
      })
  }

  /// A layer that is fitted.
  private struct Fit: Sendable {
    var name: String
    /// The node in the pruned network.
    var node: Node
    var geometry: PatchGeometry
    var groups: Int
    /// The inputs of a filter with its taps, before.
    var inputs: Int
    /// For each group: the columns that stay, tap by tap, among those of the group before; and the filters that stay.
    var columns: [[Int]], filters: [[Int]]
    /// The weights before, `[filters, inputs]`, and after surgery, of the filters and inputs that stay.
    var before: Tensor<Float>, after: Tensor<Float>
    /// What the bias lost in surgery, one number a filter that stays.
    var shift: [Double]
    var factor: Double

    var width: Int { geometry.channels * geometry.taps }

    init?(
      _ layer: ScoredNetwork.Layer, _ channels: LinearChannels, _ geometry: PatchGeometry, _ removed: Set<Int>, _ node: Node,
      _ pruned: Graph
    ) {
      let kept = channels.outputs.indices.filter { !removed.contains(channels.outputs[$0]) }
      let left = channels.inputs.indices.filter { !removed.contains(channels.inputs[$0]) }
      guard let after = pruned.filters(of: node, count: kept.count), !left.isEmpty else { return nil }
      name = layer.name
      self.node = node
      self.geometry = geometry
      groups = max(channels.group, 1)
      let (perGroup, filtersPerGroup) = (geometry.channels / groups, channels.outputs.count / groups)
      inputs = perGroup * geometry.taps
      let taps = geometry.taps
      columns = (0..<groups).map { group in
        left.filter { $0 / perGroup == group }.flatMap { position in (0..<taps).map { position % perGroup * taps + $0 } }
      }
      filters = (0..<groups).map { group in kept.filter { $0 / filtersPerGroup == group } }
      guard after.count == zip(columns, filters).reduce(0, { $0 + $1.0.count * $1.1.count }) else { return nil }
      before = layer.weights
      self.after = after
      func bias(_ node: Node, _ graph: Graph, _ positions: [Int]) -> [Double] {
        let tensor = graph.position(of: .bias, in: node).flatMap { node.inputs[$0] }.flatMap { graph.constants[$0]?.floats }
        return positions.map { position in tensor.map { Double($0.elements[$0.count == 1 ? 0 : position]) } ?? 0 }
      }
      let old = (layer.bias ?? [Float](repeating: 0, count: channels.outputs.count)).map(Double.init)
      let new = bias(node, pruned, Array(kept.indices))
      factor = Double((node.op as? Op.Gemm)?.alpha ?? 1)
      let beta = Double((node.op as? Op.Gemm)?.beta ?? 1)
      let scale = factor
      shift = kept.enumerated().map { beta * (old[$1] - new[$0]) / (scale == 0 ? 1 : scale) }
    }

    func solve(_ settings: Reconstruction, _ rows: (fitted: [Float], heldOut: [Float])) -> (Tensor<Float>, Layer) {
      var weights = after
      // Squared sums of outputs and errors: fitted before, after; held out before, after.
      var (outputs, errors) = ([0.0, 0.0], [0.0, 0.0, 0.0, 0.0])
      var start = 0
      for group in 0..<groups {
        let (columns, filters) = (columns[group], filters[group])
        let (n, m, d) = (columns.count, filters.count, inputs + 1)
        // What makes the outputs as they were, and what does now, [m, d]; the last column is a constant.
        var (target, now) = ([Double](repeating: 0, count: m * d), [Double](repeating: 0, count: m * d))
        let first = filters.isEmpty ? 0 : self.filters[0..<group].reduce(0) { $0 + $1.count }
        for (row, filter) in filters.enumerated() {
          for k in 0..<inputs { target[row * d + k] = Double(before.elements[filter * inputs + k]) }
          target[row * d + inputs] = shift[first + row]
          for (k, column) in columns.enumerated() { now[row * d + column] = Double(after.elements[start + row * n + k]) }
        }
        let gram = Algebra.gram(extended(rows.fitted, group), width: d)
        let held = Algebra.gram(extended(rows.heldOut, group), width: d)
        let missing = zip(target, now).map { $0 - $1 }
        let pull = Algebra.product(missing, gram, m, d, d)
        var solved = now
        switch settings.mode {
        case .none: break
        case .kernels:
          let own = columns.flatMap { i in columns.map { gram[i * d + $0] } }
          let right = columns.flatMap { i in (0..<m).map { pull[$0 * d + i] } }
          let change = Algebra.solve(own, right, n, m, ridge: settings.ridge)
          for row in 0..<m { for (k, column) in columns.enumerated() { solved[row * d + column] += change[k * m + row] } }
        case .scales:
          let taps = geometry.taps
          let channels = n / max(taps, 1)
          let transposed = (0..<d * m).map { now[$0 % m * d + $0 / m] }
          let products = Algebra.product(transposed, now, d, m, d)
          var (own, right) = ([Double](repeating: 0, count: channels * channels), [Double](repeating: 0, count: channels))
          for a in 0..<channels {
            for t in 0..<taps {
              let i = columns[a * taps + t]
              for row in 0..<m { right[a] += now[row * d + i] * pull[row * d + i] }
              for (k, j) in columns.enumerated() { own[a * channels + k / taps] += products[i * d + j] * gram[i * d + j] }
            }
          }
          let change = Algebra.solve(own, right, channels, 1, ridge: settings.ridge)
          for row in 0..<m { for (k, column) in columns.enumerated() { solved[row * d + column] *= 1 + change[k / taps] } }
        }
        // As the network holds it.
        for row in 0..<m {
          for (k, column) in columns.enumerated() {
            weights.elements[start + row * n + k] = Float(solved[row * d + column])
            solved[row * d + column] = Double(weights.elements[start + row * n + k])
          }
        }
        // Without the constant: the size of what the weights make.
        let plain = (0..<m * d).map { $0 % d == inputs ? 0 : target[$0] }
        outputs[0] += energy(plain, gram, m, d)
        outputs[1] += energy(plain, held, m, d)
        let left = zip(target, solved).map { $0 - $1 }
        for (position, (difference, products)) in [(missing, gram), (left, gram), (missing, held), (left, held)].enumerated() {
          errors[position] += energy(difference, products, m, d)
        }
        start += n * m
      }
      func share(_ error: Double, _ whole: Double) -> Double { whole > 0 ? max(error / whole, 0).squareRoot() : 0 }
      let result = Layer(
        name: name, rows: rows.fitted.count / max(width, 1), heldOut: rows.heldOut.count / max(width, 1),
        before: share(errors[0], outputs[0]), after: share(errors[1], outputs[0]),
        heldOutBefore: rows.heldOut.isEmpty ? nil : share(errors[2], outputs[1]),
        heldOutAfter: rows.heldOut.isEmpty ? nil : share(errors[3], outputs[1]))
      return (weights, result)
    }

    /// The columns of a group, and a column of ones.
    private func extended(_ rows: [Float], _ group: Int) -> [Float] {
      var result: [Float] = []
      result.reserveCapacity(rows.count / max(width, 1) * (inputs + 1))
      for start in stride(from: 0, to: rows.count, by: max(width, 1)) {
        result += rows[start + group * inputs..<start + (group + 1) * inputs]
        result.append(1)
      }
      return result
    }

    /// Σ over rows of ‖X wᵀ‖².
    private func energy(_ weights: [Double], _ gram: [Double], _ m: Int, _ d: Int) -> Double {
      let products = Algebra.product(weights, gram, m, d, d)
      return zip(weights, products).reduce(0) { $0 + $1.0 * $1.1 }
    }
  }
}
