import Engine
import Tensors

extension DropoutMask {
  /// The factors for one sample: 0 with the probability ``ratio``, 1 / (1 − ratio) else.
  ///
  /// They depend on the arguments and the node's name alone, so neither on the shard that a sample is in nor on the worker.
  ///
  /// - Parameters:
  ///   - sample: its position in the data set.
  ///   - step: the steps that were taken before, in all epochs.
  ///   - count: the number of the sample's elements.
  public func factors(forSample sample: Int, step: Int, seed: UInt64, count: Int) -> [Float] {
    // Two elements a number, four a block of the generator's; samples never share a block.
    let blocks = UInt64(count + 3) / 4
    let stream = Philox.stream(named: "dropout \(node) step \(step)")
    var random = Philox(seed: seed, stream: stream, start: UInt64(truncatingIfNeeded: sample) &* blocks)
    let threshold = UInt64((Double(ratio) * 0x1p32).rounded())
    let factor = 1 / (1 - ratio)
    var bits: UInt64 = 0
    return (0..<count).map { position in
      bits = position % 2 == 0 ? random.next() : bits >> 32
      return bits & 0xFFFF_FFFF < threshold ? 0 : factor
    }
  }

  /// Draws the factors of a shard's samples; those that only fill up are kept whole.
  func draw(for samples: [Int], step: Int, seed: UInt64, in program: Program) {
    let map = program.featureMap(slot)
    let size = map.layout.sampleStride
    let target = program.pointer(slot)
    target.update(repeating: 1, count: map.layout.floatCount)
    for (position, sample) in samples.enumerated() {
      let rows = map.rows(of: position)
      let factors = factors(forSample: sample, step: step, seed: seed, count: rows.count * size)
      for (part, row) in rows.enumerated() {
        _ = UnsafeMutableBufferPointer(start: target + row * size, count: size)
          .update(fromContentsOf: factors[part * size..<(part + 1) * size])
      }
    }
  }
}
