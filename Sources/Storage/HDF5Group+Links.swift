internal import CHDF5
import Tensors

extension HDF5Group {
  /// Gives a dataset a second name (a hard link).
  ///
  /// - Throws: `EspalierError` if the name is taken or cannot be written.
  public func link(_ dataset: HDF5Dataset, as name: String) throws {
    try access(path(of: name)) {
      try HDF5Library.check(
        H5Lcreate_hard(dataset.handle.id, ".", handle.id, name, hid_t(H5P_DEFAULT), hid_t(H5P_DEFAULT)), "cannot be linked")
    }
  }
}
