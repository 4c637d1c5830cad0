internal import CHDF5
import Tensors

extension HDF5Dataset {
  /// Makes this dataset of one axis a dimension scale: the coordinates along an axis of others.
  ///
  /// - Parameter name: the axis's name, by default the dataset's.
  /// - Throws: `EspalierError` if it cannot be one.
  public func makeScale(name: String? = nil) throws {
    let name = name ?? String(path.split(separator: "/").last ?? "")
    try access { try HDF5Library.check(H5DSset_scale(handle.id, name), "cannot become a dimension scale") }
  }

  /// Gives an axis its scale, which names it for xarray and other readers.
  ///
  /// - Throws: `EspalierError` if `scale` is not a dimension scale or there is no such axis.
  public func attach(_ scale: HDF5Dataset, axis: Int) throws {
    try access {
      try HDF5Library.check(
        H5DSattach_scale(handle.id, scale.handle.id, UInt32(axis)), "cannot attach scale \(scale.path) to axis \(axis)")
    }
  }

  /// Labels an axis.
  ///
  /// - Throws: `EspalierError` if there is no such axis.
  public func label(axis: Int, _ name: String) throws {
    try access { try HDF5Library.check(H5DSset_label(handle.id, UInt32(axis), name), "cannot label axis \(axis)") }
  }

  /// The name of each axis: its label, or else its scale's name; empty if it has neither.
  ///
  /// - Throws: `EspalierError` if the file is damaged.
  public func axisNames() throws -> [String] {
    let rank = try shape().rank
    return try access {
      if let inspection = file.inspection {
        return try inspection.axisNames(of: handle) ?? [String](repeating: "", count: rank)
      }
      return try (0..<UInt32(rank)).map { axis in
        let label = try readText("cannot read axis \(axis)") { H5DSget_label(handle.id, axis, $0, $1) }
        if !label.isEmpty { return label }
        var name = ""
        guard H5DSget_num_scales(handle.id, axis) > 0 else { return name }
        try withUnsafeMutablePointer(to: &name) { name in
          let visit: H5DS_iterate_t = { _, _, scale, name in
            let text = try? readText("") { H5DSget_scale_name(scale, $0, $1) }
            name?.assumingMemoryBound(to: String.self).pointee = text ?? ""
            return 1
          }
          try HDF5Library.check(H5DSiterate_scales(handle.id, axis, nil, visit, name), "cannot read axis \(axis)")
        }
        return name
      }
    }
  }

  /// Says what the numbers are, in the attributes `units` and `description`.
  ///
  /// - Throws: `EspalierError` if it cannot be written.
  public func describe(units: String? = nil, _ description: String) throws {
    if let units { try setAttribute("units", units) }
    try setAttribute("description", description)
  }
}
