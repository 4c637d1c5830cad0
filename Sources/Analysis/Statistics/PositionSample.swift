import Tensors

/// The positions of an image that thinned statistics observe: one, drawn evenly, of each run of `stride` positions.
///
/// They depend on the seed and the image's index alone, and are the same for every channel, so each position is taken with
/// probability 1 / stride. A feature map of fewer positions than `stride` gives one position an image.
struct PositionSample: Sendable {
  /// One position in how many is taken.
  let stride: Int
  /// The positions of the image chosen last, rising.
  private(set) var positions: [Int] = []
  private var image: Int?
  private let area: Int
  private let seed: UInt64

  init(area: Int, thinning: Int, seed: UInt64) {
    self.area = area
    stride = max(1, min(thinning, area))
    self.seed = seed ^ Philox.stream(named: "thinned positions")
    if stride == 1 { positions = Array(0..<area) }
  }

  /// Turns to an image.
  @inline(__always)
  mutating func choose(_ image: Int) {
    if stride > 1, self.image != image { draw(image) }
  }

  private mutating func draw(_ image: Int) {
    self.image = image
    var random = Philox(seed: seed, stream: UInt64(bitPattern: Int64(image)))
    positions.removeAll(keepingCapacity: true)
    for start in Swift.stride(from: 0, to: area, by: stride) {
      let position = start + Int(random.next().multipliedFullWidth(by: UInt64(stride)).high)
      if position < area { positions.append(position) }
    }
  }
}
