import CLAPACK
import Tensors

extension LibraryVersion {
  /// OpenBLAS, which also holds LAPACK.
  public static var openBLAS: LibraryVersion {
    // Such as `OpenBLAS 0.3.21 DYNAMIC_ARCH NO_AFFINITY Haswell MAX_THREADS=64`.
    let words = openblas_get_config().map { String(cString: $0).split(separator: " ") } ?? []
    return LibraryVersion("OpenBLAS", words.count > 1 ? String(words[1]) : "unknown")
  }
}
