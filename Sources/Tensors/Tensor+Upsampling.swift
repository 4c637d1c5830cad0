extension Tensor where Scalar == Float {
  /// A map [H, W] at another size, bilinear with half-pixel centres and no antialiasing: PyTorch's `interpolate` with
  /// `mode="bilinear"` and `align_corners=False`.
  ///
  /// A new pixel's centre lies at (i + ½)·H/height − ½ in the old map; beyond the outermost centres the edge is repeated.
  public func resizedBilinearly(height: Int, width: Int) -> Tensor<Float> {
    precondition(shape.rank == 2 && count > 0 && height > 0 && width > 0, "\(shape) to \(height)×\(width)")
    let (oldHeight, oldWidth) = (shape[0], shape[1])
    if oldHeight == height && oldWidth == width { return self }
    let rows = linearTaps(from: oldHeight, to: height)
    let columns = linearTaps(from: oldWidth, to: width)
    var result: [Float] = []
    result.reserveCapacity(height * width)
    for row in rows {
      let (top, bottom) = (row.low * oldWidth, row.high * oldWidth)
      for column in columns {
        let upper = (1 - column.share) * elements[top + column.low] + column.share * elements[top + column.high]
        let lower = (1 - column.share) * elements[bottom + column.low] + column.share * elements[bottom + column.high]
        result.append((1 - row.share) * upper + row.share * lower)
      }
    }
    return Tensor(result, shape: [height, width])
  }
}

/// The two old pixels that each new one mixes, and the share of the second.
private func linearTaps(from length: Int, to newLength: Int) -> [(low: Int, high: Int, share: Float)] {
  let scale = Float(length) / Float(newLength)
  return (0..<newLength).map { index in
    let position = Swift.max(0, (Float(index) + 0.5) * scale - 0.5)
    let low = min(Int(position), length - 1)
    return (low, min(low + 1, length - 1), position - Float(low))
  }
}
