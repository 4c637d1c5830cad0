import Tensors

/// Hostile versions of a PNG whose chunks are whole: their order, number and content changed, lengths and checksums right.
public struct PNGMutator: FileMutator {
  private let chunks: [(type: [UInt8], body: [UInt8])]
  private let seed: UInt64

  /// Makes a mutator of one PNG.
  public init(_ bytes: [UInt8], seed: UInt64 = 1) {
    var chunks: [(type: [UInt8], body: [UInt8])] = []
    var position = 8
    while position + 12 <= bytes.count {
      let length = bytes[position..<position + 4].reduce(0) { $0 << 8 | Int($1) }
      guard position + 12 + length <= bytes.count else { break }
      chunks.append((Array(bytes[position + 4..<position + 8]), Array(bytes[position + 8..<position + 8 + length])))
      position += 12 + length
    }
    self.chunks = chunks
    self.seed = seed
  }

  public func callAsFunction(_ number: Int) -> [UInt8] {
    var random = Philox(seed: seed, stream: UInt64(number))
    var chunks = chunks
    for _ in 0..<Int.random(in: 1...3, using: &random) where !chunks.isEmpty {
      let position = random.chance(0.4) ? 0 : random.index(chunks.count)
      switch random.index(6) {
      case 0: chunks.remove(at: position)
      case 1: chunks.insert(chunks[position], at: random.index(chunks.count + 1))
      case 2:
        chunks[position].type = Array(
          (["PLTE", "tRNS", "IDAT", "gAMA", "iCCP", "IEND"].randomElement(using: &random) ?? "").utf8)
      case 3: chunks[position].body = Mutator(chunks[position].body, seed: random.next())(0)
      default:
        // Width, height, depth, colour type, compression, filter, interlacing.
        guard chunks[position].body.count == 13 else { continue }
        if random.chance(0.5) {
          let value = Boundary.integers.randomElement(using: &random) ?? 0
          let side = random.index(2) * 4
          for i in 0..<4 { chunks[position].body[side + i] = UInt8(truncatingIfNeeded: value >> (8 * (3 - Int64(i)))) }
        } else {
          chunks[position].body[8 + random.index(5)] = [0, 1, 2, 3, 4, 6, 8, 16, 255].randomElement(using: &random) ?? 0
        }
      }
    }
    var bytes: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
    for chunk in chunks {
      bytes += (0..<4).map { UInt8(truncatingIfNeeded: chunk.body.count >> (8 * (3 - $0))) } + chunk.type + chunk.body
      let sum = CRC32.of(chunk.type + chunk.body)
      bytes += (0..<4).map { UInt8(truncatingIfNeeded: sum >> (8 * UInt32(3 - $0))) }
    }
    return bytes
  }
}

/// Hostile versions of a JPEG whose segments are whole: their order, number and content changed, lengths right.
public struct JPEGMutator: FileMutator {
  private let segments: [(marker: UInt8, body: [UInt8])]
  private let scan: [UInt8]
  private let seed: UInt64

  /// Makes a mutator of one JPEG.
  public init(_ bytes: [UInt8], seed: UInt64 = 1) {
    var segments: [(marker: UInt8, body: [UInt8])] = []
    var position = 2
    while position + 4 <= bytes.count, bytes[position] == 0xFF {
      let length = Int(bytes[position + 2]) << 8 | Int(bytes[position + 3])
      guard length >= 2, position + 2 + length <= bytes.count else { break }
      segments.append((bytes[position + 1], Array(bytes[position + 4..<position + 2 + length])))
      position += 2 + length
      if segments.last?.marker == 0xDA { break }
    }
    self.segments = segments
    scan = Array(bytes[min(position, bytes.count)...])
    self.seed = seed
  }

  public func callAsFunction(_ number: Int) -> [UInt8] {
    var random = Philox(seed: seed, stream: UInt64(number))
    var segments = segments
    var scan = scan
    for _ in 0..<Int.random(in: 1...3, using: &random) where !segments.isEmpty {
      let position = random.index(segments.count)
      switch random.index(6) {
      case 0: segments.remove(at: position)
      case 1: segments.insert(segments[position], at: random.index(segments.count + 1))
      case 2: segments[position].marker = [0xC0, 0xC2, 0xC4, 0xDB, 0xDA, 0xDD, 0xE1, 0xEE].randomElement(using: &random) ?? 0xC0
      case 3: scan = Mutator(scan, seed: random.next())(0)
      case 4:
        guard let frame = segments.firstIndex(where: { $0.marker == 0xC0 || $0.marker == 0xC2 }), segments[frame].body.count > 5
        else { continue }
        let side = 1 + 2 * random.index(2)
        let value = [0, 1, 7, 0x7FFF, 0xFFFF].randomElement(using: &random) ?? 0
        (segments[frame].body[side], segments[frame].body[side + 1]) = (UInt8(value >> 8), UInt8(value & 255))
      default: segments[position].body = Mutator(segments[position].body, seed: random.next())(0)
      }
    }
    var bytes: [UInt8] = [0xFF, 0xD8]
    for segment in segments {
      let length = min(segment.body.count + 2, 0xFFFF)
      bytes += [0xFF, segment.marker, UInt8(length >> 8), UInt8(length & 255)] + segment.body
    }
    return bytes + scan
  }
}

/// The checksum of PNG chunks and gzip members (ISO 3309).
enum CRC32 {
  private static let table: [UInt32] = (0..<256).map { byte in
    (0..<8).reduce(UInt32(byte)) { value, _ in value & 1 == 1 ? 0xEDB8_8320 ^ value >> 1 : value >> 1 }
  }

  static func of(_ bytes: [UInt8]) -> UInt32 {
    ~bytes.reduce(~0) { table[Int(($0 ^ UInt32($1)) & 0xFF)] ^ $0 >> 8 }
  }
}
