internal import Networks

extension Op.Erf: PlainONNXOperator {}
extension Op.Exp: PlainONNXOperator {}
extension Op.Log: PlainONNXOperator {}
extension Op.Sqrt: PlainONNXOperator {}
extension Op.Abs: PlainONNXOperator {}
extension Op.Neg: PlainONNXOperator {}
extension Op.Reciprocal: PlainONNXOperator {}
extension Op.Ceil: PlainONNXOperator {}
extension Op.Floor: PlainONNXOperator {}

extension Op.Round: PlainONNXOperator {
  var opset: Int { 11 }
}

extension Op.Sign: PlainONNXOperator {
  var opset: Int { 9 }
}

extension Op.Sin: PlainONNXOperator {}
extension Op.Cos: PlainONNXOperator {}
