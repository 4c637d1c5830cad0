internal import Networks

extension Op.Equal: ONNXOperator {
  init(reading node: inout NodeReader) throws { self.init() }
  func write(to node: inout NodeWriter) {}
}

extension Op.Greater: ONNXOperator {
  init(reading node: inout NodeReader) throws { self.init() }
  func write(to node: inout NodeWriter) {}
}

extension Op.GreaterOrEqual: ONNXOperator {
  init(reading node: inout NodeReader) throws { self.init() }
  func write(to node: inout NodeWriter) {}
}

extension Op.Less: ONNXOperator {
  init(reading node: inout NodeReader) throws { self.init() }
  func write(to node: inout NodeWriter) {}
}

extension Op.LessOrEqual: ONNXOperator {
  init(reading node: inout NodeReader) throws { self.init() }
  func write(to node: inout NodeWriter) {}
}

extension Op.Not: ONNXOperator {
  init(reading node: inout NodeReader) throws { self.init() }
  func write(to node: inout NodeWriter) {}
}

extension Op.And: ONNXOperator {
  init(reading node: inout NodeReader) throws { self.init() }
  func write(to node: inout NodeWriter) {}
}

extension Op.Or: ONNXOperator {
  init(reading node: inout NodeReader) throws { self.init() }
  func write(to node: inout NodeWriter) {}
}

extension Op.Where: ONNXOperator {
  init(reading node: inout NodeReader) throws { self.init() }
  func write(to node: inout NodeWriter) {}
}
