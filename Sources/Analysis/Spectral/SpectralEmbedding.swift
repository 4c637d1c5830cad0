import CLAPACK
import Tensors

/// Samples in a few dimensions in which those that are alike lie together: the first step of spectral relevance analysis.
///
/// Euclidean distances, a graph of the nearest neighbours (each sample's k nearest, A := (A + Aᵀ) / 2), and the eigenvectors of
/// D^-½ A D^-½ with the greatest eigenvalues λ, whose rows are brought to length 1.
///
/// Source: Lapuschkin et al., "Unmasking Clever Hans predictors", Nature Communications 2019, as CoRelAy 1.0 computes it
/// (`SparseKNN`, `SymmetricNormalLaplacian`, `EigenDecomposition`). Deviations: the greatest λ, where CoRelAy takes those of
/// greatest magnitude, among which may be some near −1; dimensions stand by rising 1 − λ; every eigenvector's greatest element is
/// positive, so that signs are settled.
public struct SpectralEmbedding: Sendable {
  /// The positions of the samples, `[n, E]`, row-major; rows have length 1.
  public var positions: [Double]
  /// 1 − λ of every dimension, rising, in 0 … 2.
  public var eigenvalues: [Double]
  /// The number of dimensions, E.
  public var dimensions: Int { eigenvalues.count }

  /// Embeds samples.
  ///
  /// The result is the same however many threads there are. Takes 16 n² bytes.
  ///
  /// - Parameters:
  ///   - samples: `[n, width]`, row-major.
  ///   - neighbours: k; at most n − 1 are taken.
  ///   - dimensions: the greatest number of dimensions; at most n are made.
  /// - Throws: `EspalierError` for fewer than two samples, or numbers that are not finite.
  public init(_ samples: [Float], width: Int, neighbours: Int = 32, dimensions: Int = 32) throws {
    let count = width > 0 ? samples.count / width : 0
    guard count >= 2, width > 0 else { throw EspalierError("\(count) samples cannot be embedded", accepted: "two or more") }
    guard samples.allSatisfy(\.isFinite) else {
      throw EspalierError("a sample holds NaN or infinity", accepted: "finite numbers")
    }
    var matrix = SpectralEmbedding.products(samples, count, width)
    SpectralEmbedding.connect(&matrix, count, neighbours: min(neighbours, count - 1))
    let degrees = (0..<count).map { row in matrix[row * count..<(row + 1) * count].reduce(0, +) }
    for i in 0..<count { for j in 0..<count { matrix[i * count + j] /= (degrees[i] * degrees[j]).squareRoot() } }
    (eigenvalues, positions) = try SpectralEmbedding.greatest(matrix, count, min(dimensions, count))
    let width = eigenvalues.count
    for row in 0..<count {
      let length = positions[row * width..<(row + 1) * width].reduce(0) { $0 + $1 * $1 }.squareRoot()
      for position in row * width..<(row + 1) * width where length > 0 { positions[position] /= length }
    }
  }

  /// X Xᵀ, in Double.
  private static func products(_ samples: [Float], _ count: Int, _ width: Int) -> [Double] {
    openblas_set_num_threads(1)
    var result = [Double](repeating: 0, count: count * count)
    let run = max(1, (1 << 22) / count)
    for first in stride(from: 0, to: width, by: run) {
      let length = min(run, width - first)
      var part: [Double] = []
      part.reserveCapacity(count * length)
      for row in 0..<count { part += samples[row * width + first..<row * width + first + length].lazy.map(Double.init) }
      cblas_dsyrk(
        CblasRowMajor, CblasUpper, CblasNoTrans, blasint(count), blasint(length), 1, part, blasint(length), 1, &result,
        blasint(count))
    }
    for i in 0..<count { for j in 0..<i { result[i * count + j] = result[j * count + i] } }
    return result
  }

  /// Makes the graph of nearest neighbours out of the samples' products; of equally near ones the first counts.
  private static func connect(_ matrix: inout [Double], _ count: Int, neighbours: Int) {
    let squares = (0..<count).map { matrix[$0 * count + $0] }
    let nearest = (0..<count).map { row -> [Int] in
      let distances = (0..<count).map { squares[row] + squares[$0] - 2 * matrix[row * count + $0] }
      let others = (0..<count).filter { $0 != row }.sorted { (distances[$0], $0) < (distances[$1], $1) }
      return Array(others.prefix(neighbours))
    }
    for position in matrix.indices { matrix[position] = 0 }
    for (row, others) in nearest.enumerated() {
      for other in others {
        matrix[row * count + other] += 0.5
        matrix[other * count + row] += 0.5
      }
    }
  }

  /// The eigenvectors `[n, number]` with the greatest eigenvalues λ, and 1 − λ.
  private static func greatest(_ symmetric: [Double], _ count: Int, _ number: Int) throws -> ([Double], [Double]) {
    openblas_set_num_threads(1)
    var (matrix, values) = (symmetric, [Double](repeating: 0, count: count))
    var vectors = [Double](repeating: 0, count: count * number)
    var support = [Int32](repeating: 0, count: 2 * number)
    var found: Int32 = 0
    let status = LAPACKE_dsyevr(
      LAPACK_ROW_MAJOR, CChar(UInt8(ascii: "V")), CChar(UInt8(ascii: "I")), CChar(UInt8(ascii: "U")), Int32(count), &matrix,
      Int32(count), 0, 0, Int32(count - number + 1), Int32(count), 0, &found, &values, &vectors, Int32(number), &support)
    guard status == 0, found == number else {
      throw EspalierError("the graph of neighbours has no eigenvectors (LAPACK \(status))")
    }
    var ordered = [Double](repeating: 0, count: count * number)
    for column in 0..<number {
      let source = number - 1 - column
      var greatest = 0
      for row in 1..<count where abs(vectors[row * number + source]) > abs(vectors[greatest * number + source]) { greatest = row }
      let sign: Double = vectors[greatest * number + source] < 0 ? -1 : 1
      for row in 0..<count { ordered[row * number + column] = sign * vectors[row * number + source] }
    }
    return ((0..<number).map { 1 - values[number - 1 - $0] }, ordered)
  }
}
