internal import Networks

extension Op.Equal: PlainONNXOperator {
  static var outputType: ElementType? { .bool }
}
extension Op.Greater: PlainONNXOperator {
  static var outputType: ElementType? { .bool }
}
extension Op.GreaterOrEqual: PlainONNXOperator {
  static var outputType: ElementType? { .bool }
}
extension Op.Less: PlainONNXOperator {
  static var outputType: ElementType? { .bool }
}
extension Op.LessOrEqual: PlainONNXOperator {
  static var outputType: ElementType? { .bool }
}
extension Op.Not: PlainONNXOperator {
  static var outputType: ElementType? { .bool }
}
extension Op.And: PlainONNXOperator {
  static var outputType: ElementType? { .bool }
}
extension Op.Or: PlainONNXOperator {
  static var outputType: ElementType? { .bool }
}
extension Op.Where: PlainONNXOperator {
  static var inputTypes: [Int: ElementType] { [0: .bool] }
}
