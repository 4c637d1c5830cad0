import Analysis
import Tensors
import Testing

@Suite struct TopSamplesTests {
  /// Against sorting everything, with many equal numbers, observed and merged in another order.
  @Test(arguments: [1, 2, 5, 40]) func keepsWhatSortingPutsFirst(count: Int) throws {
    let (samples, channels) = (23, 3)
    var random = Philox(seed: UInt64(count))
    let values = (0..<samples).map { _ in (0..<channels).map { _ in Float(random.next() % 7) } }
    var parts = [TopSamples](repeating: TopSamples(count: count, channels: channels), count: 4)
    for index in random.permutation(samples) { parts[Int(random.next() % 4)].observe(values[index], index: index) }
    var whole = TopSamples(count: count, channels: channels)
    for part in random.permutation(4) { whole.merge(parts[part]) }
    for channel in 0..<channels {
      let order = (0..<samples).sorted { (-values[$0][channel], $0) < (-values[$1][channel], $1) }.prefix(count)
      #expect(whole.channels[channel].map(\.index) == Array(order))
      #expect(whole.channels[channel].map(\.value) == order.map { values[$0][channel] })
    }
    var encoder = StateEncoder()
    whole.encode(into: &encoder)
    var copy = TopSamples(count: count, channels: channels)
    var decoder = StateDecoder(encoder.bytes)
    try copy.decode(from: &decoder)
    #expect(copy == whole && decoder.isAtEnd)
    var damaged = StateDecoder(encoder.bytes.dropLast(3))
    #expect(throws: EspalierError.self) { try copy.decode(from: &damaged) }
  }

  @Test func whatIsNoNumberIsLeftOut() {
    var top = TopSamples(count: 2, channels: 1)
    top.observe([.nan], index: 0)
    top.observe([-.infinity], index: 1)
    top.observe([1], index: 2)
    #expect(top.channels[0].map(\.index) == [2, 1])
  }
}
