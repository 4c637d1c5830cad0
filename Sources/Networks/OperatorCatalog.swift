/// Every operator that Espalier knows, by its name in ONNX.
public enum OperatorCatalog {
  /// The operators, by family.
  public static let all: [any Operator.Type] = [
    Op.Conv.self, Op.ConvTranspose.self, Op.Gemm.self, Op.MatMul.self, Op.Einsum.self,
    Op.BatchNormalization.self, Op.InstanceNormalization.self, Op.LayerNormalization.self, Op.LRN.self,
    Op.Relu.self, Op.LeakyRelu.self, Op.PRelu.self, Op.Clip.self, Op.Sigmoid.self, Op.HardSigmoid.self, Op.HardSwish.self,
    Op.Tanh.self, Op.Elu.self, Op.Selu.self, Op.Celu.self, Op.ThresholdedRelu.self, Op.Softplus.self, Op.Softsign.self,
    Op.Gelu.self, Op.Mish.self, Op.Swish.self, Op.Softmax.self, Op.LogSoftmax.self,
    Op.Erf.self, Op.Exp.self, Op.Log.self, Op.Sqrt.self, Op.Abs.self, Op.Neg.self, Op.Reciprocal.self,
    Op.Ceil.self, Op.Floor.self, Op.Round.self, Op.Sign.self, Op.Sin.self, Op.Cos.self,
    Op.MaxPool.self, Op.AveragePool.self, Op.GlobalAveragePool.self, Op.GlobalMaxPool.self, Op.ReduceMean.self,
    Op.ReduceSum.self, Op.ReduceMax.self, Op.ReduceMin.self, Op.ReduceProd.self, Op.ReduceL1.self, Op.ReduceL2.self,
    Op.ReduceSumSquare.self,
    Op.Add.self, Op.Sub.self, Op.Mul.self, Op.Div.self, Op.Mod.self, Op.Sum.self, Op.Min.self, Op.Max.self, Op.Pow.self,
    Op.Equal.self, Op.Greater.self, Op.GreaterOrEqual.self, Op.Less.self, Op.LessOrEqual.self, Op.Not.self, Op.And.self,
    Op.Or.self, Op.Where.self,
    Op.Concat.self, Op.Split.self, Op.Slice.self, Op.Pad.self, Op.Flatten.self, Op.Reshape.self, Op.Squeeze.self,
    Op.Unsqueeze.self, Op.Transpose.self, Op.Resize.self, Op.Expand.self, Op.Tile.self, Op.Dropout.self, Op.Identity.self,
    Op.ConstantValue.self, Op.ConstantOfShape.self, Op.Cast.self, Op.ShapeOf.self, Op.Gather.self, Op.RangeOf.self,
    Op.ScatterND.self, Op.GatherND.self, Op.OneHot.self, Op.EyeLike.self, Op.CumSum.self, Op.NonZero.self,
    Op.GridSample.self, Op.DepthToSpace.self, Op.SpaceToDepth.self,
  ]

  /// The operator of a name, or nil.
  public static func named(_ name: String) -> (any Operator.Type)? { all.first { $0.name == name } }
}
