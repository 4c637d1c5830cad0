/// Positions of an image that are filled in as the weighted means of their neighbours.
///
/// The system `Σ w (x − neighbour) = 0` over the neighbours inside the image has a symmetric, positive definite matrix as long as
/// one position is known; it is solved by conjugate gradients with the diagonal as preconditioner.
public struct LinearImputation {
  /// The positions that are filled in.
  public let removed: [Int]
  private let height: Int
  private let width: Int
  /// From a position to its number among the removed ones; −1 for a known one.
  private let numbers: [Int]
  private let diagonal: [Double]

  private static let neighbours: [(row: Int, column: Int, weight: Double)] = [
    (1, 1, 1.0 / 12), (0, 1, 1.0 / 6), (-1, 1, 1.0 / 12), (1, -1, 1.0 / 12), (0, -1, 1.0 / 6), (-1, -1, 1.0 / 12),
    (1, 0, 1.0 / 6),
    (-1, 0, 1.0 / 6),
  ]

  /// Prepares the system.
  ///
  /// - Parameter removed: positions, row by row numbers, each once.
  public init(_ removed: [Int], height: Int, width: Int) {
    self.removed = removed
    self.height = height
    self.width = width
    var numbers = [Int](repeating: -1, count: height * width)
    for (number, position) in removed.enumerated() { numbers[position] = number }
    self.numbers = numbers
    diagonal = removed.map { position in
      LinearImputation.neighbours.reduce(0) { sum, neighbour in
        let (y, x) = (position / width + neighbour.row, position % width + neighbour.column)
        return sum + (0..<height ~= y && 0..<width ~= x ? neighbour.weight : 0)
      }
    }
  }

  /// The numbers of the removed positions; zeros where no position is known.
  ///
  /// - Parameter plane: the image's numbers in one channel.
  public func filled(_ plane: [Double]) -> [Double] {
    var right = [Double](repeating: 0, count: removed.count)
    forEachNeighbour { number, position, weight in if numbers[position] < 0 { right[number] += weight * plane[position] } }
    var x = [Double](repeating: 0, count: removed.count)
    guard removed.count < height * width else { return x }
    var residual = right
    var scaled = zip(residual, diagonal).map { $1 > 0 ? $0 / $1 : 0 }
    var direction = scaled
    var product = dot(residual, scaled)
    let wanted = 1e-24 * max(product, .leastNormalMagnitude)
    for _ in 0..<max(10 * removed.count, 100) where product > wanted {
      let image = image(direction)
      let step = product / dot(direction, image)
      for i in x.indices {
        x[i] += step * direction[i]
        residual[i] -= step * image[i]
      }
      scaled = zip(residual, diagonal).map { $1 > 0 ? $0 / $1 : 0 }
      let next = dot(residual, scaled)
      let share = next / product
      for i in direction.indices { direction[i] = scaled[i] + share * direction[i] }
      product = next
    }
    return x
  }

  private func image(_ x: [Double]) -> [Double] {
    var result = zip(diagonal, x).map { $0 * $1 }
    forEachNeighbour { number, position, weight in
      let other = numbers[position]
      if other >= 0 { result[number] -= weight * x[other] }
    }
    return result
  }

  private func dot(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }

  private func forEachNeighbour(_ body: (_ number: Int, _ position: Int, _ weight: Double) -> Void) {
    for (number, position) in removed.enumerated() {
      let (row, column) = (position / width, position % width)
      for neighbour in LinearImputation.neighbours {
        let (y, x) = (row + neighbour.row, column + neighbour.column)
        if y >= 0, y < height, x >= 0, x < width { body(number, y * width + x, neighbour.weight) }
      }
    }
  }
}
