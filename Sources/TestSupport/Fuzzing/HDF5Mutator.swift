import Foundation
import Storage
import Tensors

/// Hostile versions of an HDF5 file that libhdf5 finds whole: datasets and attributes removed, renamed, reshaped, of another
/// type, with values that nobody expects.
public struct HDF5Mutator: FileMutator {
  private let root: [String: HDF5Item]
  private let seed: UInt64

  /// Reads the file that is to be changed.
  ///
  /// - Throws: `EspalierError` if it cannot be read.
  public init(_ path: String, seed: UInt64 = 1) throws {
    let file = try HDF5File.open(path)
    defer { file.close() }
    let names = HDF5Mutator.texts(in: try Data(contentsOf: URL(fileURLWithPath: path)))
    root = try HDF5Item.children(of: file, attributes: names)
    self.seed = seed
  }

  public func callAsFunction(_ number: Int) -> [UInt8] {
    var random = Philox(seed: seed, stream: UInt64(number))
    var items = root
    for _ in 0..<Int.random(in: 1...3, using: &random) { HDF5Item.change(&items, &random) }
    let written = try? withTemporaryFolder { folder -> [UInt8] in
      let path = folder.appendingPathComponent("hostile.h5").path
      let file = try HDF5File.create(path)
      for (name, item) in items.sorted(by: { $0.key < $1.key }) { try item.write(to: file, name) }
      try file.commit()
      return [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    }
    return written ?? []
  }

  /// Names that may be those of attributes: libhdf5's list of them is not read, but they all stand in the file.
  private static func texts(in data: Data) -> Set<String> {
    var names: Set<String> = []
    var current: [UInt8] = []
    for byte in data.prefix(1 << 20) {
      if 0x21...0x7E ~= byte {
        current.append(byte)
      } else {
        if 2...40 ~= current.count { names.insert(String(decoding: current, as: UTF8.self)) }
        current = []
      }
    }
    return names
  }
}

/// What stands under a name in an HDF5 file.
private indirect enum HDF5Item: Sendable {
  case numbers(Tensor<Double>, HDF5ElementType, attributes: [String: [String]])
  case texts([String], attributes: [String: [String]])
  case group([String: HDF5Item])

  static func children(of group: HDF5Group, attributes names: Set<String>) throws -> [String: HDF5Item] {
    var items: [String: HDF5Item] = [:]
    for name in try group.children() {
      if group.kind(of: name) == .group {
        items[name] = .group(try children(of: group.group(name), attributes: names))
      } else {
        let dataset = try group.dataset(name)
        var attributes: [String: [String]] = [:]
        for name in names where dataset.hasAttribute(name) {
          if let texts = try? dataset.texts(attribute: name) { attributes[name] = texts }
        }
        if dataset.elementType.isNumeric {
          items[name] = .numbers(try dataset.read(), dataset.elementType, attributes: attributes)
        } else {
          items[name] = .texts([name], attributes: attributes)
        }
      }
    }
    return items
  }

  static func change(_ items: inout [String: HDF5Item], _ random: inout Philox) {
    guard let name = items.keys.sorted().randomElement(using: &random), let item = items[name] else { return }
    if case .group(var inner) = item, random.chance(0.9) {
      change(&inner, &random)
      items[name] = .group(inner)
      return
    }
    switch random.index(8) {
    case 0: items[name] = nil
    case 1:
      items[name] = nil
      items[["data", "label", "x", "..", "ü", String(repeating: "n", count: 5000)].randomElement(using: &random) ?? "x"] = item
    case 2: items[name] = .group([:])
    case 3: items[name] = .texts(["1", "", "\u{0}\u{1}", String(repeating: "t", count: 70_000)], attributes: [:])
    default: items[name] = item.changed(&random)
    }
  }

  private func changed(_ random: inout Philox) -> HDF5Item {
    guard case .numbers(let tensor, let type, var attributes) = self else {
      return .numbers(Tensor([1], shape: [1]), .float32, attributes: [:])
    }
    var lengths = tensor.shape.dimensions
    switch random.index(6) {
    case 0:
      // As many elements in other axes.
      lengths = [[tensor.count], [1] + lengths, lengths + [1], lengths.reversed()].randomElement(using: &random) ?? lengths
      return .numbers(tensor.reshaped(Shape(lengths)), type, attributes: attributes)
    case 1:
      guard let rows = lengths.first, rows > 0 else { return self }
      lengths[0] = random.index(rows)
      let count = lengths.reduce(1, *)
      return .numbers(Tensor(Array(tensor.elements.prefix(count)), shape: Shape(lengths)), type, attributes: attributes)
    case 2:
      return .numbers(
        tensor, [.float32, .uint8, .int64, .uint16, .float64, .uint32].randomElement(using: &random) ?? type,
        attributes: attributes)
    case 3:
      if let name = attributes.keys.sorted().randomElement(using: &random) {
        attributes[name] =
          random.chance(0.5) ? nil : [String(repeating: "a", count: [0, 1, 5000].randomElement(using: &random) ?? 0)]
      }
      return .numbers(tensor, type, attributes: attributes)
    default:
      guard tensor.count > 0 else { return self }
      var elements = tensor.elements
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        let position = random.index(elements.count)
        elements[position] =
          random.chance(0.5)
          ? Double(Boundary.floats.randomElement(using: &random) ?? 0)
          : Double(Boundary.integers.randomElement(using: &random) ?? 0)
      }
      return .numbers(Tensor(elements, shape: tensor.shape), type, attributes: attributes)
    }
  }

  func write(to group: HDF5Group, _ name: String) throws {
    switch self {
    case .group(let items):
      let inner = try group.createGroup(name)
      for (name, item) in items.sorted(by: { $0.key < $1.key }) { try item.write(to: inner, name) }
    case .texts(let texts, let attributes):
      try HDF5Item.set(attributes, on: group.write(texts, to: name))
    case .numbers(let tensor, let type, let attributes):
      let dataset =
        switch type {
        case .float32, .float16: try group.write(tensor.map { Float($0) }, to: name)
        case .uint8, .int8: try group.write(tensor.map { UInt8(truncatingIfNeeded: HDF5Item.integer($0)) }, to: name)
        case .uint16, .int16: try group.write(tensor.map { UInt16(truncatingIfNeeded: HDF5Item.integer($0)) }, to: name)
        case .uint32, .int32: try group.write(tensor.map { UInt32(truncatingIfNeeded: HDF5Item.integer($0)) }, to: name)
        case .int64, .uint64: try group.write(tensor.map { Int64(HDF5Item.integer($0)) }, to: name)
        default: try group.write(tensor, to: name)
        }
      try HDF5Item.set(attributes, on: dataset)
    }
  }

  private static func set(_ attributes: [String: [String]], on object: HDF5Object) throws {
    for (name, texts) in attributes.sorted(by: { $0.key < $1.key }) {
      if texts.count == 1 { try object.setAttribute(name, texts[0]) } else { try object.setAttribute(name, texts) }
    }
  }

  private static func integer(_ value: Double) -> Int64 { Int64(exactly: value.rounded()) ?? (value > 0 ? .max : 0) }
}
