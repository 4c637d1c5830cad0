internal import CHDF5
import Foundation
import Tensors

/// An array in a file.
///
/// Its rows — the parts along the first axis — can be read and appended a few at a time.
public final class HDF5Dataset: HDF5Object, @unchecked Sendable {
  /// What one element is in the file; reading converts numbers.
  public let elementType: HDF5ElementType
  private let isFiltered: Bool

  init(opened handle: HDF5Handle, path: String, file: OpenFile) throws {
    let type = try HDF5Handle(H5Dget_type(handle.id), "its type cannot be read")
    let properties = try HDF5Handle(H5Dget_create_plist(handle.id), "its layout cannot be read")
    guard H5Pget_layout(properties.id) != H5D_VIRTUAL, H5Pget_external_count(properties.id) == 0 else {
      throw EspalierError("keeps its elements in other files", accepted: "a dataset that holds its own")
    }
    elementType = HDF5ElementType(of: type)
    isFiltered = try HDF5Dataset.countFilters(of: properties) > 0
    super.init(path: path, file: file, handle: handle)
  }

  /// The number of filters that chunks go through.
  ///
  /// HDF5 1.10 crashes over damaged chunks of those that are refused; few use them, and a look at every chunk beforehand would
  /// take as long as reading all of the file.
  ///
  /// - Throws: `EspalierError` naming one that is refused.
  private static func countFilters(of properties: HDF5Handle) throws -> Int {
    let count = try HDF5Library.check(H5Pget_nfilters(properties.id), "its filters cannot be read")
    let refused = [H5Z_FILTER_SZIP: "szip", H5Z_FILTER_NBIT: "n-bit", H5Z_FILTER_SCALEOFFSET: "scale-offset"]
    for position in 0..<UInt32(count) {
      var (flags, values, configuration) = (UInt32(0), 0, UInt32(0))
      let filter = H5Pget_filter2(properties.id, position, &flags, &values, nil, 0, nil, &configuration)
      if let name = refused[filter] {
        throw EspalierError("is packed by the filter \(name)", accepted: "gzip, shuffle, fletcher32, or no filter")
      }
    }
    return Int(count)
  }

  /// The lengths of the axes; a growing dataset's first one changes.
  ///
  /// - Throws: `EspalierError` if they are absurd.
  public func shape() throws -> Shape {
    try access {
      try Shape(of: HDF5Handle(H5Dget_space(handle.id), "its shape cannot be read"))
    }
  }

  /// Reads everything.
  ///
  /// - Throws: `EspalierError` if the elements are not numbers, are more than the file or the memory can hold, or are
  ///   damaged.
  public func read<Scalar: HDF5Scalar>(as _: Scalar.Type = Scalar.self) throws -> Tensor<Scalar> {
    let shape = try shape()
    return try access { try read(shape, from: hid_t(H5S_ALL), in: hid_t(H5S_ALL)) }
  }

  /// Reads the rows in a range of the first axis.
  ///
  /// - Returns: [rows, …].
  /// - Throws: `EspalierError` as ``read(as:)``, or if the dataset has no such rows.
  public func read<Scalar: HDF5Scalar>(rows: Range<Int>, as _: Scalar.Type = Scalar.self) throws -> Tensor<Scalar> {
    let whole = try shape()
    return try access {
      guard whole.rank > 0, rows.lowerBound >= 0, rows.upperBound <= whole[0] else {
        throw EspalierError("has no rows \(rows.lowerBound) ..< \(rows.upperBound); its shape is \(whole)")
      }
      let part = whole.replacing(axis: 0, with: rows.count)
      let selection = try select(rows, of: whole)
      let space = try part.makeSpace()
      return try read(part, from: selection.id, in: space.id)
    }
  }

  /// Writes rows over those from `start` on.
  ///
  /// - Parameter tensor: [rows, …], the other axes as the dataset's.
  /// - Throws: `EspalierError` if the shapes do not fit or the file cannot be written.
  public func write<Scalar: HDF5Scalar>(_ tensor: Tensor<Scalar>, atRow start: Int) throws {
    let whole = try shape()
    try access {
      guard tensor.shape.rank == whole.rank, whole.rank > 0, start >= 0, start + tensor.shape[0] <= whole[0],
        tensor.shape.dimensions.dropFirst() == whole.dimensions.dropFirst()
      else { throw EspalierError("rows of shape \(tensor.shape) do not fit at row \(start) of shape \(whole)") }
      let selection = try select(start..<start + tensor.shape[0], of: whole)
      let space = try tensor.shape.makeSpace()
      try write(tensor, to: selection.id, from: space.id)
    }
  }

  /// Appends rows to a growing dataset.
  ///
  /// - Parameter tensor: [rows, …], the other axes as the dataset's.
  /// - Throws: `EspalierError` if the shapes do not fit, the dataset cannot grow or the file cannot be written.
  public func append<Scalar: HDF5Scalar>(_ tensor: Tensor<Scalar>) throws {
    let whole = try shape()
    try access {
      guard whole.rank > 0, tensor.shape.rank == whole.rank else {
        throw EspalierError("rows of shape \(tensor.shape) do not fit to shape \(whole)")
      }
      let grown = whole.replacing(axis: 0, with: whole[0] + tensor.shape[0])
      try HDF5Library.check(H5Dset_extent(handle.id, grown.dimensions.map(hsize_t.init)), "cannot grow to \(grown)")
    }
    try write(tensor, atRow: whole[0])
  }

  /// Writes every element.
  func writeAll<Scalar: HDF5Scalar>(_ tensor: Tensor<Scalar>) throws {
    try write(tensor, to: hid_t(H5S_ALL), from: hid_t(H5S_ALL))
  }

  private func read<Scalar: HDF5Scalar>(_ shape: Shape, from selection: hid_t, in space: hid_t) throws -> Tensor<Scalar> {
    guard elementType.isNumeric else {
      throw EspalierError("holds \(elementType.rawValue)s", accepted: "numbers")
    }
    try admit(count: shape.count, size: MemoryLayout<Scalar>.size, stored: elementType.size)
    let type = try Scalar.elementType.makeType()
    let elements = try [Scalar](unsafeUninitializedCapacity: shape.count) { buffer, count in
      if shape.count > 0 {
        try HDF5Library.check(
          H5Dread(handle.id, type.id, space, selection, hid_t(H5P_DEFAULT), buffer.baseAddress), "cannot be read")
      }
      count = shape.count
    }
    return Tensor(elements, shape: shape)
  }

  private func write<Scalar: HDF5Scalar>(_ tensor: Tensor<Scalar>, to selection: hid_t, from space: hid_t) throws {
    guard tensor.count > 0 else { return }
    if elementType == .float16, let tensor = tensor as? Tensor<Float> {
      // HDF5 1.10 rounds ties up; IEEE's rounding, to even, is what NumPy and PyTorch do.
      return try write(tensor.map(Float16.init), to: selection, from: space)
    }
    let type = try Scalar.elementType.makeType()
    _ = try tensor.elements.withUnsafeBufferPointer { elements in
      try file.written(
        H5Dwrite(handle.id, type.id, space, selection, hid_t(H5P_DEFAULT), elements.baseAddress))
    }
  }

  private func select(_ rows: Range<Int>, of whole: Shape) throws -> HDF5Handle {
    let space = try HDF5Handle(H5Dget_space(handle.id), "its shape cannot be read")
    let start = [hsize_t(rows.lowerBound)] + [hsize_t](repeating: 0, count: whole.rank - 1)
    let count = whole.replacing(axis: 0, with: rows.count).dimensions.map(hsize_t.init)
    try HDF5Library.check(H5Sselect_hyperslab(space.id, H5S_SELECT_SET, start, nil, count, nil), "has no rows \(rows)")
    return space
  }

  /// Refuses more elements than the file can hold or the memory take, before memory is asked for.
  ///
  /// Deflate shrinks 1032-fold at best. Datasets may be sparse, so a little is allowed whatever the file's size.
  ///
  /// - Parameters:
  ///   - size: bytes of one element in memory.
  ///   - stored: bytes of one element in the file.
  func admit(count: Int, size: Int, stored: Int) throws {
    let held = max(saturating(file.size, times: isFiltered ? 1032 : 1), 1 << 24)
    guard saturating(count, times: stored) <= held else {
      throw EspalierError("claims \(count) elements, more than a file of \(file.size) bytes can hold")
    }
    let memory = Int(clamping: ProcessInfo.processInfo.physicalMemory)
    guard saturating(count, times: size) <= memory else {
      throw EspalierError("\(count) elements do not fit in memory", accepted: "at most \(memory / max(size, 1)) at a time")
    }
  }
}

/// The product, or the greatest `Int` if it is greater.
private func saturating(_ a: Int, times b: Int) -> Int {
  let (product, overflow) = a.multipliedReportingOverflow(by: b)
  return overflow ? .max : product
}
