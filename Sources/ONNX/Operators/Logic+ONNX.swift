internal import Networks

extension Op.Equal: PlainONNXOperator {}
extension Op.Greater: PlainONNXOperator {}
extension Op.GreaterOrEqual: PlainONNXOperator {}
extension Op.Less: PlainONNXOperator {}
extension Op.LessOrEqual: PlainONNXOperator {}
extension Op.Not: PlainONNXOperator {}
extension Op.And: PlainONNXOperator {}
extension Op.Or: PlainONNXOperator {}
extension Op.Where: PlainONNXOperator {}
