import Analysis
import CLAPACK
import Tensors

/// The sum of a filter's distances from all filters of its layer, Σ_j' ‖F_j − F_j'‖: what lies next to the geometric median is
/// most easily replaced.
///
/// Source: Y. He, P. Liu, Z. Wang, Z. Hu, Y. Yang, "Filter pruning via geometric median", CVPR 2019, equation 8. Distances are
/// Euclidean, between weights without bias and batch norm; the paper prunes one share of every layer (`--scope layer`) while it
/// trains. Torch-Pruning 1.6.1 measures distances between squared weights instead, and its numbers differ.
public struct FPGMCriterion: WeightCriterion {
  public static let name = "fpgm"
  public static let summary = "Σ distances from the layer's other filters (He et al. 2019)"

  public init(_ parameters: inout ParameterList) throws {}

  public func scores(_ network: ScoredNetwork) -> FilterScores {
    network.scores { layer in
      let (count, width) = (layer.weights.shape[0], layer.weights.shape[1])
      // ‖a − b‖² = ‖a‖² + ‖b‖² − 2 a·b, of weights from whose mean they are counted, so that little cancels.
      var rows = layer.weights.elements.map(Double.init)
      for column in 0..<width {
        var mean = 0.0
        for row in 0..<count { mean += rows[row * width + column] }
        mean /= Double(max(count, 1))
        for row in 0..<count { rows[row * width + column] -= mean }
      }
      var products = [Double](repeating: 0, count: count * count)
      guard count > 0, width > 0 else { return products }
      openblas_set_num_threads(1)
      cblas_dsyrk(
        CblasRowMajor, CblasUpper, CblasNoTrans, blasint(count), blasint(width), 1, rows, blasint(width), 0, &products,
        blasint(count))
      return (0..<count).map { i in
        (0..<count).reduce(0) { sum, j in
          let square =
            products[i * count + i] + products[j * count + j] - 2 * products[min(i, j) * count + max(i, j)]
          return i == j ? sum : sum + max(square, 0).squareRoot()
        }
      }
    }
  }
}
