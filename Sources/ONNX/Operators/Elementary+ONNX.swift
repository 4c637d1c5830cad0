internal import Networks

extension Op.Erf: ONNXOperator {
  init(reading node: inout NodeReader) throws { self.init() }
  func write(to node: inout NodeWriter) {}
}

extension Op.Exp: ONNXOperator {
  init(reading node: inout NodeReader) throws { self.init() }
  func write(to node: inout NodeWriter) {}
}

extension Op.Log: ONNXOperator {
  init(reading node: inout NodeReader) throws { self.init() }
  func write(to node: inout NodeWriter) {}
}

extension Op.Sqrt: ONNXOperator {
  init(reading node: inout NodeReader) throws { self.init() }
  func write(to node: inout NodeWriter) {}
}

extension Op.Abs: ONNXOperator {
  init(reading node: inout NodeReader) throws { self.init() }
  func write(to node: inout NodeWriter) {}
}

extension Op.Neg: ONNXOperator {
  init(reading node: inout NodeReader) throws { self.init() }
  func write(to node: inout NodeWriter) {}
}

extension Op.Reciprocal: ONNXOperator {
  init(reading node: inout NodeReader) throws { self.init() }
  func write(to node: inout NodeWriter) {}
}

extension Op.Ceil: ONNXOperator {
  init(reading node: inout NodeReader) throws { self.init() }
  func write(to node: inout NodeWriter) {}
}

extension Op.Floor: ONNXOperator {
  init(reading node: inout NodeReader) throws { self.init() }
  func write(to node: inout NodeWriter) {}
}

extension Op.Round: ONNXOperator {
  init(reading node: inout NodeReader) throws { self.init() }
  func write(to node: inout NodeWriter) {}
  var opset: Int { 11 }
}

extension Op.Sign: ONNXOperator {
  init(reading node: inout NodeReader) throws { self.init() }
  func write(to node: inout NodeWriter) {}
  var opset: Int { 9 }
}

extension Op.Sin: ONNXOperator {
  init(reading node: inout NodeReader) throws { self.init() }
  func write(to node: inout NodeWriter) {}
}

extension Op.Cos: ONNXOperator {
  init(reading node: inout NodeReader) throws { self.init() }
  func write(to node: inout NodeWriter) {}
}
