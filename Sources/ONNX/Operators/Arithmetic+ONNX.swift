internal import Networks

extension Op.Add: PlainONNXOperator {}
extension Op.Sub: PlainONNXOperator {}
extension Op.Mul: PlainONNXOperator {}

extension Op.Mod: ONNXOperator {
  init(reading node: inout NodeReader) throws { self.init(hasSignOfDividend: try node.flag("fmod", default: false)) }

  func write(to node: inout NodeWriter) { node.set("fmod", hasSignOfDividend ? 1 : 0) }

  var opset: Int { 10 }
}

extension Op.Div: PlainONNXOperator {}
extension Op.Sum: PlainONNXOperator {}
extension Op.Min: PlainONNXOperator {}
extension Op.Max: PlainONNXOperator {}
extension Op.Pow: PlainONNXOperator {}
