/// Every operator that Espalier knows, by its name in ONNX.
public enum OperatorCatalog {
  /// The operators, by family.
  public static let all: [any Operator.Type] = [
    Op.Conv.self, Op.ConvTranspose.self, Op.Gemm.self, Op.MatMul.self,
    Op.BatchNormalization.self, Op.LRN.self,
    Op.Relu.self, Op.LeakyRelu.self, Op.PRelu.self, Op.Clip.self, Op.Sigmoid.self, Op.HardSigmoid.self, Op.HardSwish.self,
    Op.Tanh.self, Op.Elu.self, Op.Softmax.self, Op.LogSoftmax.self,
    Op.MaxPool.self, Op.AveragePool.self, Op.GlobalAveragePool.self, Op.GlobalMaxPool.self, Op.ReduceMean.self,
    Op.Add.self, Op.Sub.self, Op.Mul.self, Op.Div.self, Op.Sum.self,
    Op.Concat.self, Op.Split.self, Op.Slice.self, Op.Pad.self, Op.Flatten.self, Op.Reshape.self, Op.Squeeze.self,
    Op.Unsqueeze.self, Op.Transpose.self, Op.Resize.self, Op.Expand.self, Op.Dropout.self, Op.Identity.self,
    Op.ConstantValue.self, Op.ConstantOfShape.self, Op.Cast.self, Op.ShapeOf.self, Op.Gather.self,
  ]

  /// The operator of a name, or nil.
  public static func named(_ name: String) -> (any Operator.Type)? { all.first { $0.name == name } }
}
