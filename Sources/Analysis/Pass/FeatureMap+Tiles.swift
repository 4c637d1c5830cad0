import Engine

/// Cuts feature maps into tiles of eight channels, image by image.
///
/// Blocked maps are seen where they lie. Row-major ones are gathered into a scratch first, except those of one position.
enum TileCutter {
  /// Calls `body` for every tile of the real images: all channels of the first, then of the second.
  ///
  /// - Precondition: a companion has the map's layout.
  static func forEachTile(of map: FeatureMap, with companion: FeatureMap?, _ body: (Tile) throws -> Void) rethrows {
    let layout = map.layout
    precondition(companion.map { $0.layout == layout } ?? true, "a companion in another layout")
    let rank = layout.shape.rank
    let area = layout.area
    let width = rank > 2 ? layout.shape[rank - 1] : 1
    // All rows of an image make one map, one under the other.
    let count = map.rowsPerSample
    let isGathered = layout.isPlain || count != 1
    var scratch = [Float](repeating: 0, count: isGathered ? max(area * count, 1) * 8 : 1)
    var companionScratch = companion == nil ? [0] : scratch
    for sample in 0..<map.count {
      let rows = map.rows(of: sample)
      let row = rows[0]
      for channel in stride(from: 0, to: layout.channels, by: 8) {
        let lanes = min(8, layout.channels - channel)
        if isGathered {
          try scratch.withUnsafeMutableBufferPointer { own in
            try companionScratch.withUnsafeMutableBufferPointer { other in
              for (position, row) in rows.enumerated() {
                TileCutter.gather(map, row: row, channel: channel, lanes: lanes, into: own, at: position * area)
                if let companion {
                  TileCutter.gather(companion, row: row, channel: channel, lanes: lanes, into: other, at: position * area)
                }
              }
              try body(
                tile(
                  sample, channel, lanes, area * count, width, UnsafePointer(own.baseAddress!),
                  companion == nil ? nil : UnsafePointer(other.baseAddress!), stride: 8))
            }
          }
        } else {
          let block = layout.block
          let start = row * layout.sampleStride + (channel / block) * area * block + channel % block
          try body(
            tile(
              sample, channel, lanes, area, width, UnsafePointer(map.base + start),
              companion.map { UnsafePointer($0.base + start) }, stride: block))
        }
      }
    }
  }

  @inline(__always)
  private static func tile(
    _ row: Int, _ channel: Int, _ lanes: Int, _ area: Int, _ width: Int, _ activation: UnsafePointer<Float>,
    _ companion: UnsafePointer<Float>?, stride: Int
  ) -> Tile {
    Tile(
      row: row, channel: channel, lanes: lanes, height: width == 0 ? 0 : area / width, width: width, activation: activation,
      companion: companion, stride: stride, summary: TileSummary(activation, positions: area, stride: stride),
      companionSummary: companion.map { CompanionSummary(activation, $0, positions: area, stride: stride) })
  }

  private static func gather(
    _ map: FeatureMap, row: Int, channel: Int, lanes: Int, into target: UnsafeMutableBufferPointer<Float>, at first: Int
  ) {
    let (layout, area) = (map.layout, map.layout.area)
    for lane in 0..<lanes {
      let (own, block) = (channel + lane, layout.block)
      let source = map.base + row * layout.sampleStride + own / block * area * block + own % block
      for position in 0..<area { target[(first + position) * 8 + lane] = source[position * block] }
    }
  }
}
