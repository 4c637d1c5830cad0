import Tensors

extension Program {
  /// Writes a shard into an input, and what belongs to it into the others; names that the plan does not know are left aside.
  ///
  /// - Throws: `EspalierError` as ``setInput(_:to:)``.
  public func setInputs(_ name: String, to samples: Tensor<Float>, others: [String: Tensor<Float>]) throws {
    try setInput(name, to: samples)
    for (name, tensor) in others where plan.inputs[name] != nil { try setInput(name, to: tensor) }
    count = samples.shape[0]
  }
}
