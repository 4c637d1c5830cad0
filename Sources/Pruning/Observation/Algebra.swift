import CLAPACK
import Tensors

/// Dense linear algebra in Double, row-major, on one thread: the same bits however many there are.
enum Algebra {
  /// Xᵀ X.
  ///
  /// - Parameters:
  ///   - rows: X, `[n, width]`.
  static func gram(_ rows: [Float], width: Int) -> [Double] {
    openblas_set_num_threads(1)
    var result = [Double](repeating: 0, count: width * width)
    guard width > 0 else { return result }
    let (count, run) = (rows.count / width, 1024)
    for first in stride(from: 0, to: count, by: run) {
      let length = min(run, count - first)
      let part = rows[first * width..<(first + length) * width].map(Double.init)
      cblas_dsyrk(
        CblasRowMajor, CblasUpper, CblasTrans, blasint(width), blasint(length), 1, part, blasint(width), 1, &result,
        blasint(width))
    }
    for i in 0..<width { for j in 0..<i { result[i * width + j] = result[j * width + i] } }
    return result
  }

  /// A B.
  ///
  /// - Parameters:
  ///   - a: `[n, k]`.
  ///   - b: `[k, m]`.
  static func product(_ a: [Double], _ b: [Double], _ n: Int, _ k: Int, _ m: Int) -> [Double] {
    openblas_set_num_threads(1)
    var result = [Double](repeating: 0, count: n * m)
    guard n > 0, k > 0, m > 0 else { return result }
    cblas_dgemm(
      CblasRowMajor, CblasNoTrans, CblasNoTrans, blasint(n), blasint(m), blasint(k), 1, a, blasint(k), b, blasint(m), 0, &result,
      blasint(m))
    return result
  }

  /// The solution of (G + λ I) X = B with λ = `ridge` · trace(G) / n: least squares by their normal equations.
  ///
  /// Where G is singular even so, λ grows tenfold until it is not.
  ///
  /// - Parameters:
  ///   - gram: G, `[n, n]`, symmetric and not negative.
  ///   - right: B, `[n, m]`.
  static func solve(_ gram: [Double], _ right: [Double], _ n: Int, _ m: Int, ridge: Double) -> [Double] {
    openblas_set_num_threads(1)
    let trace = (0..<n).reduce(0) { $0 + gram[$1 * n + $1] }
    guard n > 0, m > 0, trace > 0 else { return [Double](repeating: 0, count: n * m) }
    var share = ridge
    for _ in 0..<40 {
      var (matrix, solution) = (gram, right)
      for i in 0..<n { matrix[i * n + i] += share * trace / Double(n) }
      let status = LAPACKE_dposv(
        LAPACK_ROW_MAJOR, CChar(UInt8(ascii: "U")), Int32(n), Int32(m), &matrix, Int32(n), &solution, Int32(m))
      if status == 0, solution.allSatisfy(\.isFinite) { return solution }
      share = max(share * 10, 1e-14)
    }
    return [Double](repeating: 0, count: n * m)
  }

  /// Eigenvalues, rising, and eigenvectors, one a column of `[n, n]`, of a symmetric matrix.
  static func eigen(_ symmetric: [Double], _ n: Int) -> (values: [Double], vectors: [Double]) {
    openblas_set_num_threads(1)
    var (vectors, values) = (symmetric, [Double](repeating: 0, count: n))
    guard n > 0 else { return ([], []) }
    _ = LAPACKE_dsyevd(
      LAPACK_ROW_MAJOR, CChar(UInt8(ascii: "V")), CChar(UInt8(ascii: "U")), Int32(n), &vectors, Int32(n), &values)
    return (values, vectors)
  }
}
