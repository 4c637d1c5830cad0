import Engine

/// Cuts feature maps into tiles of eight channels, picture by picture.
///
/// Blocked maps are seen where they lie. Row-major ones are gathered into a scratch first, except those of one place.
enum TileCutter {
  /// Calls `body` for every tile of the real pictures: all channels of the first, then of the second.
  ///
  /// - Precondition: a companion has the map's layout.
  static func forEachTile(of map: FeatureMap, with companion: FeatureMap?, _ body: (Tile) throws -> Void) rethrows {
    let layout = map.layout
    precondition(companion.map { $0.layout == layout } ?? true, "a companion in another layout")
    let rank = layout.shape.rank
    let area = layout.area
    let width = rank > 2 ? layout.shape[rank - 1] : 1
    let isGathered = layout.isPlain
    var scratch = [Float](repeating: 0, count: isGathered ? max(area, 1) * 8 : 1)
    var companionScratch = companion == nil ? [0] : scratch
    for row in 0..<map.count {
      for channel in stride(from: 0, to: layout.channels, by: 8) {
        let lanes = min(8, layout.channels - channel)
        if isGathered {
          try scratch.withUnsafeMutableBufferPointer { own in
            try companionScratch.withUnsafeMutableBufferPointer { other in
              let start = row * layout.sampleStride + channel * area
              TileCutter.gather(map.base + start, lanes: lanes, area: area, into: own)
              if let companion { TileCutter.gather(companion.base + start, lanes: lanes, area: area, into: other) }
              try body(
                tile(
                  row, channel, lanes, area, width, UnsafePointer(own.baseAddress!),
                  companion == nil ? nil : UnsafePointer(other.baseAddress!), stride: 8))
            }
          }
        } else {
          let block = layout.block
          let start = row * layout.sampleStride + (channel / block) * area * block + channel % block
          try body(
            tile(
              row, channel, lanes, area, width, UnsafePointer(map.base + start),
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
      companion: companion, stride: stride, summary: TileSummary(activation, places: area, stride: stride),
      companionSummary: companion.map { CompanionSummary(activation, $0, places: area, stride: stride) })
  }

  private static func gather(
    _ source: UnsafePointer<Float>, lanes: Int, area: Int, into target: UnsafeMutableBufferPointer<Float>
  ) {
    for lane in 0..<lanes {
      for place in 0..<area { target[place * 8 + lane] = source[lane * area + place] }
    }
  }
}
