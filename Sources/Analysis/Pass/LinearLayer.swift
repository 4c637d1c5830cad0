import Networks
import Tensors

/// A convolution without groups or a linear layer, as what the channels of its input contribute to its outputs.
public struct LinearLayer: Sendable {
  /// Lengths along both axes of a feature map.
  struct Extent: Sendable {
    var height: Int, width: Int
  }

  /// The number of input channels and of filters.
  public let channels: Int, filters: Int
  let kernel: Extent, stride: Extent, dilation: Extent, output: Extent
  /// The rows and columns of padding before the map.
  let padding: Extent
  /// The number of groups of eight input channels.
  let groups: Int
  /// The weights `[filters, kernel rows, kernel columns, groups]`, eight input channels each; zero behind the last channel.
  let weights: [SIMD8<Float>]

  /// The layer of a node; nil unless it is one whose weights are known ahead.
  ///
  /// - Parameter rows: the number of rows that an image has in its input.
  init?(_ node: Node, _ facts: [String: Fact], rows: Int = 1) {
    guard let input = node.inputs[0].flatMap({ facts[$0]?.shape }), node.inputs.count > 1,
      let weight = node.inputs[1].flatMap({ facts[$0]?.value?.floats })
    else { return nil }
    /// The position of weight (filter, channel, row · columns + column).
    let position: (Int, Int, Int) -> Int
    var factor: Float = 1
    switch node.op {
    case let op as Op.Conv:
      guard op.group == 1, rows == 1, input.rank == 4, weight.shape.rank == 4,
        let window = try? op.window.placement(input: [input[2], input[3]], kernel: [weight.shape[2], weight.shape[3]])
      else { return nil }
      (filters, channels) = (weight.shape[0], weight.shape[1])
      kernel = Extent(height: window.kernel[0], width: window.kernel[1])
      stride = Extent(height: window.strides[0], width: window.strides[1])
      dilation = Extent(height: window.dilations[0], width: window.dilations[1])
      padding = Extent(height: window.begin[0], width: window.begin[1])
      output = Extent(height: window.output[0], width: window.output[1])
      let (channels, area) = (channels, weight.shape[2] * weight.shape[3])
      position = { ($0 * channels + $1) * area + $2 }
    case let op as Op.Gemm:
      guard !op.transposeA, weight.shape.rank == 2, input.rank == 2 else { return nil }
      (filters, channels) = op.transposeB ? (weight.shape[0], weight.shape[1]) : (weight.shape[1], weight.shape[0])
      (kernel, stride, dilation) = (Extent(height: 1, width: 1), Extent(height: 1, width: 1), Extent(height: 1, width: 1))
      (padding, output) = (Extent(height: 0, width: 0), Extent(height: rows, width: 1))
      factor = op.alpha
      let columns = weight.shape[1]
      position = op.transposeB ? { row, column, _ in row * columns + column } : { column, row, _ in row * columns + column }
    default: return nil
    }
    guard filters > 0, channels == input[1], output.height > 0, output.width > 0 else { return nil }
    groups = (channels + 7) / 8
    let taps = kernel.height * kernel.width
    var packed = [SIMD8<Float>](repeating: SIMD8(), count: filters * taps * groups)
    for filter in 0..<filters {
      for channel in 0..<channels {
        for tap in 0..<taps {
          packed[(filter * taps + tap) * groups + channel / 8][channel % 8] =
            factor * weight.elements[position(filter, channel, tap)]
        }
      }
    }
    weights = packed
  }
}
