internal import Networks

extension Op.Add: ONNXOperator {
  init(reading node: inout NodeReader) throws { self.init() }
  func write(to node: inout NodeWriter) {}
}

extension Op.Sub: ONNXOperator {
  init(reading node: inout NodeReader) throws { self.init() }
  func write(to node: inout NodeWriter) {}
}

extension Op.Mul: ONNXOperator {
  init(reading node: inout NodeReader) throws { self.init() }
  func write(to node: inout NodeWriter) {}
}

extension Op.Mod: ONNXOperator {
  init(reading node: inout NodeReader) throws { self.init(hasSignOfDividend: try node.flag("fmod", default: false)) }

  func write(to node: inout NodeWriter) { node.set("fmod", hasSignOfDividend ? 1 : 0) }

  var opset: Int { 10 }
}

extension Op.Div: ONNXOperator {
  init(reading node: inout NodeReader) throws { self.init() }
  func write(to node: inout NodeWriter) {}
}

extension Op.Sum: ONNXOperator {
  init(reading node: inout NodeReader) throws { self.init() }
  func write(to node: inout NodeWriter) {}
}

extension Op.Min: ONNXOperator {
  init(reading node: inout NodeReader) throws { self.init() }
  func write(to node: inout NodeWriter) {}
}

extension Op.Max: ONNXOperator {
  init(reading node: inout NodeReader) throws { self.init() }
  func write(to node: inout NodeWriter) {}
}

extension Op.Pow: ONNXOperator {
  init(reading node: inout NodeReader) throws { self.init() }
  func write(to node: inout NodeWriter) {}
}
