import Tensors

extension Op.Resize {
  public func infer(_ inputs: [Fact?], outputs: Int) throws -> [Fact] {
    let x = try inputs.required(0).shape
    if let sizes = try inputs.integers(3, "sizes"), !sizes.isEmpty {
      guard sizes.count == x.rank, !zip(sizes, x.dimensions).contains(where: { $0 > 0 && $1 == 0 }) else {
        throw EspalierError("sizes \(sizes) for an input of \(x)", accepted: "\(x.rank) lengths")
      }
      return [Fact(try Shape(validating: sizes))]
    }
    guard let scales = inputs.optional(2) else { throw EspalierError("neither scales nor sizes are given") }
    guard let factors = scales.value?.floats?.elements else {
      throw EspalierError("its scales depend on the network's input", accepted: "values known before the network is run")
    }
    guard factors.count == x.rank else {
      throw EspalierError("scales \(factors) for an input of \(x)", accepted: "\(x.rank) numbers")
    }
    let lengths = try zip(factors, x.dimensions).map { factor, length in
      guard factor > 0, let scaled = Int(exactly: (factor * Float(length)).rounded(.down)) else {
        throw EspalierError("scales \(factors) for an input of \(x)", accepted: "finite numbers above 0")
      }
      return scaled
    }
    return [Fact(try Shape(validating: lengths))]
  }
}
