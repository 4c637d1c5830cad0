import Networks
import Tensors

/// Gradients of one mask a class of coupled channels, where linear layers read them: ∂/∂m = Σ over the inputs that are the class
/// of Σ over positions of a · g, image by image.
struct MaskGradients: Sendable {
  /// Σ over images of (∂/∂m)², by the class's number.
  var squares: [Double]
  /// Σ over images of |∂/∂m|.
  var magnitudes: [Double]

  private struct State: Sendable {
    var squares: [Double], magnitudes: [Double]
    /// Of every image of the shard, `[n, classes]`.
    var shard: [[Double]] = []
  }

  /// Runs the pass.
  ///
  /// - Parameter start: what is differentiated.
  /// - Throws: `EspalierError` if images cannot be read or the network cannot be run.
  init(_ map: ChannelMap, _ images: CriterionImages, _ start: LayerPass.Start) throws {
    let count = map.classes.count
    let labels = Dictionary(map.linear.map { ($0.node, $0.inputs) }, uniquingKeysWith: { first, _ in first })
    let axes = Dictionary(map.linear.map { ($0.node, $0.axis) }, uniquingKeysWith: { first, _ in first })
    let zeros = [Double](repeating: 0, count: count)
    let sum = try LayerPass(map, images, start).reduce(
      { State(squares: zeros, magnitudes: zeros) },
      observe: { state, view, images in
        guard let gradient = view.inputGradient, let labels = labels[view.node] else { return }
        let shape = view.input.shape
        let axis = axes[view.node] ?? 1
        let inner = shape.dimensions.dropFirst(axis + 1).reduce(1, *)
        let outer = shape.dimensions[1..<max(axis, 1)].reduce(1, *)
        if state.shard.isEmpty { state.shard = Array(repeating: zeros, count: images.count) }
        for (row, image) in view.images.enumerated() {
          for position in 0..<outer * labels.count {
            let start = (row * outer * labels.count + position) * inner
            var sum = 0.0
            for i in start..<start + inner { sum += Double(view.input.elements[i]) * Double(gradient.elements[i]) }
            state.shard[image][labels[position % labels.count]] += sum
          }
        }
      },
      endShard: { state in
        for row in state.shard {
          for id in row.indices {
            state.squares[id] += row[id] * row[id]
            state.magnitudes[id] += abs(row[id])
          }
        }
        state.shard = []
      },
      merge: { state, later in
        for id in 0..<count {
          state.squares[id] += later.squares[id]
          state.magnitudes[id] += later.magnitudes[id]
        }
      })
    (squares, magnitudes) = (sum.squares, sum.magnitudes)
  }
}
