import Tensors

/// Which image the rows of a value belong to: the row r to image (r / inner) mod images.
public struct ImageRows: Hashable, Sendable {
  /// The number of images, real or not.
  public let images: Int
  /// The number of neighbouring rows that one image has.
  public let inner: Int

  /// The image of a row.
  func image(of row: Int) -> Int { row / inner % images }
}

/// A value of a running program where it lies: read in place by an observer, valid only during the call.
public struct FeatureMap {
  /// Where the elements lie, for a whole shard.
  public let layout: Layout
  /// The first float.
  public let base: UnsafeMutablePointer<Float>
  /// The number of samples that are real: a shard at the end of the data is filled up with others.
  ///
  /// All, where the first axis is not the batch.
  public let count: Int
  /// How rows are shared out among the samples: most often one each.
  public let rows: ImageRows

  /// The number of rows that a sample has.
  public var rowsPerSample: Int { rows.images == 0 ? 0 : layout.samples / rows.images }

  /// Calls `body` for every row of a real sample, rising.
  @inline(__always)
  public func forEachRow(_ body: (_ row: Int, _ sample: Int) -> Void) {
    if rows.inner == 1 && layout.samples == rows.images {
      for row in 0..<count { body(row, row) }
    } else {
      for row in 0..<layout.samples {
        let sample = row / rows.inner % rows.images
        if sample < count { body(row, sample) }
      }
    }
  }

  /// The rows of a sample, rising.
  public func rows(of sample: Int) -> [Int] {
    if rows.inner == 1 && layout.samples == rows.images { return [sample] }
    return (0..<layout.samples).filter { $0 / rows.inner % rows.images == sample }
  }

  /// The sample of every row of real samples, in the order of ``tensor()``.
  public var samplesOfRows: [Int] {
    var samples: [Int] = []
    forEachRow { samples.append($1) }
    return samples
  }

  /// The elements of the real samples' rows, row-major.
  public func tensor() -> Tensor<Float> {
    let shape = layout.shape.rank == 0 ? layout.shape : layout.shape.replacing(axis: 0, with: count * rowsPerSample)
    if layout.isPlain, rows.inner * rows.images == layout.samples {
      return Tensor(Array(UnsafeBufferPointer(start: base, count: shape.count)), shape: shape)
    }
    var elements = [Float](repeating: 0, count: shape.count)
    let area = layout.area
    elements.withUnsafeMutableBufferPointer { elements in
      var written = 0
      forEachRow { row, _ in
        for channel in 0..<layout.channels {
          let source = base + row * layout.sampleStride + (channel / layout.block) * area * layout.block + channel % layout.block
          let target = elements.baseAddress! + (written * layout.channels + channel) * area
          for position in 0..<area { target[position] = source[position * layout.block] }
        }
        written += 1
      }
    }
    return Tensor(elements, shape: shape)
  }

  /// Calls `body` for every row of a real sample and block of channels.
  ///
  /// It is given the sample, the block's first channel, its lanes and its first float, `body(sample, channel, lanes, pointer)`;
  /// position p of lane l is `pointer[p · block + l]`. A sample of several rows comes up once for each.
  @inline(__always)
  public func forEachBlock(_ body: (_ sample: Int, _ channel: Int, _ lanes: Int, _ pointer: UnsafeMutablePointer<Float>) -> Void)
  {
    let stride = layout.area * layout.block
    forEachRow { row, sample in
      for block in 0..<layout.blocks {
        let channel = block * layout.block
        body(sample, channel, min(layout.block, layout.channels - channel), base + row * layout.sampleStride + block * stride)
      }
    }
  }

  /// The greatest value of each channel over space and the sample's rows, `[samples × channels]`.
  public func spatialMaxima() -> [Float] {
    var result = [Float](repeating: -.infinity, count: count * layout.channels)
    forEachBlock { sample, channel, lanes, pointer in
      for position in 0..<layout.area {
        for lane in 0..<lanes {
          let target = sample * layout.channels + channel + lane
          result[target] = max(result[target], pointer[position * layout.block + lane])
        }
      }
    }
    return result
  }

  /// The sum over space and the sample's rows of each channel, signed and absolute, in double precision: `[samples × channels]`
  /// each.
  public func spatialSums() -> (signed: [Double], absolute: [Double]) {
    let (area, block, channels) = (layout.area, layout.block, layout.channels)
    var signed = [Double](repeating: 0, count: count * channels)
    var absolute = signed
    forEachBlock { sample, channel, lanes, pointer in
      if block == 8 {
        var sum = SIMD8<Double>()
        var magnitude = SIMD8<Double>()
        for position in 0..<area {
          let value = UnsafeRawPointer(pointer + position * 8).loadUnaligned(as: SIMD8<Float>.self)
          let wide = SIMD8<Double>(value)
          sum += wide
          magnitude += wide.replacing(with: -wide, where: wide .< 0)
        }
        for lane in 0..<lanes {
          signed[sample * channels + channel + lane] += sum[lane]
          absolute[sample * channels + channel + lane] += magnitude[lane]
        }
      } else {
        for lane in 0..<lanes {
          var sum = 0.0
          var magnitude = 0.0
          for position in 0..<area {
            let value = Double(pointer[position * block + lane])
            sum += value
            magnitude += abs(value)
          }
          signed[sample * channels + channel + lane] += sum
          absolute[sample * channels + channel + lane] += magnitude
        }
      }
    }
    return (signed, absolute)
  }
}
