import Tensors

/// A line along which relevance has one value, in pieces.
public struct Contour: Hashable, Sendable {
  /// The value, in parts of the end of the scale; below zero for negative relevance.
  public var share: Double
  /// The pieces from one point to another, in parts of the width and height of the map.
  public var pieces: [Piece]

  /// A straight piece.
  public struct Piece: Hashable, Sendable {
    /// Its ends.
    public var start, end: Point
  }
}

extension Heatmap {
  /// The lines along which |R| is some shares of the greatest of the scale, of positive and of negative relevance.
  ///
  /// Source: marching squares (W. Lorensen, H. Cline, "Marching cubes", SIGGRAPH 1987, in two dimensions): values lie in the middle of
  /// pixels, are linear between neighbours, and where a square's corners are high crosswise, the mean of the four decides. Lines end
  /// at the outermost middles. NaN counts as zero, an infinity as the end of the scale.
  ///
  /// - Parameter shares: of the scale, above 0 and at most 1.
  public func contours(at shares: [Double] = [0.25, 0.5, 0.75]) -> [Contour] {
    let most = largestMagnitude
    guard most > 0 else { return [] }
    let values = relevance.elements.map { $0.isNaN ? 0 : min(most, max(-most, Double($0))) }
    return shares.flatMap { share in
      [1.0, -1].compactMap { sign in
        let pieces = pieces(of: values.map { sign * $0 }, at: share * most)
        return pieces.isEmpty ? nil : Contour(share: sign * share, pieces: pieces)
      }
    }
  }

  private func pieces(of values: [Double], at level: Double) -> [Contour.Piece] {
    var pieces: [Contour.Piece] = []
    for row in 0..<max(0, height - 1) {
      for column in 0..<max(0, width - 1) {
        // Clockwise from the upper left.
        let corners = [(0, 0), (1, 0), (1, 1), (0, 1)].map { (x: column + $0.0, y: row + $0.1) }
        let heights = corners.map { values[$0.y * width + $0.x] - level }
        let isAbove = heights.map { $0 > 0 }
        guard isAbove.contains(true), isAbove.contains(false) else { continue }
        /// Where the line crosses the side from a corner to the next.
        func crossing(_ side: Int) -> Point {
          let (a, b) = (side, (side + 1) % 4)
          let t = heights[a] / (heights[a] - heights[b])
          let x = Double(corners[a].x) + t * Double(corners[b].x - corners[a].x)
          let y = Double(corners[a].y) + t * Double(corners[b].y - corners[a].y)
          return Point((x + 0.5) / Double(width), (y + 0.5) / Double(height))
        }
        let sides = (0..<4).filter { isAbove[$0] != isAbove[($0 + 1) % 4] }
        if sides.count == 2 {
          pieces.append(.init(start: crossing(sides[0]), end: crossing(sides[1])))
        } else {
          // Around the corners that the middle is not like: those at even places, or at odd ones.
          let isMiddleAbove = heights.reduce(0, +) > 0
          let cut = isAbove[0] == isMiddleAbove ? [(0, 1), (2, 3)] : [(3, 0), (1, 2)]
          for (first, second) in cut { pieces.append(.init(start: crossing(first), end: crossing(second))) }
        }
      }
    }
    return pieces
  }
}
