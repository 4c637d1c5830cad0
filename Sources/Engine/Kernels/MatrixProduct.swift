import COneDNN
import Networks
import Tensors

/// A stack of matrices where it lies: row-major leading axes, and the last two, which may be read as their transpose.
struct MatrixStack {
  let slot: Slot
  /// The shape in memory: leading axes, rows, columns.
  let shape: Shape
  let isTransposed: Bool

  /// The rows that a product sees.
  var rows: Int { isTransposed ? shape[-1] : shape[-2] }
  /// The columns that a product sees.
  var columns: Int { isTransposed ? shape[-2] : shape[-1] }

  /// The same matrices, each as its transpose.
  var transposed: MatrixStack { MatrixStack(slot: slot, shape: shape, isTransposed: !isTransposed) }

  /// How oneDNN is to read them, with leading axes of length 1 before them.
  fileprivate func descriptor(rank: Int) throws -> dnnl_memory_desc_t {
    let missing = [Int](repeating: 1, count: rank - shape.rank)
    var lengths = missing + shape.dimensions
    var strides = missing.map { _ in shape.count } + shape.strides
    if isTransposed {
      lengths.swapAt(rank - 2, rank - 1)
      strides.swapAt(rank - 2, rank - 1)
    }
    return try .strided(lengths, strides)
  }
}

extension PlanBuilder {
  /// `A B` for stacks of matrices by oneDNN; leading axes of length 1 are read again.
  ///
  /// - Returns: `[leading axes, rows of A, columns of B]`, row-major.
  /// - Throws: `EspalierError` if the shapes do not fit, or oneDNN has no product for them.
  func product(_ a: MatrixStack, _ b: MatrixStack, label: String) throws -> Slot {
    guard a.columns == b.rows,
      let leading = Shape.broadcast(Shape(Array(a.shape.dimensions.dropLast(2))), Shape(Array(b.shape.dimensions.dropLast(2))))
    else { throw EspalierError("shapes \(a.shape) and \(b.shape) do not multiply") }
    let shape = Shape(leading.dimensions + [a.rows, b.columns])
    let result = allocate(.plain(shape), name: label)
    guard shape.count > 0, a.columns > 0 else {
      addStep(label, reads: [], writes: [result]) { $0.pointer(result).update(repeating: 0, count: shape.count) }
      return result
    }
    var source = try a.descriptor(rank: shape.rank)
    var weights = try b.descriptor(rank: shape.rank)
    var target = try dnnl_memory_desc_t.rowMajor(shape.dimensions)
    let primitive = try Primitive("matrix product") {
      espalier_matrix_product(&$0, Library.engine, &source, &weights, &target, $1)
    }
    addPrimitive(
      label, primitive,
      reads: [
        (DNNL_ARG_SRC, alias(a.slot, described: source)), (DNNL_ARG_WEIGHTS, alias(b.slot, described: weights)),
      ], writes: [(DNNL_ARG_DST, result)])
    return result
  }
}
