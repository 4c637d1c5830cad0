import Tensors

/// Hostile versions of a protobuf message that are well formed: fields changed, removed, repeated and exchanged, lengths right.
///
/// It needs no schema: a field with a length is taken as a message where it parses as one. So damage reaches what lies behind the
/// parser, where a flipped bit seldom does.
public struct ProtobufMutator: FileMutator {
  private let root: [ProtobufField]
  private let texts: [[UInt8]]
  private let seed: UInt64

  /// Makes a mutator of one message.
  public init(_ bytes: [UInt8], seed: UInt64 = 1) {
    root = ProtobufField.parse(bytes[...], depth: 0) ?? []
    var texts: [[UInt8]] = []
    for field in root { field.collectTexts(&texts) }
    self.texts = Array(Set(texts)).sorted { $0.lexicographicallyPrecedes($1) }
    self.seed = seed
  }

  /// The message with one to three changes, each at a field that is chosen by walking down from the root.
  public func callAsFunction(_ number: Int) -> [UInt8] {
    var random = Philox(seed: seed, stream: UInt64(number))
    var fields = root
    for _ in 0..<Int.random(in: 1...3, using: &random) { change(&fields, &random) }
    var bytes: [UInt8] = []
    for field in fields { field.encode(into: &bytes) }
    return bytes
  }

  private func change(_ fields: inout [ProtobufField], _ random: inout Philox) {
    guard !fields.isEmpty else { return }
    let position = random.index(fields.count)
    if case .message(var inner) = fields[position].payload, !inner.isEmpty, random.chance(0.9) {
      change(&inner, &random)
      fields[position].payload = .message(inner)
      return
    }
    switch random.index(10) {
    case 0: fields.remove(at: position)
    case 1: fields.insert(fields[position], at: random.index(fields.count + 1))
    case 2: fields.swapAt(position, random.index(fields.count))
    case 3: fields[position].number = [1, 2, 3, 5, 7, 9, 13, 20].randomElement(using: &random) ?? 1
    default: fields[position].payload = value(like: fields[position].payload, &random)
    }
  }

  private func value(like payload: ProtobufField.Payload, _ random: inout Philox) -> ProtobufField.Payload {
    switch payload {
    case .varint(let value):
      return .varint(UInt64(bitPattern: Boundary.integer(near: Int64(bitPattern: value), &random)))
    case .fixed32: return .fixed32((Boundary.floats.randomElement(using: &random) ?? 0).bitPattern)
    case .fixed64: return .fixed64(Double(Boundary.floats.randomElement(using: &random) ?? 0).bitPattern)
    case .message: return .bytes(texts.randomElement(using: &random) ?? [])
    case .bytes(let bytes): return .bytes(changed(bytes, &random))
    }
  }

  private func changed(_ bytes: [UInt8], _ random: inout Philox) -> [UInt8] {
    var bytes = bytes
    switch random.index(6) {
    case 0: return texts.randomElement(using: &random) ?? []
    case 1: return []
    case 2: return [UInt8](repeating: 0x41, count: [1, 300, 70_000].randomElement(using: &random) ?? 1)
    case 3:
      // A float among the weights.
      guard bytes.count >= 4 else { return bytes + [0xFF] }
      let pattern = (Boundary.floats.randomElement(using: &random) ?? 0).bitPattern
      let position = random.index(bytes.count / 4) * 4
      for i in 0..<4 { bytes[position + i] = UInt8(truncatingIfNeeded: pattern >> (8 * UInt32(i))) }
      return bytes
    case 4:
      guard bytes.count >= 8 else { return bytes + bytes }
      let value = Boundary.integers.randomElement(using: &random) ?? 0
      let position = random.index(bytes.count / 8) * 8
      for i in 0..<8 { bytes[position + i] = UInt8(truncatingIfNeeded: value >> (8 * Int64(i))) }
      return bytes
    default: return Array(bytes.prefix(random.index(bytes.count + 1)))
    }
  }
}

/// A field of a protobuf message as it lies on the wire.
private struct ProtobufField: Sendable {
  enum Payload: Sendable {
    case varint(UInt64)
    case fixed64(UInt64)
    case fixed32(UInt32)
    case bytes([UInt8])
    case message([ProtobufField])
  }

  var number: UInt64
  var payload: Payload

  /// The fields of a message, or nil where the bytes are none.
  static func parse(_ bytes: ArraySlice<UInt8>, depth: Int) -> [ProtobufField]? {
    var rest = bytes
    var fields: [ProtobufField] = []
    while !rest.isEmpty {
      guard let key = varint(&rest), key >> 3 > 0, key >> 3 < 1 << 20 else { return nil }
      let payload: Payload
      switch key & 7 {
      case 0:
        guard let value = varint(&rest) else { return nil }
        payload = .varint(value)
      case 1:
        guard let value = fixed(&rest, width: 8) else { return nil }
        payload = .fixed64(value)
      case 5:
        guard let value = fixed(&rest, width: 4) else { return nil }
        payload = .fixed32(UInt32(truncatingIfNeeded: value))
      case 2:
        guard let length = varint(&rest), length <= rest.count else { return nil }
        let body = rest.prefix(Int(length))
        rest = rest.dropFirst(Int(length))
        // Names parse as messages now and then, and weights often: neither short nor long fields are looked into.
        if body.count > 3, body.count < 1 << 22, depth < 8, !isText(body), let inner = parse(body, depth: depth + 1) {
          payload = .message(inner)
        } else {
          payload = .bytes(Array(body))
        }
      default: return nil
      }
      fields.append(ProtobufField(number: key >> 3, payload: payload))
    }
    return fields
  }

  func collectTexts(_ texts: inout [[UInt8]]) {
    switch payload {
    case .message(let inner): for field in inner { field.collectTexts(&texts) }
    case .bytes(let bytes) where bytes.count < 64 && !bytes.isEmpty && ProtobufField.isText(bytes[...]): texts.append(bytes)
    default: return
    }
  }

  func encode(into bytes: inout [UInt8]) {
    func write(_ value: UInt64) {
      var rest = value
      while rest >= 0x80 {
        bytes.append(UInt8(rest & 0x7F | 0x80))
        rest >>= 7
      }
      bytes.append(UInt8(rest))
    }
    switch payload {
    case .varint(let value):
      write(number << 3)
      write(value)
    case .fixed64(let value):
      write(number << 3 | 1)
      for i in 0..<UInt64(8) { bytes.append(UInt8(truncatingIfNeeded: value >> (8 * i))) }
    case .fixed32(let value):
      write(number << 3 | 5)
      for i in 0..<UInt32(4) { bytes.append(UInt8(truncatingIfNeeded: value >> (8 * i))) }
    case .bytes(let body):
      write(number << 3 | 2)
      write(UInt64(body.count))
      bytes += body
    case .message(let inner):
      var body: [UInt8] = []
      for field in inner { field.encode(into: &body) }
      write(number << 3 | 2)
      write(UInt64(body.count))
      bytes += body
    }
  }

  private static func isText(_ bytes: ArraySlice<UInt8>) -> Bool { bytes.allSatisfy { 0x20...0x7E ~= $0 } }

  private static func varint(_ rest: inout ArraySlice<UInt8>) -> UInt64? {
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 64, by: 7) {
      guard let byte = rest.popFirst() else { return nil }
      value |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return value }
    }
    return nil
  }

  private static func fixed(_ rest: inout ArraySlice<UInt8>, width: Int) -> UInt64? {
    guard rest.count >= width else { return nil }
    var value: UInt64 = 0
    for i in 0..<UInt64(width) { value |= UInt64(rest.removeFirst()) << (8 * i) }
    return value
  }
}
