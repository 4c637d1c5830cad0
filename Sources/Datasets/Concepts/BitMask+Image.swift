import Images

extension BitMask {
  /// The pixels of an image of one channel whose value is above a threshold.
  ///
  /// - Precondition: the image has one channel.
  init(_ image: Image, above threshold: UInt8) {
    precondition(image.channels == 1, "a mask of \(image.channels) channels")
    self.init(height: image.height, width: image.width)
    let perRow = wordsPerRow
    for row in 0..<image.height {
      for column in 0..<image.width where image.pixels.elements[row * image.width + column] > threshold {
        words[row * perRow + column / 64] |= 1 << UInt64(column % 64)
      }
    }
  }
}
