import Foundation

/// What made a figure or a table; it stands in the file's properties.
public struct FigureOrigin: Hashable, Sendable {
  /// The title.
  public var title: String?
  /// The program and its version, with the libraries that draw.
  public var software = "espalier"
  /// The command, without where the result goes.
  public var command: String?
  /// The files that were read, each with its digest.
  public var inputs: [Input] = []

  /// A file that was read.
  public struct Input: Hashable, Sendable {
    /// The file's name.
    public var name: String
    /// Its digest, such as `sha256:…`.
    public var digest: String

    /// Makes an input.
    public init(name: String, digest: String) { (self.name, self.digest) = (name, digest) }
  }

  /// Makes an origin.
  public init(title: String? = nil, software: String = "espalier", command: String? = nil, inputs: [Input] = []) {
    (self.title, self.software, self.command, self.inputs) = (title, software, command, inputs)
  }

  /// The inputs in a line.
  public var inputsText: String { inputs.map { "\($0.name) \($0.digest)" }.joined(separator: "; ") }

  /// What stands in files, by key.
  public var fields: [(key: String, value: String)] {
    [("Title", title), ("Software", software), ("Source", command), ("Comment", inputs.isEmpty ? nil : inputsText)]
      .compactMap { key, value in value.map { (key, $0) } }
  }

  /// A PNG file with the fields (iTXt) and its resolution (pHYs) behind its header.
  ///
  /// Source: W3C, "Portable Network Graphics", 2nd edition, 11.3.4.5 and 11.3.5.3.
  public func inserted(intoPNG bytes: [UInt8], pixelsPerInch: Double) -> [UInt8] {
    // Eight bytes of signature, and IHDR of 25.
    let header = 33
    func big(_ number: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: number >> (24 - 8 * UInt32($0))) } }
    func chunk(_ type: String, _ data: [UInt8]) -> [UInt8] {
      let body = Array(type.utf8) + data
      return big(UInt32(data.count)) + body + big(FigureOrigin.crc(body))
    }
    let perMetre = UInt32(min(4e9, (pixelsPerInch / 0.0254).rounded()))
    var chunks = chunk("pHYs", big(perMetre) + big(perMetre) + [1])
    for (key, value) in fields {
      // Keyword, not compressed, no language, no translated keyword, text.
      let text = value.replacingOccurrences(of: "\0", with: "\u{FFFD}")
      chunks += chunk("iTXt", Array(key.utf8) + [0, 0, 0, 0, 0] + Array(text.utf8))
    }
    return bytes[..<header] + chunks + bytes[header...]
  }

  private static let table: [UInt32] = (0..<256).map { start in
    (0..<8).reduce(UInt32(start)) { value, _ in value & 1 == 1 ? 0xEDB8_8320 ^ value >> 1 : value >> 1 }
  }

  private static func crc(_ bytes: [UInt8]) -> UInt32 {
    ~bytes.reduce(~UInt32(0)) { table[Int(($0 ^ UInt32($1)) & 0xFF)] ^ $0 >> 8 }
  }

  /// An SVG file with the fields as its title and description, and with names that do not depend on what was drawn before.
  func inserted(intoSVG bytes: [UInt8]) -> [UInt8] {
    var text = FigureOrigin.renamed(String(decoding: bytes, as: UTF8.self))
    func escaped(_ text: String) -> String {
      let plain = text.unicodeScalars.map { $0.value < 0x20 && $0 != "\n" ? "\u{FFFD}" : Character($0) }
      return String(plain).replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "<", with: "&lt;")
        .replacingOccurrences(of: ">", with: "&gt;")
    }
    let title = title.map { "<title>\(escaped($0))</title>\n" } ?? ""
    let description = fields.filter { $0.key != "Title" }.map { "\($0.key): \($0.value)" }.joined(separator: "\n")
    if let start = text.range(of: "<svg"), let end = text.range(of: ">\n", range: start.upperBound..<text.endIndex) {
      text.insert(contentsOf: "\(title)<desc>\(escaped(description))</desc>\n", at: end.upperBound)
    }
    return Array(text.utf8)
  }

  /// cairo numbers what it defines through the life of the process; here by the order in the file.
  private static func renamed(_ text: String) -> String {
    guard let pattern = try? NSRegularExpression(pattern: "(id=\"|href=\"#|url\\(#)([A-Za-z]+)([0-9]+)(-[0-9]+)?") else {
      return text
    }
    let whole = text as NSString
    var (result, last) = ("", 0)
    var names: [String: Int] = [:]
    for match in pattern.matches(in: text, range: NSRange(location: 0, length: whole.length)) {
      let (kind, number) = (whole.substring(with: match.range(at: 2)), whole.substring(with: match.range(at: 3)))
      let place = names[kind + number] ?? names.count
      names[kind + number] = place
      result += whole.substring(with: NSRange(location: last, length: match.range(at: 3).location - last)) + "\(place)"
      last = match.range(at: 3).location + match.range(at: 3).length
    }
    return result + whole.substring(from: last)
  }
}
