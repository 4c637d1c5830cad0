import Analysis
import CLAPACK
import Networks
import Tensors

/// Optimal brain damage of a filter, Σ_k ½ h_kk w_k² over its weights.
///
/// `form=propagated`: second derivatives of the cross-entropy are propagated back without the f'' terms, as the paper does; at
/// the outputs p (1 − p), the diagonal for a softmax, where the paper has a squared error. h_kk = mean over images of
/// Σ over the weight's uses of h_output · x². Labels do not matter. `form=fisher`: the diagonal of the empirical Fisher matrix,
/// h_kk = mean over images of (∂L_n/∂w_k)², with the labels that the images have; it passes through every operator.
///
/// Source: Y. LeCun, J. S. Denker, S. A. Solla, "Optimal brain damage", NIPS 1989, equations 5 to 8, for weights. Ours: the sum
/// over a filter's weights. Biases and batch norms are left out; transposed convolutions have no score.
public struct OBDCriterion: DataCriterion {
  public static let name = "obd"
  public static let summary =
    "Σ ½ h w² of a filter, h the second derivative by back-propagation or the mean squared gradient, form=propagated|fisher (LeCun et al. 1989)"

  private enum Form: String, CaseIterable { case propagated, fisher }
  private let form: Form

  public init(_ parameters: inout ParameterList) throws { form = try parameters.choice("form", default: .propagated) }

  public var isOfLoss: Bool { form == .fisher }

  fileprivate struct Scored: Sendable {
    var channels: LinearChannels
    var squares: [Float]
    var geometry: PatchGeometry
    var filters: Int
  }

  public func scores(_ network: ScoredNetwork, _ images: CriterionImages) throws -> FilterScores {
    let map = network.groups.map
    var found: [Int: Scored] = [:]
    for layer in network.layers {
      guard let channels = map.linear.first(where: { $0.node == layer.node.id }),
        let geometry = try PatchGeometry(layer.node, map)
      else { continue }
      found[layer.node.id] = Scored(
        channels: channels, squares: layer.weights.elements.map { $0 * $0 }, geometry: geometry, filters: layer.weights.shape[0])
    }
    let layers = found
    let isFisher = form == .fisher
    let fresh = found.mapValues { [Double](repeating: 0, count: $0.filters) }
    let sums = try LayerPass(map, images, isFisher ? .loss : .curvature, layers: Set(found.keys)).reduce(
      { fresh },
      observe: { state, view, _ in
        guard let layer = layers[view.node], let gradient = view.outputGradient else { return }
        let count = max(view.input.shape[0], 1)
        let (size, outputs) = (view.input.count / count, gradient.count / count)
        for rows in view.rowsOfImages {
          layer.add(
            rows.map { view.input.elements[$0 * size..<($0 + 1) * size] },
            rows.map { gradient.elements[$0 * outputs..<($0 + 1) * outputs] }, isFisher: isFisher, to: &state[view.node]!)
        }
      }, merge: { state, later in for (node, values) in later { for i in values.indices { state[node]![i] += values[i] } } })
    var scores: [String: [Double]] = [:]
    for layer in network.layers {
      scores[layer.name] = sums[layer.node.id]?.map { $0 / 2 / Double(max(images.count, 1)) }
    }
    return FilterScores(scores)
  }
}

extension OBDCriterion.Scored {
  /// Adds Σ w² h of one image, of one row or several, to every filter.
  ///
  /// h is δ times the square of what each output saw; or, for the Fisher matrix, the square
  /// of the image's gradient of the weight, δ times what each output saw.
  fileprivate func add(_ rows: [ArraySlice<Float>], _ gradients: [ArraySlice<Float>], isFisher: Bool, to sums: inout [Double]) {
    openblas_set_num_threads(1)
    let groups = max(channels.group, 1)
    let (taps, area) = (geometry.taps, geometry.positions)
    let positions = area * rows.count
    // The gradients of a filter at the positions of all rows, side by side.
    var delta = Array(gradients[0])
    if rows.count > 1 {
      delta = (0..<filters).flatMap { filter in
        gradients.flatMap { $0[$0.startIndex + filter * area..<$0.startIndex + (filter + 1) * area] }
      }
    }
    let (width, perGroup) = (geometry.channels / groups * taps, filters / groups)
    var seen: [Float] = []
    seen.reserveCapacity(positions * geometry.channels * taps)
    for row in rows { for position in 0..<area { geometry.append(row, at: position, to: &seen) } }
    if !isFisher { for i in seen.indices { seen[i] *= seen[i] } }
    var gradient = [Float](repeating: 0, count: perGroup * width)
    let all = geometry.channels * taps
    for group in 0..<groups {
      seen.withUnsafeBufferPointer { seen in
        delta.withUnsafeBufferPointer { delta in
          cblas_sgemm(
            CblasRowMajor, CblasNoTrans, CblasNoTrans, blasint(perGroup), blasint(width), blasint(positions), 1,
            delta.baseAddress! + group * perGroup * positions, blasint(positions), seen.baseAddress! + group * width,
            blasint(all), 0,
            &gradient, blasint(width))
        }
      }
      for filter in 0..<perGroup {
        var sum = 0.0
        for k in 0..<width {
          let g = Double(gradient[filter * width + k])
          sum += Double(squares[(group * perGroup + filter) * width + k]) * (isFisher ? g * g : g)
        }
        sums[group * perGroup + filter] += sum
      }
    }
  }
}
