import Foundation

/// Makes all threads take their memory from one heap.
///
/// By default glibc gives each thread a heap of its own, and what a worker gives back there no other can take: a pass over
/// ResNet-50's blocks then holds a quarter more. Elsewhere this does nothing. The same as the tool does.
func useOneHeap() {
  guard let symbol = dlsym(nil, "mallopt") else { return }
  let mostHeaps: Int32 = -8  // M_ARENA_MAX of malloc.h, which Swift does not import
  _ = unsafeBitCast(symbol, to: (@convention(c) (Int32, Int32) -> Int32).self)(mostHeaps, 1)
}
