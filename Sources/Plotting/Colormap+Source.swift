import Tensors

extension Colormap {
  /// Compiles a source text to nodes.
  static func compile(_ source: String) throws -> [Node] {
    func failure(_ problem: String) -> EspalierError {
      EspalierError(
        problem + (source.contains(",") ? "" : EspalierError.suggestion(for: source, among: names)),
        place: "colour map \"\(source)\"",
        accepted: "\(names.joined(separator: ", ")), or two or more colours [XX:]RRGGBB with commas between them")
    }
    var parts: [(place: Int?, color: SIMD3<UInt8>)] = []
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
      guard let place = place(halves[0]) else { throw failure("\"\(halves[0])\" is not a place 00…ff") }
      if let last = parts.last(where: { $0.place != nil })?.place, place < last {
        throw failure("place \"\(halves[0])\" comes after a greater one")
      }
      parts.append((place, color))
    }
    guard parts.count >= 2 else { throw failure("fewer than two colours") }
    parts[0].place = parts[0].place ?? 0
    parts[parts.count - 1].place = parts[parts.count - 1].place ?? 255

    var nodes: [Node] = []
    for (index, part) in parts.enumerated() {
      if let place = part.place {
        if nodes.isEmpty, place > 0 { nodes.append(Node(place: 0, color: part.color)) }
        nodes.append(Node(place: place, color: part.color))
      } else {
        let before = index - 1 - parts[..<index].reversed().prefix { $0.place == nil }.count
        let after = index + parts[index...].prefix { $0.place == nil }.count
        let (low, high) = (parts[before].place ?? 0, parts[after].place ?? 255)
        nodes.append(Node(place: low + (high - low) * (index - before) / (after - before), color: part.color))
      }
    }
    return nodes
  }

  private static func place(_ digits: String) -> Int? {
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
