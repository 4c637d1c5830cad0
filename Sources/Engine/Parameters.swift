import COneDNN
import Tensors

/// How a weight is changed before it is used.
///
/// LRP rules are written in these terms.
public enum ParameterForm: Hashable, Sendable {
  /// `positive · max(w, 0) + negative · min(w, 0)`.
  case signed(positive: Float, negative: Float)
  /// `w²`.
  case squared
  /// 1 everywhere.
  case ones

  /// The weight as it is.
  public static let asIs = ParameterForm.signed(positive: 1, negative: 1)
  /// Its positive part, `w⁺`.
  public static let positivePart = ParameterForm.signed(positive: 1, negative: 0)
  /// Its negative part, `w⁻ ≤ 0`.
  public static let negativePart = ParameterForm.signed(positive: 0, negative: 1)

  /// The weights, changed.
  public func applied(to elements: [Float]) -> [Float] {
    var changed = elements
    apply(&changed)
    return changed
  }

  func apply(_ elements: inout [Float]) {
    switch self {
    case .asIs: break
    case .signed(let positive, let negative):
      for i in elements.indices { elements[i] *= elements[i] > 0 ? positive : negative }
    case .squared: for i in elements.indices { elements[i] *= elements[i] }
    case .ones: for i in elements.indices { elements[i] = 1 }
    }
  }
}

/// How a weight is laid out anew before it is used.
enum ParameterTransform: Hashable, Sendable {
  /// The weight's own elements.
  case none
  /// A convolution's `[K, C, 3, 3]` as the planes of ``Winograd``, for the product or the transposed product.
  case winograd(outputs: Int, inputs: Int, isTransposed: Bool)

  /// The number of copies of the target's layout that lie one behind the other.
  var planes: Int { self == .none ? 1 : Winograd.planes }

  func apply(_ elements: inout [Float]) {
    guard case .winograd(let outputs, let inputs, let isTransposed) = self else { return }
    elements = Winograd.spreadWeights(elements, outputs: outputs, inputs: inputs, isTransposed: isTransposed)
  }
}

/// The weights of a graph, and the copies of them that primitives read: one a layout and form, shared by all workers.
///
/// Weights may change between runs (training), never during one.
public final class Parameters: @unchecked Sendable {
  private var values: [String: Tensor<Float>]
  private var prepared: [String: [Prepared]] = [:]

  /// One copy of a weight, in the layout that a primitive wants.
  final class Prepared: @unchecked Sendable {
    let form: ParameterForm
    let factor: Float
    let transform: ParameterTransform
    let source: dnnl_memory_desc_t
    let target: dnnl_memory_desc_t
    let buffer: AlignedBuffer
    private let memories: [Memory]
    private let transfer: Primitive

    init(
      form: ParameterForm, factor: Float, transform: ParameterTransform, source: dnnl_memory_desc_t, target: dnnl_memory_desc_t
    ) throws {
      self.form = form
      self.factor = factor
      self.transform = transform
      self.source = source
      self.target = target
      buffer = AlignedBuffer(byteCount: target.byteCount * transform.planes)
      memories = try (0..<transform.planes).map { [buffer] in try Memory(target, at: buffer.address + $0 * target.byteCount) }
      transfer = try reorder(from: source, to: target)
    }

    func fill(from tensor: Tensor<Float>) throws {
      var elements = tensor.elements
      // The factor is part of the weight: (αw)⁺ is not αw⁺ where α is negative, nor (αw)² αw².
      if factor != 1 { for i in elements.indices { elements[i] *= factor } }
      form.apply(&elements)
      transform.apply(&elements)
      try elements.withUnsafeBytes { bytes in
        guard let base = UnsafeMutableRawPointer(mutating: bytes.baseAddress) else { return }
        let scratch = AlignedBuffer(byteCount: transfer.scratchpad.byteCount)
        let stream = try Stream()
        for (plane, memory) in memories.enumerated() {
          try stream.run(
            transfer,
            [
              (DNNL_ARG_FROM, Memory(source, at: base + plane * source.byteCount)), (DNNL_ARG_TO, memory),
              (DNNL_ARG_SCRATCHPAD, Memory(transfer.scratchpad, at: scratch.address)),
            ])
        }
      }
    }
  }

  /// Takes the floating-point constants of a graph.
  public init(_ constants: [String: Tensor<Float>]) { values = constants }

  /// The names of all weights.
  public var names: [String] { values.keys.sorted() }

  /// A weight as it is now.
  public subscript(name: String) -> Tensor<Float>? { values[name] }

  /// Gives weights new values, of the same shapes, and renews every copy of them.
  ///
  /// - Precondition: no program is running.
  public func update(_ changes: [String: Tensor<Float>]) throws {
    for (name, tensor) in changes {
      precondition(values[name]?.shape == tensor.shape, "parameter '\(name)' changes its shape")
      values[name] = tensor
      for copy in prepared[name] ?? [] { try copy.fill(from: tensor) }
    }
  }

  /// The bytes that the copies take.
  public var byteCount: Int { prepared.values.joined().reduce(0) { $0 + $1.buffer.byteCount } }

  func copy(
    of name: String, form: ParameterForm = .asIs, factor: Float = 1, transform: ParameterTransform = .none,
    source: dnnl_memory_desc_t, target: dnnl_memory_desc_t
  ) throws -> Prepared {
    if let known = prepared[name]?.first(where: {
      $0.form == form && $0.factor == factor && $0.transform == transform && $0.source.matches(source)
        && $0.target.matches(target)
    }) {
      return known
    }
    guard let tensor = values[name] else { throw EspalierError("'\(name)' is not a constant") }
    let copy = try Prepared(form: form, factor: factor, transform: transform, source: source, target: target)
    try copy.fill(from: tensor)
    prepared[name, default: []].append(copy)
    return copy
  }
}
