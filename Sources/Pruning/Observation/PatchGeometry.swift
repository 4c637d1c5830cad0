import Networks
import Tensors

/// Which inputs an output of a convolution or linear layer sees.
struct PatchGeometry: Sendable {
  /// The input's channels, and its lengths; 1 × 1 for a linear layer.
  let channels: Int
  let height: Int, width: Int
  /// The taps of a kernel, and the positions of the output.
  let taps: Int, positions: Int
  private let placement: Window.Placement?

  /// The geometry of a layer; nil for one that is neither a convolution over two axes nor a product of rows of features.
  ///
  /// - Throws: `EspalierError` if the window does not fit.
  init?(_ node: Node, _ map: ChannelMap) throws {
    let facts = map.inputShape(of: node)
    guard let shape = facts else { return nil }
    if let conv = node.op as? Op.Conv, shape.rank == 4, let weight = node.inputs[1].flatMap({ map.graph.constants[$0]?.floats }) {
      let kernel = Array(weight.shape.dimensions.dropFirst(2))
      let placement = try conv.window.placement(input: Array(shape.dimensions.dropFirst(2)), kernel: kernel)
      (channels, height, width) = (shape[1], shape[2], shape[3])
      (taps, positions) = (kernel.reduce(1, *), placement.output.reduce(1, *))
      self.placement = placement
    } else if node.op.role == .matrixProduct, shape.rank == 2 {
      (channels, height, width, taps, positions) = (shape[1], 1, 1, 1, 1)
      placement = nil
    } else {
      return nil
    }
  }

  /// Appends what an output position sees of one image: `[channels · taps]`, channel by channel; 0 in the padding.
  func append(_ image: ArraySlice<Float>, at position: Int, to rows: inout [Float]) {
    guard let placement else {
      rows += image
      return
    }
    let (top, left) = origin(position, placement)
    for channel in 0..<channels {
      let start = image.startIndex + channel * height * width
      for i in 0..<placement.kernel[0] {
        let y = top + i * placement.dilations[0]
        for j in 0..<placement.kernel[1] {
          let x = left + j * placement.dilations[1]
          rows.append(y >= 0 && y < height && x >= 0 && x < width ? image[start + y * width + x] : 0)
        }
      }
    }
  }

  private func origin(_ position: Int, _ placement: Window.Placement) -> (Int, Int) {
    (
      position / placement.output[1] * placement.strides[0] - placement.begin[0],
      position % placement.output[1] * placement.strides[1] - placement.begin[1]
    )
  }
}

extension ChannelMap {
  /// The shape of what a linear layer reads, for ``batch`` images.
  fileprivate func inputShape(of node: Node) -> Shape? {
    node.inputs[LayerPass.data(of: node, graph)].flatMap { name in
      try? graph.facts(batch: max(graph.fixedBatch ?? 2, 1))[name]?.shape
    }
  }
}

/// Different numbers below a count, each set of them equally likely (Floyd's sampling), rising; all where no more are there.
func sampled(_ wanted: Int, below count: Int, using random: inout Philox) -> [Int] {
  guard wanted < count else { return Array(0..<count) }
  var chosen: Set<Int> = []
  for last in count - wanted..<count {
    let position = Int(random.next().multipliedFullWidth(by: UInt64(last + 1)).high)
    if !chosen.insert(position).inserted { chosen.insert(last) }
  }
  return chosen.sorted()
}
