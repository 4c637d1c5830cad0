import Tensors

/// Changed copies of images, handed on in full batches whatever image they belong to.
///
/// Which copies meet in a batch depends on the shard alone, so that results do not depend on the number of workers.
struct Variants {
  /// One copy.
  struct Row: Hashable {
    /// The image's position in the shard.
    var image: Int
    /// The number of the change, from 0.
    var variant: Int
  }

  /// The images, `[n, …]`.
  let images: Tensor<Float>
  /// The number of copies of each image.
  let count: Int
  /// The most copies that are run together.
  let batch: Int
  /// Told which share of the copies is done, after each batch.
  var progress: ((Double) -> Void)?

  /// Calls `run` with all copies, all of the first image first.
  ///
  /// - Parameters:
  ///   - change: changes a copy, the image's numbers, in place.
  ///   - run: takes copies `[m, …]`, m ≤ ``batch``, and tells what they are of.
  func forEachBatch(
    change: (Row, UnsafeMutableBufferPointer<Float>) -> Void, run: (Tensor<Float>, [Row]) throws -> Void
  ) rethrows {
    let total = images.shape[0] * count
    let size = images.shape.dimensions.dropFirst().reduce(1, *)
    for start in stride(from: 0, to: total, by: batch) {
      let rows = (start..<min(start + batch, total)).map { Row(image: $0 / count, variant: $0 % count) }
      let elements = [Float](unsafeUninitializedCapacity: rows.count * size) { buffer, initialized in
        images.elements.withUnsafeBufferPointer { source in
          for (position, row) in rows.enumerated() {
            let copy = UnsafeMutableBufferPointer(rebasing: buffer[position * size..<(position + 1) * size])
            _ = copy.initialize(from: source[row.image * size..<(row.image + 1) * size])
            change(row, copy)
          }
        }
        initialized = rows.count * size
      }
      try run(Tensor(elements, shape: images.shape.replacing(axis: 0, with: rows.count)), rows)
      progress?(Double(min(start + batch, total)) / Double(total))
    }
  }
}

/// The mean of several relevance passes over the same images, summed in double precision.
struct MeanRelevance {
  private let first: RelevanceResult
  private var input: [Double]
  private var signed, absolute: [Tensor<Double>]

  /// Begins with a pass over the images as they are, whose predictions are kept.
  init(_ first: RelevanceResult) {
    self.first = first
    input = first.input.elements.map(Double.init)
    (signed, absolute) = (first.signed, first.absolute)
  }

  /// Adds the pass of a batch of variants.
  mutating func add(_ result: RelevanceResult, _ rows: [Variants.Row]) {
    let size = first.input.count / first.input.shape[0]
    result.input.elements.withUnsafeBufferPointer { source in
      input.withUnsafeMutableBufferPointer { sums in
        for (position, row) in rows.enumerated() {
          for i in 0..<size { sums[row.image * size + i] += Double(source[position * size + i]) }
        }
      }
    }
    for layer in signed.indices {
      signed[layer].add(result.signed[layer], rows)
      absolute[layer].add(result.absolute[layer], rows)
    }
  }

  /// The mean of `count` passes.
  ///
  /// - Parameter factor: from an element's position in the input to what its mean is multiplied by.
  func result(of count: Int, factor: (Int) -> Double = { _ in 1 }) -> RelevanceResult {
    var result = first
    let scale = 1 / Double(count)
    for i in input.indices { result.input.elements[i] = Float(input[i] * scale * factor(i)) }
    result.signed = signed.map { $0.map { $0 * scale } }
    result.absolute = absolute.map { $0.map { $0 * scale } }
    return result
  }
}

extension Tensor<Double> {
  fileprivate mutating func add(_ other: Tensor<Double>, _ rows: [Variants.Row]) {
    let size = shape[1]
    for (position, row) in rows.enumerated() {
      for i in 0..<size { elements[row.image * size + i] += other.elements[position * size + i] }
    }
  }
}
