import Compression
import Tensors

/// A method as a step of a chain, before it is known which network the chain begins from.
public protocol MethodStep: Sendable {
  /// The name by which it is asked for.
  static var name: String { get }

  /// The files that it reads, and the folders of such; no result may replace any of them.
  var files: [String] { get }

  /// All that its result depends on, but the network that it begins from.
  ///
  /// - Parameter origin: the network that the chain begins from.
  /// - Throws: `EspalierError` if an input cannot be read.
  func job(for origin: Model) throws -> JobIdentity

  /// Refuses what cannot come to a result, before anything long is computed.
  ///
  /// - Parameter isFirst: whether no step before changes the network's channels.
  /// - Throws: `EspalierError` telling what would be accepted.
  func check(_ origin: Model, isFirst: Bool) throws

  /// Makes the network, as `CompressionStep` says.
  func apply(_ input: StepInput, in place: StepPlace, origin: Model, _ context: RunContext) throws -> StepOutcome
}

/// A method's step with the network that the chain begins from, and the means to run it.
struct BoundStep: CompressionStep {
  let method: any MethodStep
  let origin: Model
  let context: RunContext

  var name: String { type(of: method).name }
  func job() throws -> JobIdentity { try method.job(for: origin) }
  func apply(_ input: StepInput, in place: StepPlace) throws -> StepOutcome {
    try method.apply(input, in: place, origin: origin, context)
  }
}

extension StepInput {
  /// The network, read as that is read which the chain begins from.
  ///
  /// - Throws: `EspalierError` if the file cannot be read.
  func model(like origin: Model) throws -> Model {
    try origin.alike(path)
  }
}

extension Model {
  /// Another network, read as this one is.
  ///
  /// - Throws: `EspalierError` if the file cannot be read.
  func alike(_ other: String) throws -> Model {
    other == path ? self : try Model(other, output: output, inputs: inputs, axes: axes)
  }
}
