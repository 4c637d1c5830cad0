import Tensors

/// The images of greatest value for each channel, eight channels side by side; of equal values the smaller index comes first.
struct TopImages: Sendable {
  private let channels: Int
  private let kept: Int
  /// Row r of eight channels at position `channel / 8 · kept + r`, best first; −∞ where there are fewer images.
  private var values: [SIMD8<Float>]
  private var indices: [SIMD8<Int32>]

  init(_ kept: Int, channels: Int) {
    self.kept = max(kept, 0)
    self.channels = channels
    values = Array(repeating: SIMD8(repeating: -.infinity), count: self.kept * ((channels + 7) / 8))
    indices = Array(repeating: SIMD8(repeating: .max), count: values.count)
  }

  /// Offers an image's values for the channels of a tile.
  @inline(__always)
  mutating func offer(_ offered: SIMD8<Float>, of image: Int, channel: Int) {
    insert(offered, SIMD8(repeating: Int32(clamping: image)), group: channel / 8)
  }

  mutating func merge(_ later: TopImages) {
    guard kept > 0 else { return }
    for position in values.indices { insert(later.values[position], later.indices[position], group: position / kept) }
  }

  /// A new row sinks to its position, lane by lane, and moves what it passes.
  private mutating func insert(_ offered: SIMD8<Float>, _ images: SIMD8<Int32>, group: Int) {
    var (value, index) = (offered, images)
    let first = group * kept
    guard kept > 0, any(value .>= values[first + kept - 1]) else { return }
    for position in first..<first + kept {
      let (other, otherIndex) = (values[position], indices[position])
      let isBetter = (value .> other) .| ((value .== other) .& (index .< otherIndex))
      values[position] = other.replacing(with: value, where: isBetter)
      indices[position] = otherIndex.replacing(with: index, where: isBetter)
      value = value.replacing(with: other, where: isBetter)
      index = index.replacing(with: otherIndex, where: isBetter)
    }
  }

  /// The values, `[channels, k]`, best first; NaN where there are fewer images.
  var topValues: Tensor<Double> {
    table { values[$0][$1] == -.infinity && indices[$0][$1] == .max ? .nan : Double(values[$0][$1]) }
  }

  /// The images' indices, `[channels, k]`; −1 where there are fewer.
  var topIndices: Tensor<Double> { table { indices[$0][$1] == .max ? -1 : Double(indices[$0][$1]) } }

  private func table(_ element: (Int, Int) -> Double) -> Tensor<Double> {
    Tensor(
      (0..<channels).flatMap { channel in (0..<kept).map { element(channel / 8 * kept + $0, channel % 8) } },
      shape: [channels, kept])
  }

  /// Lanes behind the last channel are not written.
  func encode(into state: inout StateEncoder) {
    var (flatValues, flatIndices): ([Float], [Int32]) = ([], [])
    for channel in 0..<channels {
      for row in 0..<kept {
        flatValues.append(values[channel / 8 * kept + row][channel % 8])
        flatIndices.append(indices[channel / 8 * kept + row][channel % 8])
      }
    }
    state.append(flatValues)
    state.append(flatIndices)
  }

  mutating func decode(from state: inout StateDecoder) throws {
    let flatValues = try state.array(of: Float.self, count: channels * kept)
    let flatIndices = try state.array(of: Int32.self, count: channels * kept)
    for channel in 0..<channels {
      for row in 0..<kept {
        values[channel / 8 * kept + row][channel % 8] = flatValues[channel * kept + row]
        indices[channel / 8 * kept + row][channel % 8] = flatIndices[channel * kept + row]
      }
    }
  }
}
