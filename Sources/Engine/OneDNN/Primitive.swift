import COneDNN
import Tensors

/// What a primitive is made for.
enum Direction {
  case inference, training, backwardData, backwardWeights

  var code: Int32 {
    switch self {
    case .inference: Int32(espalier_forward_inference.rawValue)
    case .training: Int32(espalier_forward_training.rawValue)
    case .backwardData: Int32(espalier_backward_data.rawValue)
    case .backwardWeights: Int32(espalier_backward_weights.rawValue)
    }
  }
}

/// Work that oneDNN fuses behind a convolution or an inner product.
enum PostOperation: Hashable {
  /// Adds what the destination held before.
  case sum
  /// An activation.
  case eltwise(dnnl_alg_kind_t, alpha: Float, beta: Float)

  static func == (a: PostOperation, b: PostOperation) -> Bool {
    switch (a, b) {
    case (.sum, .sum): true
    case (.eltwise(let k, let x, let y), .eltwise(let l, let u, let v)): k.rawValue == l.rawValue && x == u && y == v
    default: false
    }
  }

  func hash(into hasher: inout Hasher) {
    if case .eltwise(let kind, let alpha, let beta) = self {
      hasher.combine(kind.rawValue)
      hasher.combine(alpha)
      hasher.combine(beta)
    }
  }
}

/// Owner of a primitive and its descriptor.
///
/// Primitives are read-only once made and run on any thread, because their scratchpad is the caller's
/// (`dnnl_scratchpad_mode_user`): with the library's own scratchpad, two threads sharing one give silently wrong numbers.
final class Primitive: @unchecked Sendable {
  let handle: dnnl_primitive_t
  let descriptor: dnnl_primitive_desc_t

  /// Makes a primitive.
  ///
  /// - Parameter describe: makes the primitive descriptor with the attributes that it is given.
  init(
    _ name: String, post: [PostOperation] = [], describe: (inout dnnl_primitive_desc_t?, dnnl_primitive_attr_t) -> dnnl_status_t
  ) throws {
    var attributes: dnnl_primitive_attr_t?
    try Library.check(dnnl_primitive_attr_create(&attributes), "attribute")
    defer { dnnl_primitive_attr_destroy(attributes) }
    try Library.check(dnnl_primitive_attr_set_scratchpad_mode(attributes, dnnl_scratchpad_mode_user), "scratchpad mode")
    if !post.isEmpty {
      var operations: dnnl_post_ops_t?
      try Library.check(dnnl_post_ops_create(&operations), "post-operations")
      defer { dnnl_post_ops_destroy(operations) }
      for operation in post {
        switch operation {
        case .sum: try Library.check(dnnl_post_ops_append_sum(operations, 1), "sum")
        case .eltwise(let kind, let alpha, let beta):
          try Library.check(dnnl_post_ops_append_eltwise(operations, 1, kind, alpha, beta), "activation")
        }
      }
      try Library.check(dnnl_primitive_attr_set_post_ops(attributes, operations), "post-operations")
    }
    var descriptor: dnnl_primitive_desc_t?
    try Library.check(describe(&descriptor, attributes!), name)
    var handle: dnnl_primitive_t?
    let status = dnnl_primitive_create(&handle, descriptor)
    if status != dnnl_success { dnnl_primitive_desc_destroy(descriptor) }
    try Library.check(status, name)
    self.descriptor = descriptor!
    self.handle = handle!
  }

  deinit {
    dnnl_primitive_destroy(handle)
    dnnl_primitive_desc_destroy(descriptor)
  }

  /// The memory layout that the primitive wants for one of its arguments (`DNNL_ARG_…`).
  func layout(of argument: Int32) -> dnnl_memory_desc_t {
    dnnl_primitive_desc_query_md(descriptor, dnnl_query_exec_arg_md, argument).pointee
  }

  /// The scratchpad's layout.
  var scratchpad: dnnl_memory_desc_t { layout(of: DNNL_ARG_SCRATCHPAD) }

  /// The name of the kernel that oneDNN chose, such as `jit:avx2`.
  var implementation: String {
    var name: UnsafePointer<CChar>?
    guard dnnl_primitive_desc_query(descriptor, dnnl_query_impl_info_str, 0, &name) == dnnl_success, let name else { return "?" }
    return String(cString: name)
  }
}

/// A reordering between two layouts.
func reorder(from source: dnnl_memory_desc_t, to target: dnnl_memory_desc_t) throws -> Primitive {
  var source = source
  var target = target
  return try Primitive("reorder") {
    dnnl_reorder_primitive_desc_create(&$0, &source, Library.engine, &target, Library.engine, $1)
  }
}
