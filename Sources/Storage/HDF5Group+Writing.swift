internal import CHDF5
import Tensors

extension HDF5Group {
  /// Makes an empty dataset, and the groups above it that are missing.
  ///
  /// - Parameters:
  ///   - name: its path.
  ///   - elementType: what an element is in the file.
  ///   - shape: the lengths of the axes.
  ///   - grows: whether rows can be appended; the first axis is then unlimited, and `shape` is where it starts.
  ///   - gzip: the level of compression, 0 ... 9; nil for none.
  /// - Throws: `EspalierError` if the name is taken or cannot be written.
  public func createDataset(
    _ name: String, of elementType: HDF5ElementType, shape: Shape, grows: Bool = false, gzip: Int? = nil
  ) throws -> HDF5Dataset {
    precondition(!grows || shape.rank > 0, "a scalar cannot grow")
    precondition(gzip.map { (0...9).contains($0) } ?? true, "a level of compression is 0 to 9")
    return try access(path(of: name)) {
      let type = try elementType.makeType()
      return try create(name, type, shape, grows: grows, gzip: gzip, elementSize: elementType.size)
    }
  }

  /// Writes a tensor as a new dataset.
  ///
  /// - Parameters:
  ///   - tensor: the elements.
  ///   - name: the dataset's path.
  ///   - elementType: what an element is in the file; by default what it is here. `float16` halves the room of maps.
  ///   - gzip: the level of compression, 0 ... 9; nil for none.
  /// - Throws: `EspalierError` if the name is taken or cannot be written.
  @discardableResult
  public func write<Scalar: HDF5Scalar>(
    _ tensor: Tensor<Scalar>, to name: String, as elementType: HDF5ElementType = Scalar.elementType, gzip: Int? = nil
  ) throws -> HDF5Dataset {
    let dataset = try createDataset(name, of: elementType, shape: tensor.shape, gzip: gzip)
    try dataset.access { try dataset.writeAll(tensor) }
    return dataset
  }

  /// Writes a list of texts as a new dataset of one axis, in UTF-8 of variable length, or of the longest's length.
  ///
  /// - Throws: `EspalierError` if the name is taken or cannot be written.
  @discardableResult
  public func write(_ texts: [String], to name: String, fixedLength: Bool = false) throws -> HDF5Dataset {
    try access(path(of: name)) {
      let type = try TextType(fixedLength ? texts.map(\.utf8.count).max() ?? 0 : nil)
      let dataset = try create(
        name, type.handle, [texts.count], grows: false, gzip: nil, elementSize: type.length ?? 16)
      try type.withPointers(to: texts) { pointer in
        try file.written(
          H5Dwrite(dataset.handle.id, type.handle.id, hid_t(H5S_ALL), hid_t(H5S_ALL), hid_t(H5P_DEFAULT), pointer))
      }
      return dataset
    }
  }

  private func create(
    _ name: String, _ type: HDF5Handle, _ shape: Shape, grows: Bool, gzip: Int?, elementSize: Int
  ) throws -> HDF5Dataset {
    let properties = try HDF5Handle(H5Pcreate(shim_H5P_DATASET_CREATE()), "cannot be created")
    try HDF5Library.check(H5Pset_obj_track_times(properties.id, false), "cannot be created")
    if shape.rank > 0 && (grows || gzip != nil) {
      let chunk = chunkShape(of: shape, elementSize: elementSize, grows: grows)
      try HDF5Library.check(H5Pset_chunk(properties.id, Int32(chunk.count), chunk), "cannot be created")
    }
    if let gzip, shape.rank > 0 {
      try HDF5Library.check(H5Pset_shuffle(properties.id), "cannot be compressed")
      try HDF5Library.check(H5Pset_deflate(properties.id, UInt32(gzip)), "cannot be compressed")
    }
    let space = try shape.makeSpace(grows: grows)
    try makeGroups(above: name)
    let dataset = try HDF5Handle(
      H5Dcreate2(handle.id, name, type.id, space.id, hid_t(H5P_DEFAULT), properties.id, hid_t(H5P_DEFAULT)), "cannot be created")
    return try HDF5Dataset(opened: dataset, path: path(of: name), file: file)
  }

  /// As many whole rows as make about 256 KiB, so that a few rows can be read or appended at little cost.
  private func chunkShape(of shape: Shape, elementSize: Int, grows: Bool) -> [hsize_t] {
    let row = shape.dimensions.dropFirst().reduce(elementSize) { $0 * max($1, 1) }
    let rows = max(1, (1 << 18) / max(row, 1))
    let first = grows ? rows : min(rows, max(shape[0], 1))
    return [hsize_t(first)] + shape.dimensions.dropFirst().map { hsize_t(max($0, 1)) }
  }
}

extension Shape {
  /// A space of the library's with this shape.
  ///
  /// Runs under the library's lock.
  func makeSpace(grows: Bool = false) throws -> HDF5Handle {
    let lengths = dimensions.map(hsize_t.init)
    var limits = lengths
    if grows { limits[0] = shim_H5S_UNLIMITED() }
    return try HDF5Handle(
      lengths.isEmpty ? H5Screate(H5S_SCALAR) : H5Screate_simple(Int32(rank), lengths, limits), "cannot make shape \(self)")
  }

  /// The shape of a space of the library's.
  ///
  /// Runs under the library's lock.
  init(of space: HDF5Handle) throws {
    if H5Sget_simple_extent_type(space.id) == H5S_NULL {
      self = [0]
      return
    }
    let rank = try HDF5Library.check(H5Sget_simple_extent_ndims(space.id), "its shape cannot be read")
    var lengths = [hsize_t](repeating: 0, count: Int(rank))
    try HDF5Library.check(H5Sget_simple_extent_dims(space.id, &lengths, nil), "its shape cannot be read")
    self = try Shape(validating: lengths.map(Int.init(clamping:)))
  }
}
