import COneDNN
import Tensors

/// Owner of a stream: the order in which one thread hands work to oneDNN.
final class Stream: @unchecked Sendable {
  private let handle: dnnl_stream_t

  init() throws {
    var handle: dnnl_stream_t?
    try Library.check(dnnl_stream_create(&handle, Library.engine, UInt32(dnnl_stream_default_flags.rawValue)), "stream")
    self.handle = handle!
  }

  deinit { dnnl_stream_destroy(handle) }

  /// Runs a primitive and waits for it.
  func run(_ primitive: Primitive, _ arguments: [(Int32, Memory)]) throws {
    try execute(primitive, arguments.map { dnnl_exec_arg_t(arg: $0.0, memory: $0.1.handle) })
    try wait()
  }

  /// Hands a primitive over.
  func execute(_ primitive: Primitive, _ arguments: [dnnl_exec_arg_t]) throws {
    try arguments.withUnsafeBufferPointer {
      try Library.check(dnnl_primitive_execute(primitive.handle, handle, Int32($0.count), $0.baseAddress), "execution")
    }
  }

  /// Waits for all that was handed over; needed before the host reads a result.
  func wait() throws { try Library.check(dnnl_stream_wait(handle), "wait") }
}
