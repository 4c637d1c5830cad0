import COneDNN
import Glibc
import Tensors

/// Calls `body` with lengths as oneDNN takes them.
func withDimensions<Result>(_ values: [Int], _ body: (UnsafePointer<Int64>) throws -> Result) rethrows -> Result {
  try values.map(Int64.init).withUnsafeBufferPointer { try body($0.baseAddress!) }
}

extension dnnl_memory_desc_t {
  /// A layout that oneDNN may choose.
  static func any(_ shape: [Int]) throws -> dnnl_memory_desc_t { try tagged(shape, dnnl_format_tag_any) }

  /// A layout by name.
  static func tagged(_ shape: [Int], _ tag: dnnl_format_tag_t) throws -> dnnl_memory_desc_t {
    var descriptor = dnnl_memory_desc_t()
    try withDimensions(shape) {
      try Library.check(dnnl_memory_desc_init_by_tag(&descriptor, Int32(shape.count), $0, dnnl_f32, tag), "layout")
    }
    return descriptor
  }

  /// A layout by the distances between neighbours along each axis.
  static func strided(_ shape: [Int], _ strides: [Int]) throws -> dnnl_memory_desc_t {
    var descriptor = dnnl_memory_desc_t()
    try withDimensions(shape) { shapePointer in
      try withDimensions(strides) {
        try Library.check(dnnl_memory_desc_init_by_strides(&descriptor, Int32(shape.count), shapePointer, dnnl_f32, $0), "layout")
      }
    }
    return descriptor
  }

  /// Row-major.
  static func rowMajor(_ shape: [Int]) throws -> dnnl_memory_desc_t { try strided(shape, Shape(shape).strides) }

  /// The bytes that a buffer of this layout needs, padding included.
  var byteCount: Int { withUnsafePointer(to: self) { dnnl_memory_desc_get_size($0) } }

  /// Whether two layouts put every element in the same position.
  func matches(_ other: dnnl_memory_desc_t) -> Bool {
    withUnsafePointer(to: self) { a in withUnsafePointer(to: other) { b in dnnl_memory_desc_equal(a, b) != 0 } }
  }
}

/// Owner of a memory object: a layout and the address of a buffer that somebody else owns.
final class Memory: @unchecked Sendable {
  let handle: dnnl_memory_t

  init(_ descriptor: dnnl_memory_desc_t, at address: UnsafeMutableRawPointer) throws {
    var descriptor = descriptor
    var handle: dnnl_memory_t?
    try Library.check(dnnl_memory_create(&handle, &descriptor, Library.engine, address), "memory")
    self.handle = handle!
  }

  deinit { dnnl_memory_destroy(handle) }
}

/// Owner of 64-byte aligned memory, zeroed when made.
final class AlignedBuffer: @unchecked Sendable {
  let address: UnsafeMutableRawPointer
  let byteCount: Int

  /// The size of a large page; a buffer of several is given them, which spares address look-ups in weights and feature maps.
  private static let largePage = 1 << 21

  init(byteCount: Int) {
    self.byteCount = byteCount
    let isLarge = byteCount >= 2 * AlignedBuffer.largePage
    let room = max(byteCount, 64)
    EngineMemory.take(room)
    address = .allocate(byteCount: room, alignment: isLarge ? AlignedBuffer.largePage : 64)
    if isLarge { madvise(address, room, MADV_HUGEPAGE) }
    address.initializeMemory(as: UInt8.self, repeating: 0, count: room)
  }

  deinit {
    address.deallocate()
    EngineMemory.giveBack(max(byteCount, 64))
  }
}
