import Images
import Tensors

/// How relevance is brought to 0…1 before it is coloured; the choices and names of Zennit's `--relevance-norm`.
public enum RelevanceNorm: String, CaseIterable, Sendable {
  /// (R + a) / 2a with a = max |R|: zero relevance is in the middle, and both signs compare.
  case symmetric
  /// |R| / max |R|: zero relevance is 0, and the sign is lost.
  case absolute
  /// (R − min) / (max − min): the whole range is used, and zero relevance may be anywhere.
  case unaligned
}

/// Relevance of one image, ready to be drawn in colours.
///
/// Arithmetic is in Double. NaN is drawn as zero relevance and an infinity as the end of the scale on its side; the scale is
/// that of the finite values, and ``nonFiniteCount`` tells of the others. Where the scale has no extent (all relevance is
/// zero, or for `unaligned` all is equal) finite values are drawn as the middle in symmetric mode and as 0 in the others.
public struct Heatmap: Sendable {
  /// The relevance [H, W], summed over colour channels.
  public let relevance: Tensor<Float>
  /// How relevance is brought to 0…1.
  public let norm: RelevanceNorm
  /// The colours.
  public let colormap: Colormap
  /// The colour map's level; see ``Colormap/palette(level:)``.
  public let level: Double
  /// The relevance at the ends of the scale: the least and the greatest that is finite, unless it was given another.
  public private(set) var range: ClosedRange<Double>

  /// Makes a heat map of relevance [C, H, W], which is summed over its C colour channels, or [H, W].
  ///
  /// - Throws: `EspalierError` if the shape is another, or an axis is empty.
  public init(
    _ relevance: Tensor<Float>, norm: RelevanceNorm = .symmetric, colormap: Colormap = .coldnhot, level: Double = 1
  ) throws {
    let shape = relevance.shape
    guard 2...3 ~= shape.rank, relevance.count > 0 else {
      throw EspalierError("relevance of shape \(shape) is no image's", accepted: "channels×height×width or height×width")
    }
    let map = shape.rank == 2 ? relevance : Heatmap.summedOverChannels(relevance)
    let finite = map.elements.lazy.filter(\.isFinite).map(Double.init)
    self.init(relevance: map, norm: norm, colormap: colormap, level: level, range: (finite.min() ?? 0)...(finite.max() ?? 0))
  }

  private init(relevance: Tensor<Float>, norm: RelevanceNorm, colormap: Colormap, level: Double, range: ClosedRange<Double>) {
    self.relevance = relevance
    self.norm = norm
    self.colormap = colormap
    self.level = level
    self.range = range
  }

  /// The number of columns, W.
  public var width: Int { relevance.shape[1] }
  /// The number of rows, H.
  public var height: Int { relevance.shape[0] }
  /// The greatest |R| of the scale.
  public var largestMagnitude: Double { max(abs(range.lowerBound), abs(range.upperBound)) }
  /// How many values are NaN or infinite.
  public var nonFiniteCount: Int { relevance.elements.count { !$0.isFinite } }

  /// The palette index [H, W] of each value: 255 times its normalised value, rounded down.
  public var indices: Tensor<UInt8> {
    relevance.map { value in
      let share = normalised(value)
      return share > 0 ? UInt8(min(share * 255, 255)) : 0
    }
  }

  /// The heat map in colours, one pixel per value.
  public var image: IndexedImage { IndexedImage(indices: indices, palette: colormap.palette(level: level)) }

  /// The same heat map with its scale ending elsewhere; values beyond are drawn as its ends.
  public func scaled(to range: ClosedRange<Double>) -> Heatmap {
    var map = self
    map.range = range
    return map
  }

  /// The same heat map at another size, bilinear with half-pixel centres; its scale stays that of the values as they were.
  public func resized(width: Int, height: Int) -> Heatmap {
    let map = relevance.resizedBilinearly(height: height, width: width)
    return Heatmap(relevance: map, norm: norm, colormap: colormap, level: level, range: range)
  }

  /// The heat map laid over the grey version of its image, at the image's size.
  ///
  /// A pixel shows the heat map's colour by the share `strength`·|R| / max |R| and the grey image by the rest (ViRelAy,
  /// `render_superimposed_heatmap`; there a heat map of another size is blended after colouring, here relevance is upsampled
  /// before). NaN shows the image. Alpha of the image lies over white.
  public func overlay(on image: Image, strength: Double = 0.9) -> Image {
    let backdrop = image.overWhite.grey
    let map = resized(width: image.width, height: image.height)
    let colors = map.image.rgb.pixels.elements
    let scale = largestMagnitude
    var elements: [UInt8] = []
    elements.reserveCapacity(colors.count)
    for (index, grey) in backdrop.pixels.elements.enumerated() {
      let magnitude = abs(Double(map.relevance.elements[index]))
      let alpha = magnitude > 0 ? strength * (scale > 0 ? min(1, magnitude / scale) : 1) : 0
      for color in colors[3 * index..<3 * index + 3] {
        elements.append(UInt8((Double(color) * alpha + Double(grey) * (1 - alpha)).rounded()))
      }
    }
    return Image(pixels: Tensor(elements, shape: [image.height, image.width, 3]))
  }

  /// A value brought to 0…1, or beyond for an infinity.
  private func normalised(_ value: Float) -> Double {
    let value = value.isNaN ? 0 : Double(value)
    switch norm {
    case .symmetric: return share(of: value + largestMagnitude, in: 2 * largestMagnitude, otherwise: 0.5)
    case .absolute: return share(of: abs(value), in: largestMagnitude, otherwise: 0)
    case .unaligned: return share(of: value - range.lowerBound, in: range.upperBound - range.lowerBound, otherwise: 0)
    }
  }

  private func share(of value: Double, in extent: Double, otherwise middle: Double) -> Double {
    if value.isInfinite { return value > 0 ? 1 : 0 }
    return extent > 0 ? value / extent : middle
  }

  private static func summedOverChannels(_ relevance: Tensor<Float>) -> Tensor<Float> {
    let (channels, height, width) = (relevance.shape[0], relevance.shape[1], relevance.shape[2])
    let area = height * width
    let sums = (0..<area).map { pixel in
      Float((0..<channels).reduce(0.0) { $0 + Double(relevance.elements[$1 * area + pixel]) })
    }
    return Tensor(sums, shape: [height, width])
  }
}
