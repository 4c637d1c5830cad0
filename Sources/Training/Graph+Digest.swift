import Datasets
import Files
import Networks
import Tensors

extension Graph {
  /// The SHA-256 of all that a result can depend on: inputs, outputs, operators with their attributes, wiring, and the bits of
  /// every constant; names of nodes and metadata aside.
  public var digest: String {
    var hash = SHA256()
    for input in inputs { hash.update(line: "input \(input)") }
    hash.update(line: "outputs \(outputs)")
    for node in nodes {
      hash.update(line: "\(node.op.name) \(node.inputs.map { $0 ?? "" }) \(node.outputs)")
      if let op = node.op as? Op.ConstantValue { hash.update(op.value) } else { hash.update(line: "\(node.op)") }
    }
    for (name, constant) in constants.sorted(by: { $0.key < $1.key }) {
      hash.update(line: "constant \(name)")
      hash.update(constant)
    }
    return hash.hexadecimal
  }
}

extension SHA256 {
  fileprivate mutating func update(_ constant: Constant) {
    update(line: "\(constant.shape)")
    switch constant {
    case .float(let tensor): tensor.elements.withUnsafeBytes { update($0) }
    case .int64(let tensor): tensor.elements.withUnsafeBytes { update($0) }
    }
  }
}
