import Tensors

/// Arithmetic with one number a channel over whole feature maps: a SIMD register a position where channels lie in blocks.
extension Layout {
  /// Writes `scale · x + shift`, and calls `finish` with each stretch that is done while it is warm in cache.
  func writeAffine(
    of x: UnsafePointer<Float>, scale: [Float], shift: [Float], to y: UnsafeMutablePointer<Float>,
    finish: (UnsafeMutablePointer<Float>, _ count: Int) -> Void
  ) {
    let length = area * block
    forEachBlock { channel, start in
      switch block {
      case 8:
        let (a, b) = (lanes(scale, channel, SIMD8<Float>.self), lanes(shift, channel, SIMD8<Float>.self))
        let (source, target) = (x.registers(start, SIMD8.self), y.registers(start, SIMD8.self))
        for position in 0..<area { target[position] = a * source[position] + b }
      case 16:
        let (a, b) = (lanes(scale, channel, SIMD16<Float>.self), lanes(shift, channel, SIMD16<Float>.self))
        let (source, target) = (x.registers(start, SIMD16.self), y.registers(start, SIMD16.self))
        for position in 0..<area { target[position] = a * source[position] + b }
      default:
        let (a, b) = (scale[channel], shift[channel])
        for i in start..<start + area { y[i] = a * x[i] + b }
      }
      finish(y + start, length)
    }
  }

  /// Writes `a · g + b · x + c`.
  func writeAffine(
    of g: UnsafePointer<Float>, _ a: [Float], and x: UnsafePointer<Float>, _ b: [Float], shift c: [Float],
    to z: UnsafeMutablePointer<Float>
  ) {
    forEachBlock { channel, start in
      switch block {
      case 8:
        let (p, q, r) = (lanes(a, channel, SIMD8<Float>.self), lanes(b, channel, SIMD8.self), lanes(c, channel, SIMD8.self))
        let (first, second) = (g.registers(start, SIMD8.self), x.registers(start, SIMD8.self))
        let target = z.registers(start, SIMD8.self)
        for position in 0..<area { target[position] = p * first[position] + q * second[position] + r }
      case 16:
        let (p, q, r) = (lanes(a, channel, SIMD16<Float>.self), lanes(b, channel, SIMD16.self), lanes(c, channel, SIMD16.self))
        let (first, second) = (g.registers(start, SIMD16.self), x.registers(start, SIMD16.self))
        let target = z.registers(start, SIMD16.self)
        for position in 0..<area { target[position] = p * first[position] + q * second[position] + r }
      default:
        let (p, q, r) = (a[channel], b[channel], c[channel])
        for i in start..<start + area { z[i] = p * g[i] + q * x[i] + r }
      }
    }
  }

  /// Calls `body` for every sample and block of channels, with the block's first channel and first float.
  @inline(__always)
  private func forEachBlock(_ body: (_ channel: Int, _ start: Int) -> Void) {
    for sample in 0..<samples {
      for index in 0..<blocks { body(index * block, sample * sampleStride + index * area * block) }
    }
  }

  /// One block's part of a per-channel array, zero in lanes that hold no channel.
  @inline(__always)
  private func lanes<Register: SIMD<Float>>(_ values: [Float], _ channel: Int, _ type: Register.Type) -> Register {
    var result = Register()
    for lane in 0..<min(block, channels - channel) { result[lane] = values[channel + lane] }
    return result
  }
}

extension UnsafePointer<Float> {
  /// The floats from a position on, seen as registers: buffers are aligned to 64 bytes and blocks fill registers.
  @inline(__always)
  fileprivate func registers<Register: SIMD<Float>>(_ position: Int, _ type: Register.Type) -> UnsafePointer<Register> {
    UnsafeRawPointer(self + position).assumingMemoryBound(to: type)
  }
}

extension UnsafeMutablePointer<Float> {
  @inline(__always)
  fileprivate func registers<Register: SIMD<Float>>(_ position: Int, _ type: Register.Type) -> UnsafeMutablePointer<Register> {
    UnsafeMutableRawPointer(self + position).assumingMemoryBound(to: type)
  }
}

extension FeatureMap {
  /// Writes Σ self and Σ self · other of every channel over samples and space, in double precision.
  func sumProducts(with other: FeatureMap, into sums: UnsafeMutableBufferPointer<Double>) {
    let channels = layout.channels
    for i in 0..<2 * channels { sums[i] = 0 }
    let offset = other.base - base
    forEachBlock { _, channel, lanes, pointer in
      let partner = pointer + offset
      if layout.block == 8 {
        let (first, second) = (pointer.registers(0, SIMD8.self), partner.registers(0, SIMD8.self))
        var sum = SIMD8<Double>()
        var product = SIMD8<Double>()
        for position in 0..<layout.area {
          let (a, b) = (SIMD8<Double>(first[position]), SIMD8<Double>(second[position]))
          sum += a
          product += a * b
        }
        for lane in 0..<lanes {
          sums[channel + lane] += sum[lane]
          sums[channels + channel + lane] += product[lane]
        }
      } else {
        for lane in 0..<lanes {
          var sum = 0.0
          var product = 0.0
          for position in 0..<layout.area {
            let i = position * layout.block + lane
            sum += Double(pointer[i])
            product += Double(pointer[i]) * Double(partner[i])
          }
          sums[channel + lane] += sum
          sums[channels + channel + lane] += product
        }
      }
    }
  }
}
