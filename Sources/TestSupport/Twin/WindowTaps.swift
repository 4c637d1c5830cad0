import Networks

/// Where a sliding window meets a feature map of any number of spatial axes: for each output position the pairs of a position in
/// the kernel and a position in the input, all row-major.
///
/// Positions in the padding are left out.
struct WindowTaps {
  /// The output's size.
  let output: [Int]
  /// Pairs of output position `p` are `starts[p] ..< starts[p + 1]`.
  private(set) var starts = [0]
  private(set) var kernelPositions: [Int] = []
  private(set) var inputPositions: [Int] = []
  /// The number of kernel positions of each output position that lie in the input or its declared padding.
  private(set) var paddedCounts: [Int] = []

  var outputCount: Int { output.reduce(1, *) }

  /// Lays a convolution's or pool's window over an input.
  init(_ window: Window, kernel: [Int], input: [Int]) {
    let strides = window.strides.isEmpty ? input.map { _ in 1 } : window.strides
    let dilations = window.dilations.isEmpty ? input.map { _ in 1 } : window.dilations
    var begin = input.map { _ in 0 }
    var end = begin
    var output: [Int] = []
    for axis in input.indices {
      let extent = dilations[axis] * (kernel[axis] - 1) + 1
      let stride = strides[axis]
      switch window.padding {
      case .sameUpper, .sameLower:
        let length = (input[axis] + stride - 1) / stride
        let total = max((length - 1) * stride + extent - input[axis], 0)
        begin[axis] = window.padding == .sameUpper ? total / 2 : total - total / 2
        end[axis] = total - begin[axis]
        output.append(length)
      case .valid:
        output.append((input[axis] - extent) / stride + 1)
      case .explicit(let declaredBegin, let declaredEnd):
        if !declaredBegin.isEmpty { begin[axis] = declaredBegin[axis] }
        if !declaredEnd.isEmpty { end[axis] = declaredEnd[axis] }
        let room = input[axis] + begin[axis] + end[axis] - extent
        var length = (window.ceilMode ? room + stride - 1 : room) / stride + 1
        // A last window that would start behind the input and its first padding is dropped.
        if window.ceilMode, (length - 1) * stride >= input[axis] + begin[axis] { length -= 1 }
        output.append(length)
      }
    }
    self.init(
      input: input, output: output, kernel: kernel, strides: strides, dilations: dilations, begin: begin, end: end)
  }

  /// Lays a window whose every number is known.
  init(input: [Int], output: [Int], kernel: [Int], strides: [Int], dilations: [Int], begin: [Int], end: [Int]) {
    self.output = output
    // One axis after the other: each pair so far is extended by each position of the kernel along the next axis.
    var pairs: [(padded: Int, positions: [(kernel: Int, input: Int)])] = [(1, [(0, 0)])]
    for axis in input.indices {
      pairs = pairs.flatMap { before in
        (0..<output[axis]).map { position in
          let start = position * strides[axis] - begin[axis]
          let coordinates = (0..<kernel[axis]).map { start + $0 * dilations[axis] }
          let padded = coordinates.filter { $0 < input[axis] + end[axis] }.count
          return (
            before.padded * padded,
            before.positions.flatMap { pair in
              coordinates.enumerated().filter { (0..<input[axis]).contains($0.element) }.map {
                (pair.kernel * kernel[axis] + $0.offset, pair.input * input[axis] + $0.element)
              }
            }
          )
        }
      }
    }
    for (padded, positions) in pairs {
      kernelPositions += positions.map(\.kernel)
      inputPositions += positions.map(\.input)
      starts.append(kernelPositions.count)
      paddedCounts.append(padded)
    }
  }
}
