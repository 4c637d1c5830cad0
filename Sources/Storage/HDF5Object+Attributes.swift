internal import CHDF5
import Tensors

extension HDF5Object {
  /// Whether there is an attribute of that name.
  public func hasAttribute(_ name: String) -> Bool {
    (try? access { H5Aexists(handle.id, name) > 0 }) ?? false
  }

  /// Sets an attribute to a text.
  ///
  /// - Throws: `EspalierError` if it cannot be written.
  public func setAttribute(_ name: String, _ text: String) throws { try setAttribute(name, texts: [text], shape: []) }

  /// Sets an attribute to a list of texts.
  ///
  /// - Throws: `EspalierError` if it cannot be written.
  public func setAttribute(_ name: String, _ texts: [String]) throws {
    try setAttribute(name, texts: texts, shape: [texts.count])
  }

  /// Sets an attribute to a number.
  ///
  /// - Throws: `EspalierError` if it cannot be written.
  public func setAttribute<Scalar: HDF5Scalar>(_ name: String, _ value: Scalar) throws {
    try setAttribute(name, Tensor(scalar: value))
  }

  /// Sets an attribute to a list of numbers.
  ///
  /// - Throws: `EspalierError` if it cannot be written.
  public func setAttribute<Scalar: HDF5Scalar>(_ name: String, _ values: [Scalar]) throws {
    try setAttribute(name, Tensor(values, shape: [values.count]))
  }

  /// Sets an attribute to an array of numbers.
  ///
  /// - Throws: `EspalierError` if it cannot be written.
  public func setAttribute<Scalar: HDF5Scalar>(_ name: String, _ tensor: Tensor<Scalar>) throws {
    try setAttribute(name, type: { try Scalar.elementType.makeType() }, shape: tensor.shape) { attribute, type in
      _ = try tensor.elements.withUnsafeBytes {
        try file.written(H5Awrite(attribute.id, type.id, $0.baseAddress))
      }
    }
  }

  /// The numbers of an attribute; nil if there is none of that name.
  ///
  /// - Throws: `EspalierError` if it is damaged or not numbers.
  public func numbers<Scalar: HDF5Scalar>(attribute name: String, as _: Scalar.Type = Scalar.self) throws -> Tensor<Scalar>? {
    try read(attribute: name) { attribute, type, shape, _ in
      guard HDF5ElementType(of: type).isNumeric else { throw EspalierError("is not a number") }
      let memory = try Scalar.elementType.makeType()
      let elements = try [Scalar](unsafeUninitializedCapacity: shape.count) { buffer, count in
        if shape.count > 0 {
          try HDF5Library.check(H5Aread(attribute.id, memory.id, buffer.baseAddress), "cannot be read")
        }
        count = shape.count
      }
      return Tensor(elements, shape: shape)
    }
  }

  /// The number that an attribute is; nil if there is none of that name.
  ///
  /// - Throws: `EspalierError` if it is damaged or not one number.
  public func number<Scalar: HDF5Scalar>(attribute name: String, as _: Scalar.Type = Scalar.self) throws -> Scalar? {
    guard let numbers: Tensor<Scalar> = try numbers(attribute: name) else { return nil }
    return try single(numbers.elements, name)
  }

  /// The texts of an attribute, row-major; nil if there is none of that name.
  ///
  /// - Throws: `EspalierError` if it is damaged or not texts.
  public func texts(attribute name: String) throws -> [String]? {
    try read(attribute: name) { attribute, type, shape, space in
      guard HDF5ElementType(of: type) == .string else { throw EspalierError("is not text") }
      let memory = try TextType(reading: type)
      if memory.length == nil, shape.count > 0, let inspection = file.inspection {
        return try inspection.texts(of: handle, attribute: name)
      }
      return try memory.texts(count: shape.count, space: space) { buffer in
        try HDF5Library.check(H5Aread(attribute.id, memory.handle.id, buffer), "cannot be read")
      }
    }
  }

  /// The text that an attribute is; nil if there is none of that name.
  ///
  /// - Throws: `EspalierError` if it is damaged or not one text.
  public func text(attribute name: String) throws -> String? {
    guard let texts = try texts(attribute: name) else { return nil }
    return try single(texts, name)
  }

  private func single<Value>(_ values: [Value], _ name: String) throws -> Value {
    guard let value = values.first, values.count == 1 else {
      throw EspalierError("holds \(values.count) values", file: file.path, location: "\(path)@\(name)", accepted: "one")
    }
    return value
  }

  private func setAttribute(_ name: String, texts: [String], shape: Shape) throws {
    var memory: TextType?
    try setAttribute(
      name,
      type: {
        let type = try TextType(nil)
        memory = type
        return type.handle
      }, shape: shape
    ) { attribute, type in
      try memory?.withPointers(to: texts) {
        try file.written(H5Awrite(attribute.id, type.id, $0))
      }
    }
  }

  private func setAttribute(
    _ name: String, type makeType: () throws -> HDF5Handle, shape: Shape, write: (HDF5Handle, HDF5Handle) throws -> Void
  ) throws {
    try access("\(path)@\(name)") {
      if H5Aexists(handle.id, name) > 0 { try HDF5Library.check(H5Adelete(handle.id, name), "cannot be replaced") }
      let type = try makeType()
      let space = try shape.makeSpace()
      let attribute = try HDF5Handle(
        H5Acreate2(handle.id, name, type.id, space.id, hid_t(H5P_DEFAULT), hid_t(H5P_DEFAULT)), "cannot be created")
      if shape.count > 0 { try write(attribute, type) }
    }
  }

  private func read<Value>(
    attribute name: String, _ body: (HDF5Handle, HDF5Handle, Shape, HDF5Handle) throws -> Value
  ) throws -> Value? {
    try access("\(path)@\(name)") {
      guard H5Aexists(handle.id, name) > 0 else { return nil }
      let attribute = try HDF5Handle(H5Aopen(handle.id, name, hid_t(H5P_DEFAULT)), "cannot be read")
      let type = try HDF5Handle(H5Aget_type(attribute.id), "its type cannot be read")
      let space = try HDF5Handle(H5Aget_space(attribute.id), "its shape cannot be read")
      let shape = try Shape(of: space)
      guard shape.count <= 1 << 20, H5Tget_size(type.id) <= 1 << 20 else {
        throw EspalierError("claims shape \(shape)", accepted: "an attribute of at most a million values")
      }
      return try body(attribute, type, shape, space)
    }
  }
}
