import Foundation
import Plotting
import TestSupport
import Tensors
import Testing

@Suite struct ContourTests {
  private func map(_ width: Int, _ height: Int, _ value: (Double, Double) -> Double) throws -> Heatmap {
    let elements = (0..<width * height).map { Float(value(Double($0 % width), Double($0 / width))) }
    return try Heatmap(Tensor(elements, shape: [height, width]))
  }

  /// Where values rise evenly to the right, a line is upright at just its value.
  @Test func aRampIsCutStraight() throws {
    let contours = try map(9, 5) { x, _ in x - 2 }.contours(at: [0.25, 0.9])
    #expect(contours.map(\.share) == [0.25, -0.25, 0.9])
    for (contour, x) in zip(contours, [2 + 0.25 * 6, 2 - 0.25 * 6, 2 + 0.9 * 6]) {
      #expect(contour.pieces.count == 4)
      for point in contour.pieces.flatMap({ [$0.start, $0.end] }) { #expect(abs(point.x * 9 - x - 0.5) < 1e-6) }
      #expect(Set(contour.pieces.flatMap { [$0.start.y, $0.end.y] }).count == 5)
    }
  }

  /// Around a hill the line is a circle, closed, and none is on the other side of zero.
  @Test func aHillIsRinged() throws {
    let hill = try map(41, 41) { x, y in 400 - (x - 20) * (x - 20) - (y - 20) * (y - 20) }
    let scale = hill.largestMagnitude
    let ring = try #require(hill.contours(at: [0.45]).first { $0.share > 0 })
    let radius = (400 - 0.45 * scale).squareRoot()
    let ends = ring.pieces.flatMap { [$0.start, $0.end] }
    for point in ends {
      let distance = hypot(point.x * 41 - 20.5, point.y * 41 - 20.5)
      // Between neighbours a parabola of curvature two is off a straight line by a quarter at most.
      #expect(abs(distance - radius) < 0.25 / (2 * radius) + 1e-3, "\(distance)")
      #expect(ends.count { hypot($0.x - point.x, $0.y - point.y) < 1e-9 } == 2)
    }
  }

  /// A saddle is cut around the corners that its middle is not like.
  @Test func saddlesAreCutByTheirMiddle() throws {
    func near(_ corner: (Double, Double), _ piece: Contour.Piece) -> Bool {
      [piece.start, piece.end].allSatisfy { hypot($0.x * 2 - 0.5 - corner.0, $0.y * 2 - 0.5 - corner.1) < 0.75 }
    }
    // Corners 1 and 1 high, 0.4 and 0.3 low: the middle, 0.675, is above a half, so the low ones are cut off.
    let high = try Heatmap(Tensor([1, 0.4, 0.3, 1], shape: [2, 2])).contours(at: [0.5])[0].pieces
    #expect(high.count == 2 && high.contains { near((1, 0), $0) } && high.contains { near((0, 1), $0) })
    let low = try Heatmap(Tensor([1, 0, 0, 0.7], shape: [2, 2])).contours(at: [0.5])[0].pieces
    #expect(low.count == 2 && low.contains { near((0, 0), $0) } && low.contains { near((1, 1), $0) })
  }

  @Test func nothingAndEverythingHaveNoLines() throws {
    #expect(try map(4, 4) { _, _ in 0 }.contours().isEmpty)
    #expect(try map(4, 4) { _, _ in 3 }.contours().isEmpty)
    #expect(try Heatmap(Tensor([1], shape: [1, 1])).contours().isEmpty)
    #expect(try Heatmap(Tensor([.nan, .infinity, -.infinity, 1], shape: [2, 2])).contours().count > 2)
  }
}
