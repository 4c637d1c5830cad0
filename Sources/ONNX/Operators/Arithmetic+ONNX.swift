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
