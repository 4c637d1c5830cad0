package import Networks

/// An operator that can be read from and written to ONNX files.
///
/// `Operators/` holds the conformances, one file per family.
protocol ONNXOperator: Operator {
  /// How many outputs are computed. Further ones that a file names are dropped if nothing reads them.
  static var outputLimit: Int { get }

  /// The operator with the attributes of a node, whose inputs are brought into the form of opset 18.
  ///
  /// - Throws: `EspalierError` for a form that is not supported.
  init(reading node: inout NodeReader) throws

  /// Sets the attributes that differ from ONNX's defaults or have none, in the form that the writer's operator set has.
  ///
  /// - Throws: `NeedsNewerOpset` if it has none; `EspalierError` for numbers that do not fit their type.
  func write(to node: inout NodeWriter) throws

  /// The oldest operator set that has what the operator says.
  var opset: Int { get }

  /// The inputs whose elements are of a type of their own, not of that which the operator makes, by their position.
  static var inputTypes: [Int: ElementType] { get }

  /// The type of what it makes, where that is not the type of its other inputs.
  static var outputType: ElementType? { get }
}

extension ONNXOperator {
  static var outputLimit: Int { 1 }
  var opset: Int { ONNXSupport.opsets.lowerBound }
  static var inputTypes: [Int: ElementType] { [:] }
  static var outputType: ElementType? { nil }
}

/// An operator without attributes.
protocol PlainONNXOperator: ONNXOperator {
  init()
}

extension PlainONNXOperator {
  init(reading node: inout NodeReader) throws { self.init() }
  func write(to node: inout NodeWriter) throws {}
}

/// What of ONNX can be read and written.
package enum ONNXSupport {
  /// The operator sets whose files are read.
  ///
  /// A newer one may have changed what an operator means.
  package static let opsets = 7...28

  /// Whether an operator can be read and written.
  package static func includes(_ type: any Operator.Type) -> Bool { type is any ONNXOperator.Type }

  /// The type that reads nodes of a name in ONNX.
  static func type(named name: String) -> (any ONNXOperator.Type)? {
    // What became Resize in opset 10 has no type of its own.
    name == "Upsample" ? Op.Resize.self : OperatorCatalog.named(name) as? any ONNXOperator.Type
  }
}
