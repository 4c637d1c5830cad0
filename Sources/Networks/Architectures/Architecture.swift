import Tensors

/// A network that Espalier can make by name, with seeded weights.
public struct Architecture: Sendable {
  /// The name on the command line.
  public let name: String
  /// The images it was designed for: channels, height, width.
  public let input: [Int]
  /// The classes it was designed for.
  public let classes: Int
  /// Adds the layers behind the input and gives the value of the class scores.
  let body: @Sendable (_ builder: inout NetworkBuilder, _ input: String, _ classes: Int) throws -> String

  /// The network, with a symbolic batch `N`, input `input` `[N, C, H, W]` and output `output` `[N, classes]`.
  ///
  /// - Parameters:
  ///   - classes: the number of scores; that of the design if nil.
  ///   - input: channels, height and width; those of the design if nil.
  ///   - weights: where the weights come from.
  /// - Throws: `EspalierError` naming the layer, if the images are too small for it.
  public func graph(classes: Int? = nil, input: [Int]? = nil, weights: WeightSource = .drawn(seed: 0)) throws -> Graph {
    let classes = classes ?? self.classes
    let input = input ?? self.input
    guard (1...1 << 20).contains(classes) else {
      throw EspalierError("\(classes) classes", location: "architecture '\(name)'", accepted: "1 to 2^20")
    }
    guard input.count == 3, input.allSatisfy({ (1...1 << 14).contains($0) }) else {
      throw EspalierError(
        "input \(input)", location: "architecture '\(name)'", accepted: "channels, height and width, each 1 to 2^14")
    }
    do {
      var builder = NetworkBuilder(name: name, input: input, weights: weights)
      let scores = try body(&builder, "input", classes)
      return try builder.graph(output: scores)
    } catch let error as EspalierError {
      throw EspalierError(
        "\(error.description), for images of \(Shape(input))", location: "architecture '\(name)'",
        accepted: "such as \(Shape(self.input))")
    }
  }

  /// A named architecture.
  ///
  /// - Parameters:
  ///   - classes: the number of scores; that of the design if nil.
  ///   - input: channels, height and width; those of the design if nil.
  ///   - seed: the seed of the weights. Each is drawn from a stream of its own, named as it is.
  /// - Throws: `EspalierError` for a name that is not in ``ArchitectureCatalog``, or images too small.
  public static func named(_ name: String, classes: Int? = nil, input: [Int]? = nil, seed: UInt64 = 0) throws -> Graph {
    guard let architecture = ArchitectureCatalog.all.first(where: { $0.name == name }) else {
      throw EspalierError(unknown: "architecture", name, among: ArchitectureCatalog.all.map(\.name), topic: "architectures")
    }
    return try architecture.graph(classes: classes, input: input, weights: .drawn(seed: seed))
  }
}

/// Every architecture that Espalier knows.
public enum ArchitectureCatalog {
  /// The architectures, by family.
  public static let all: [Architecture] = [
    [.lenet, .vggLike], Architecture.residualsForCIFAR, [.alexnet, .groupedAlexNet], Architecture.vggs, [.googlenet],
    Architecture.resnets, [.mobilenetV2, .densenet121],
  ].flatMap { $0 }
}
