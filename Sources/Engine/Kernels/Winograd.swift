import COneDNN
import Tensors

/// A 3 × 3 convolution of stride 1 by minimal filtering, F(4 × 4, 3 × 3): 36 products of channels for 16 positions, where the
/// direct sum takes 144.
///
/// Winograd, "Arithmetic Complexity of Computations" (1980); Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks"
/// (2016). Deviation: the points are 0, ±1/√2, ±√2, ∞ instead of the papers' 0, ±1, ±2, ∞. That keeps the numbers of both
/// transforms near 1, and the rounding error of a layer near 2·10⁻⁶ of its largest output, some five times less.
///
/// Tiles of 6 × 6 positions that overlap by two are transformed, eight channels at a time, into 36 planes `[C, T]`; a plane's
/// product with its weights is a 1 × 1 convolution of oneDNN; what comes out is transformed back. Chunks of tiles pass through
/// all three, so that the planes stay in cache.
struct Winograd: Sendable {
  typealias Lanes = SIMD8<Float>

  /// Positions that a tile makes along an axis.
  static let tile = 4
  /// Positions that it reads.
  static let reach = 6
  static let planes = reach * reach

  private let source: Layout
  private let target: Layout
  private let begin: [Int]
  private let product: Primitive
  /// Tiles across and down an image, and rows of tiles in a chunk.
  private let across: Int
  private let down: Int
  private let rows: Int

  /// Prepares the convolution, or nil where the direct one is better.
  ///
  /// - Parameters:
  ///   - source: `[N, C, H, W]`, in blocks.
  ///   - target: `[N, K, H', W']`, in the same blocks.
  ///   - begin: the padding before the first row and column.
  init?(from source: Layout, to target: Layout, begin: [Int]) throws {
    guard source.shape.rank == 4, source.block == target.block, source.block == 8 || source.block == 16,
      Winograd.pays(from: source.shape, to: target.shape)
    else { return nil }
    (self.source, self.target, self.begin) = (source, target, begin)
    down = (target.shape[2] + Winograd.tile - 1) / Winograd.tile
    across = (target.shape[3] + Winograd.tile - 1) / Winograd.tile
    // A chunk is as large as the cache of a core holds, but not too small for a product to be worth its call.
    let channels = source.blocks * source.block + target.blocks * target.block
    let wanted = max(28, (1 << 20) / (Winograd.planes * 4 * channels))
    let all = source.shape[0] * down
    let chunks = (all + (wanted + across - 1) / across - 1) / max((wanted + across - 1) / across, 1)
    rows = (all + chunks - 1) / chunks
    var from = try Layout(shape: [1, source.channels, 1, rows * across], block: source.block).descriptor()
    var to = try Layout(shape: [1, target.channels, 1, rows * across], block: target.block).descriptor()
    var weights = try dnnl_memory_desc_t.any([target.channels, source.channels, 1, 1])
    var none = dnnl_memory_desc_t()
    product = try Primitive("convolution") { descriptor, attributes in
      withDimensions([1, 1]) { ones in
        withDimensions([0, 0]) { zeros in
          espalier_convolution(
            &descriptor, Library.engine, Direction.inference.code, &from, &weights, &none, &to, ones, zeros, zeros, zeros,
            attributes, nil)
        }
      }
    }
    guard product.implementation.hasPrefix("jit") else { return nil }
  }

  /// Whether the transforms cost less than they save; a rule of shapes alone, so that the same network gives the same bits.
  private static func pays(from source: Shape, to target: Shape) -> Bool {
    let tiles = ((target[2] + tile - 1) / tile) * ((target[3] + tile - 1) / tile)
    return source[1] >= 32 && target[1] >= 32 && source[0] * tiles >= 8 && target[2] * target[3] >= 8 * tiles
  }

  /// The layout of one plane of the weights.
  var weights: dnnl_memory_desc_t { product.layout(of: DNNL_ARG_WEIGHTS) }

  /// Appends the convolution.
  ///
  /// - Parameters:
  ///   - weights: ``planes`` copies in the layout ``weights``, one behind the other (see ``ParameterTransform``).
  ///   - bias: one number a channel.
  ///   - adds: whether `result` holds numbers that are added.
  ///   - rectifies: whether a ReLU follows.
  func append(
    to builder: PlanBuilder, label: String, from source: Slot, weights: Slot, bias: Slot?, adds: Bool, rectifies: Bool,
    into result: Slot
  ) {
    let (before, after) = (stride(self.source), stride(self.target))
    let transformed = builder.allocate(.plain([Winograd.planes * before]), name: label)
    let products = builder.allocate(.plain([Winograd.planes * after]), name: label)
    let scratch = builder.allocate(.plain([max(product.scratchpad.byteCount / 4, 1)]), name: label)
    builder.addStep(
      label, kernel: "winograd:" + product.implementation,
      reads: [source, weights] + [bias].compactMap { $0 } + (adds ? [result] : []),
      writes: [transformed, products, scratch] + (adds ? [] : [result])
    ) { program in
      let (v, m) = (program.pointer(transformed), program.pointer(products))
      let multiply = try multiplication(program, v, program.pointer(weights), m, scratch: program.pointer(scratch))
      for first in Swift.stride(from: 0, to: self.source.shape[0] * down, by: rows) {
        let count = min(rows, self.source.shape[0] * down - first)
        transformInput(program.pointer(source), into: v, rows: first..<first + count)
        try multiply()
        transformOutput(
          m, bias: bias.map(program.pointer), adds: adds, rectifies: rectifies, into: program.pointer(result),
          rows: first..<first + count)
      }
    }
  }

  /// The floats from plane to plane: an odd number of cache lines, so that planes do not push each other out.
  private func stride(_ layout: Layout) -> Int { (layout.blocks * layout.block * rows * across / 16 | 1) * 16 + 32 }

  private func multiplication(
    _ program: StepScope, _ v: UnsafeMutablePointer<Float>, _ u: UnsafeMutablePointer<Float>, _ m: UnsafeMutablePointer<Float>,
    scratch: UnsafeMutablePointer<Float>
  ) throws -> () throws -> Void {
    let room = try product.scratchpad.byteCount > 0 ? Memory(product.scratchpad, at: scratch) : nil
    let arguments = try (0..<Winograd.planes).map { plane in
      [
        (DNNL_ARG_SRC, try Memory(product.layout(of: DNNL_ARG_SRC), at: v + plane * stride(source))),
        (DNNL_ARG_WEIGHTS, try Memory(weights, at: u + plane * weights.byteCount / 4)),
        (DNNL_ARG_DST, try Memory(product.layout(of: DNNL_ARG_DST), at: m + plane * stride(target))),
      ] + (room.map { [(DNNL_ARG_SCRATCHPAD, $0)] } ?? [])
    }
    return {
      for list in arguments {
        try program.stream.execute(product, list.map { dnnl_exec_arg_t(arg: $0.0, memory: $0.1.handle) })
      }
      try program.stream.wait()
    }
  }

  /// Whole vectors of a buffer whose positions are `block` floats apart.
  private static func lanes(_ pointer: UnsafeMutablePointer<Float>) -> UnsafeMutablePointer<Lanes> {
    UnsafeMutableRawPointer(pointer).assumingMemoryBound(to: Lanes.self)
  }

  private func transformInput(_ x: UnsafeMutablePointer<Float>, into planes: UnsafeMutablePointer<Float>, rows: Range<Int>) {
    let (height, width, parts) = (source.shape[2], source.shape[3], source.block / 8)
    let (input, output, step) = (Winograd.lanes(x), Winograd.lanes(planes), stride(source) / 8)
    let tiles = self.rows * across
    withUnsafeTemporaryAllocation(of: Lanes.self, capacity: 2 * Winograd.planes) { room in
      let tile = room.baseAddress!
      let half = tile + Winograd.planes
      for block in 0..<source.blocks {
        for row in rows {
          let map = input + ((row / down) * source.blocks + block) * height * width * parts
          let top = row % down * Winograd.tile - begin[0]
          for column in 0..<across {
            let left = column * Winograd.tile - begin[1]
            let isInside = top >= 0 && left >= 0 && top + Winograd.reach <= height && left + Winograd.reach <= width
            let position = block * tiles + (row - rows.lowerBound) * across + column
            for part in 0..<parts {
              if isInside {
                for i in 0..<6 {
                  let line = map + ((top + i) * width + left) * parts + part
                  for j in 0..<6 { tile[i * 6 + j] = line[j * parts] }
                }
              } else {
                for i in 0..<6 {
                  for j in 0..<6 {
                    let (y, z) = (top + i, left + j)
                    let isOnMap = y >= 0 && y < height && z >= 0 && z < width
                    tile[i * 6 + j] = isOnMap ? map[(y * width + z) * parts + part] : .zero
                  }
                }
              }
              for i in 0..<6 { Winograd.spread(tile + i * 6, 1, half + i * 6, 1) }
              let destination = output + position * parts + part
              for j in 0..<6 { Winograd.spread(half + j, 6, destination + j * step, 6 * step) }
            }
          }
        }
      }
    }
  }

  private func transformOutput(
    _ planes: UnsafeMutablePointer<Float>, bias: UnsafeMutablePointer<Float>?, adds: Bool, rectifies: Bool,
    into y: UnsafeMutablePointer<Float>, rows: Range<Int>
  ) {
    let (height, width, parts) = (target.shape[2], target.shape[3], target.block / 8)
    let (input, output, step) = (Winograd.lanes(planes), Winograd.lanes(y), stride(target) / 8)
    let tiles = self.rows * across
    withUnsafeTemporaryAllocation(of: Lanes.self, capacity: 2 * Winograd.planes) { room in
      let half = room.baseAddress!
      let tile = half + Winograd.planes
      for block in 0..<target.blocks {
        for part in 0..<parts {
          var offset = Lanes.zero
          let channel = block * target.block + part * 8
          if let bias { for lane in 0..<max(0, min(8, target.channels - channel)) { offset[lane] = bias[channel + lane] } }
          for row in rows {
            let map = output + ((row / down) * target.blocks + block) * height * width * parts + part
            let top = row % down * Winograd.tile
            for column in 0..<across {
              let origin = input + (block * tiles + (row - rows.lowerBound) * across + column) * parts + part
              for j in 0..<6 { Winograd.gather(origin + j * step, 6 * step, half + j, 6) }
              for i in 0..<4 { Winograd.gather(half + i * 6, 1, tile + i * 4, 1) }
              let left = column * Winograd.tile
              for i in 0..<min(4, height - top) {
                let line = map + ((top + i) * width + left) * parts
                for j in 0..<min(4, width - left) {
                  var value = tile[i * 4 + j] + offset
                  if adds { value += line[j * parts] }
                  if rectifies { value.replace(with: 0, where: value .< 0) }
                  line[j * parts] = value
                }
              }
            }
          }
        }
      }
    }
  }

  /// Bᵀ x along one axis: six numbers from six.
  @inline(__always)
  private static func spread(_ x: UnsafePointer<Lanes>, _ s: Int, _ y: UnsafeMutablePointer<Lanes>, _ t: Int) {
    let (x0, x1, x2, x3, x4, x5) = (x[0], x[s], x[2 * s], x[3 * s], x[4 * s], x[5 * s])
    y[0] = x0 + x4 - 2.5 * x2
    let (e, o) = (x4 - 2 * x2, inner * (x3 - 2 * x1))
    y[t] = e + o
    y[2 * t] = e - o
    let (g, u) = (x4 - 0.5 * x2, outer * (x3 - 0.5 * x1))
    y[3 * t] = g + u
    y[4 * t] = g - u
    y[5 * t] = x1 + x5 - 2.5 * x3
  }

  /// Aᵀ x along one axis: four numbers from six.
  @inline(__always)
  private static func gather(_ x: UnsafePointer<Lanes>, _ s: Int, _ y: UnsafeMutablePointer<Lanes>, _ t: Int) {
    let (a, b, c, d) = (x[s] + x[2 * s], x[s] - x[2 * s], x[3 * s] + x[4 * s], x[3 * s] - x[4 * s])
    y[0] = x[0] + (a + c)
    y[t] = inner * b + outer * d
    y[2 * t] = 0.5 * a + 2 * c
    y[3 * t] = x[5 * s] + (0.5 * inner) * b + (2 * outer) * d
  }

  private static let inner: Float = 0.707_106_781_186_547_5
  private static let outer: Float = 1.414_213_562_373_095

  /// `G g Gᵀ` of every kernel, `[36, K, C]` from `[K, C, 3, 3]`; turned round, `[36, C, K]`, for the transposed product.
  static func spreadWeights(_ weights: [Float], outputs: Int, inputs: Int, isTransposed: Bool) -> [Float] {
    let points: [Double] = [0, 0.5.squareRoot(), -0.5.squareRoot(), 2.0.squareRoot(), -2.0.squareRoot()]
    var g = points.map { p -> SIMD3<Double> in
      let factor = points.reduce(1) { $1 == p ? $0 : $0 * (p - $1) }
      return SIMD3(1, p, p * p) / factor
    }
    g.append(SIMD3(0, 0, 1))
    var result = [Float](repeating: 0, count: planes * outputs * inputs)
    weights.withUnsafeBufferPointer { weights in
      result.withUnsafeMutableBufferPointer { result in
        for k in 0..<outputs {
          for c in 0..<inputs {
            let kernel = (k * inputs + c) * 9
            let position = isTransposed ? c * outputs + k : k * inputs + c
            func column(_ b: Int) -> SIMD3<Double> {
              SIMD3(
                (0..<3).map { a in
                  Double(weights[kernel + (isTransposed ? 8 - 3 * a - b : 3 * a + b)])
                })
            }
            let (left, middle, right) = (column(0), column(1), column(2))
            for i in 0..<6 {
              let half = SIMD3((g[i] * left).sum(), (g[i] * middle).sum(), (g[i] * right).sum())
              for j in 0..<6 { result[(i * 6 + j) * outputs * inputs + position] = Float((g[j] * half).sum()) }
            }
          }
        }
      }
    }
    return result
  }
}
