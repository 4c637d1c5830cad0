import Tensors

extension Colormap {
  /// Compiles a source text to nodes.
  static func compile(_ source: String) throws -> [Node] {
    func failure(_ problem: String) -> EspalierError {
      EspalierError(
        problem + (source.contains(",") ? "" : EspalierError.suggestion(for: source, among: names)),
        location: "colour map \"\(source)\"",
        accepted:
          "\(names.joined(separator: ", ")), each also with _r behind it, or two or more colours [XX:]RRGGBB with commas between them"
      )
    }
    var parts: [(position: Int?, color: SIMD3<UInt8>)] = []
    for part in source.split(separator: ",", omittingEmptySubsequences: false) {
      let text = String(part.filter { !$0.isWhitespace })
      let halves = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
      guard let digits = halves.last, halves.count <= 2, let color = color(digits) else {
        throw failure("\"\(text)\" is not a colour")
      }
      guard halves.count == 2 else {
        parts.append((nil, color))
        continue
      }
      guard let position = position(halves[0]) else { throw failure("\"\(halves[0])\" is not a position 00…ff") }
      if let last = parts.last(where: { $0.position != nil })?.position, position < last {
        throw failure("position \"\(halves[0])\" comes after a greater one")
      }
      parts.append((position, color))
    }
    guard parts.count >= 2 else { throw failure("fewer than two colours") }
    parts[0].position = parts[0].position ?? 0
    parts[parts.count - 1].position = parts[parts.count - 1].position ?? 255

    var nodes: [Node] = []
    for (index, part) in parts.enumerated() {
      if let position = part.position {
        if nodes.isEmpty, position > 0 { nodes.append(Node(position: 0, color: part.color)) }
        nodes.append(Node(position: position, color: part.color))
      } else {
        let before = index - 1 - parts[..<index].reversed().prefix { $0.position == nil }.count
        let after = index + parts[index...].prefix { $0.position == nil }.count
        let (low, high) = (parts[before].position ?? 0, parts[after].position ?? 255)
        nodes.append(Node(position: low + (high - low) * (index - before) / (after - before), color: part.color))
      }
    }
    return nodes
  }

  private static func position(_ digits: String) -> Int? {
    guard let values = hexadecimal(digits) else { return nil }
    switch values.count {
    case 1: return 17 * values[0]
    case 2: return 16 * values[0] + values[1]
    default: return nil
    }
  }

  private static func color(_ digits: String) -> SIMD3<UInt8>? {
    guard let values = hexadecimal(digits) else { return nil }
    switch values.count {
    case 3: return SIMD3(UInt8(17 * values[0]), UInt8(17 * values[1]), UInt8(17 * values[2]))
    case 6:
      return SIMD3(
        UInt8(16 * values[0] + values[1]), UInt8(16 * values[2] + values[3]), UInt8(16 * values[4] + values[5]))
    default: return nil
    }
  }

  private static func hexadecimal(_ digits: String) -> [Int]? {
    let values = digits.compactMap { $0.isASCII ? $0.hexDigitValue : nil }
    return values.count == digits.count ? values : nil
  }
}
