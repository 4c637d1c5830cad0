import COneDNN
import Tensors

/// Where the elements of a value lie in memory: row-major, or in oneDNN's blocks of channels.
///
/// A blocked layout `[N, ⌈C / b⌉, H, W, b]` keeps b channels of one position side by side, in one SIMD register; the lanes behind
/// the last channel hold zeros. Which one a convolution takes is asked of oneDNN, never assumed.
public struct Layout: Hashable, Sendable {
  /// The most axes that oneDNN describes.
  public static let greatestRank = Int(DNNL_MAX_NDIMS)

  /// The lengths of the axes, without padding.
  public let shape: Shape
  /// The number of channels in a block; 1 if the layout is row-major.
  public let block: Int

  /// A row-major layout.
  public static func plain(_ shape: Shape) -> Layout { Layout(shape: shape, block: 1) }

  init(shape: Shape, block: Int) {
    self.shape = shape
    self.block = block
  }

  /// The layout that a descriptor of oneDNN means, or nil if it is neither row-major nor blocked by channels.
  init?(_ descriptor: dnnl_memory_desc_t, shape: Shape) {
    for block in [1, 8, 16] {
      let candidate = Layout(shape: shape, block: block)
      if let own = try? candidate.descriptor(), own.matches(descriptor) {
        self = candidate
        return
      }
    }
    return nil
  }

  /// Whether the elements lie row-major.
  public var isPlain: Bool { block == 1 }

  /// The number of samples, the first axis.
  public var samples: Int { shape.rank == 0 ? 1 : shape[0] }

  /// The number of channels, the second axis; 1 for vectors.
  public var channels: Int { shape.rank > 1 ? shape[1] : 1 }

  /// The number of blocks of channels.
  public var blocks: Int { (channels + block - 1) / block }

  /// The number of positions in a feature map.
  public var area: Int { shape.dimensions.dropFirst(2).reduce(1, *) }

  /// The number of floats in memory, padding included.
  public var floatCount: Int { isPlain ? shape.count : samples * blocks * area * block }

  /// Whether there are lanes that hold no channel.
  public var isPadded: Bool { !isPlain && channels % block != 0 }

  /// The number of floats that one sample takes.
  public var sampleStride: Int { samples == 0 ? 0 : floatCount / samples }

  /// oneDNN's description.
  func descriptor() throws -> dnnl_memory_desc_t {
    let lengths = shape.rank == 0 ? [1] : shape.dimensions
    guard !isPlain else { return try .rowMajor(lengths) }
    let tags: [Int: [dnnl_format_tag_t]] = [
      8: [dnnl_aBc8b, dnnl_aBcd8b, dnnl_aBcde8b], 16: [dnnl_aBc16b, dnnl_aBcd16b, dnnl_aBcde16b],
    ]
    guard let tag = tags[block], (3...5).contains(shape.rank) else {
      throw EspalierError("no layout in blocks of \(block) for shape \(shape)")
    }
    return try .tagged(lengths, tag[shape.rank - 3])
  }
}
