import Tensors

/// The places of a picture that thinned statistics look at: one, drawn evenly, of each run of `stride` places.
///
/// They depend on the seed and the picture's index alone, and are the same for every channel, so each place is taken with
/// probability 1 / stride. A feature map of fewer places than `stride` gives one place a picture.
struct PlaceSample: Sendable {
  /// One place in how many is taken.
  let stride: Int
  /// The places of the picture chosen last, rising.
  private(set) var places: [Int] = []
  private var picture: Int?
  private let area: Int
  private let seed: UInt64

  init(area: Int, thinning: Int, seed: UInt64) {
    self.area = area
    stride = max(1, min(thinning, area))
    self.seed = seed ^ Philox.stream(named: "thinned places")
    if stride == 1 { places = Array(0..<area) }
  }

  /// Turns to a picture.
  @inline(__always)
  mutating func choose(_ picture: Int) {
    if stride > 1, self.picture != picture { draw(picture) }
  }

  private mutating func draw(_ picture: Int) {
    self.picture = picture
    var random = Philox(seed: seed, stream: UInt64(bitPattern: Int64(picture)))
    places.removeAll(keepingCapacity: true)
    for start in Swift.stride(from: 0, to: area, by: stride) {
      let place = start + Int(random.next().multipliedFullWidth(by: UInt64(stride)).high)
      if place < area { places.append(place) }
    }
  }
}
