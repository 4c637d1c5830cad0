/// How a network lies in its file, beside what it computes: a writer puts it back.
///
/// Rewrites of a graph carry it along unchanged. What it says of values that a rewrite took away is passed over; of a value that
/// a rewrite made, nothing is known, and its element type follows from its neighbours'.
public struct FileForm: Hashable, Sendable {
  /// What a file declares of a value.
  public struct Declaration: Hashable, Sendable {
    /// The type of its elements.
    public var type: ElementType
    /// The lengths of its axes, nil for one that is left open; nil as a whole where none are declared.
    public var dimensions: [Dimension?]?
    /// What the file says about it for people.
    public var documentation: String

    /// Makes a declaration.
    public init(type: ElementType, dimensions: [Dimension?]?, documentation: String = "") {
      self.type = type
      self.dimensions = dimensions
      self.documentation = documentation
    }
  }

  /// A set of operators of another domain than ONNX's own, and its version.
  public struct OperatorSet: Hashable, Sendable {
    public var domain: String
    public var version: Int

    /// Makes a set.
    public init(domain: String, version: Int) {
      self.domain = domain
      self.version = version
    }
  }

  /// The version of ONNX's own operators.
  public var opset: Int
  /// How the file calls their domain: nothing, or `ai.onnx`.
  public var domainName = ""
  /// Other operators that the file imports.
  public var otherSets: [OperatorSet] = []
  /// The version of the format.
  public var formatVersion: Int
  /// Who made the file, and the model's own domain and version; nil or empty where nothing is said.
  public var producer = ""
  public var producerVersion = ""
  public var domain = ""
  public var modelVersion: Int?
  /// The types of elements of values, by name.
  public var elementTypes: [String: ElementType] = [:]
  /// What is declared of inputs, outputs and values between, by name.
  public var declarations: [String: Declaration] = [:]
  /// The values between that are declared, in the file's order.
  public var declaredValues: [String] = []
  /// The names listed as inputs, in the file's order; constants may be among them.
  public var listedInputs: [String] = []
  /// Documentation and properties of nodes, by the node's number.
  public var nodeDocumentation: [Int: String] = [:]
  public var nodeProperties: [Int: [String: String]] = [:]
  /// Properties of the graph.
  public var graphProperties: [String: String] = [:]

  /// Makes the form of a file of which nothing more is known.
  public init(opset: Int, formatVersion: Int) {
    self.opset = opset
    self.formatVersion = formatVersion
  }

  /// The types of floating-point elements that the file holds beside float32.
  public var otherFloats: [ElementType] {
    Set(elementTypes.values).filter { $0.isFloat && $0 != .float }.sorted { $0.rawValue < $1.rawValue }
  }
}
