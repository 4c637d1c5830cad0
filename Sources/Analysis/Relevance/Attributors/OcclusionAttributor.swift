import Tensors

/// What the explained output becomes when a window slides over the image, written into the window's positions.
///
/// - `form=keep` (default, as in zennit): only the window is kept, all else becomes `fill`; the output is added to the window's
///   positions, once for each window that covers them.
/// - `form=remove` (Zeiler and Fergus): the window becomes `fill`; what the output loses by it is added, and each position gets
///   the mean over the windows that cover it.
///
/// Windows are squares of side `window` over all channels that start at every multiple of `stride`. Those that reach over the
/// right or lower edge end there, where zennit's go on at the opposite edge. The output is observed whatever relevance starts
/// from, and a composite has no say. Every channel of a position has the same value; nothing is found at inner layers.
///
/// Source: Zeiler, Fergus, "Visualizing and understanding convolutional networks", ECCV 2014, section 4.2.
public struct OcclusionAttributor: Attributor {
  /// What is done with the window.
  public enum Form: String, Sendable, CaseIterable {
    case keep, remove
  }

  public static let name = "occlusion"
  public static let parameters = "window=8,stride=8,form=keep,fill=0"

  /// The window's side, and the distance between the starts of neighbouring windows.
  public let window, stride: Int
  /// What is done with the window.
  public let form: Form
  /// The number that stands where nothing is to be seen, in the network's input.
  public let fill: Float

  /// Makes the attributor.
  ///
  /// - Throws: `EspalierError` if window or stride is not positive, or the form is not known.
  public init(_ parameters: inout ParameterList) throws {
    window = try parameters.integer("window", default: 8, in: 1...65536)
    stride = try parameters.integer("stride", default: 8, in: 1...65536)
    form = try parameters.choice("form", default: .keep)
    fill = Float(try parameters.number("fill", default: 0, in: -1e30...1e30))
  }

  public var passes: AttributionPasses { .outputs }

  public func attribute(_ shard: AttributionShard, _ program: AttributionProgram) throws -> RelevanceResult {
    let prediction = try program.outputs(shard.images, others: shard.others)
    let targets = shard.targets(predicted: prediction, program.plan.form)
    let geometry = shard.geometry
    let windows = windows(of: geometry)
    var sums = [Double](repeating: 0, count: shard.count * geometry.area)
    var covers = [Double](repeating: 0, count: geometry.area)
    for window in windows { window.forEachPosition(in: geometry) { covers[$0] += 1 } }

    let variants = Variants(images: shard.images, count: windows.count, batch: program.plan.batch, progress: program.progress)
    try variants.forEachBatch { row, values in
      hide(windows[row.variant], in: values, geometry)
    } run: { images, rows in
      let outputs = try program.outputs(images, others: shard.others(of: rows))
      for (position, row) in rows.enumerated() {
        let target = targets[row.image]
        let output = target.score(of: outputs.outputs(ofRow: position))
        let score = form == .keep ? output : target.score(of: prediction.outputs(ofRow: row.image)) - output
        windows[row.variant].forEachPosition(in: geometry) { sums[row.image * geometry.area + $0] += score }
      }
    }
    var input = Tensor<Float>(repeating: 0, shape: shard.images.shape)
    for image in 0..<shard.count {
      for position in 0..<geometry.area {
        let sum = sums[image * geometry.area + position]
        let value = form == .keep ? sum : sum / max(covers[position], 1)
        geometry.set(Float(value), position: position, in: &input.elements, from: image * geometry.count)
      }
    }
    return RelevanceResult(input: input, prediction: prediction, signed: [], absolute: [])
  }

  private struct Window {
    var rows, columns: Range<Int>

    func forEachPosition(in geometry: ImageGeometry, _ body: (Int) -> Void) {
      for row in rows { for column in columns { body(row * geometry.width + column) } }
    }
  }

  private func windows(of geometry: ImageGeometry) -> [Window] {
    func ranges(_ length: Int) -> [Range<Int>] {
      Swift.stride(from: 0, to: length, by: stride).map { $0..<min($0 + window, length) }
    }
    let columns = ranges(geometry.width)
    return ranges(geometry.height).flatMap { rows in columns.map { Window(rows: rows, columns: $0) } }
  }

  private func hide(_ window: Window, in values: UnsafeMutableBufferPointer<Float>, _ geometry: ImageGeometry) {
    for row in 0..<geometry.height {
      for column in 0..<geometry.width
      where (window.rows.contains(row) && window.columns.contains(column)) == (form == .remove) {
        let position = (row * geometry.width + column) * geometry.positionStep
        for channel in 0..<geometry.channels { values[position + channel * geometry.channelStep] = fill }
      }
    }
  }
}

extension ImageGeometry {
  /// Gives all channels of a position one value.
  func set(_ value: Float, position: Int, in elements: inout [Float], from start: Int) {
    for channel in 0..<channels { elements[start + position * positionStep + channel * channelStep] = value }
  }
}
