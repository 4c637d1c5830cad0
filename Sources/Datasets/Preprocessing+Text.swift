import Files
import Foundation
import Images
import Tensors
internal import TOMLKit

/// A preprocessing as text has these keys, all optional:
///
///     crop-share = 0.875             # 0 … 1
///     resize = 256                   # the shorter side, or [height, width]
///     interpolation = "bilinear"     # or "bicubic", "nearest"
///     crop = 224                     # a square, or [height, width]
///     channels = 3                   # or 1
///     color = "rgb"                  # or "bgr"
///     layout = "nchw"                # or "nhwc"
///     scale = 0.00392156862745098    # 1/255
///     mean = [0.485, 0.456, 0.406]   # one number, or one per channel
///     std = [0.229, 0.224, 0.225]
///     background = 128               # behind transparent pixels, 0 … 255
extension Preprocessing {
  /// The keys of the text forms.
  enum Key: String, CaseIterable {
    case cropShare = "crop-share"
    case resize, interpolation, crop, channels, color, layout, scale, mean, std, background
  }

  /// Reads a TOML file, as of `--preprocess`.
  ///
  /// - Throws: `EspalierError` naming the file and the key that is not understood.
  public init(file path: String) throws {
    self = try naming(file: path) { try Preprocessing(toml: RegularFile.text(path, most: RegularFile.largestSettings)) }
  }

  /// Parses TOML.
  ///
  /// - Throws: `EspalierError` naming the line, or the key that is not understood.
  public init(toml: String) throws {
    let table = try TOMLTable.parsed(toml)
    guard let value = try? JSONValue(table.convert(to: .json)) else {
      throw EspalierError("has a value that is no finite number, text or list")
    }
    try self.init(value)
  }

  /// Parses JSON, as a model's metadata holds it under ``metadataKey``.
  ///
  /// - Throws: `EspalierError` naming the key that is not understood.
  public init(json: String) throws { try self.init(JSONValue(json)) }

  /// The keys of a file of settings.
  package static var keys: [String] { Key.allCases.map(\.rawValue) }

  private init(_ value: JSONValue) throws {
    guard case .object(let fields) = value else { throw EspalierError("is not a table of settings") }
    let known = Preprocessing.keys
    if let stranger = fields.keys.sorted().first(where: { !known.contains($0) }) {
      throw EspalierError(
        "is no setting of a preprocessing" + EspalierError.suggestion(for: stranger, among: known), location: stranger,
        accepted: EspalierError.list(known, topic: "formats"))
    }
    let reader = Fields(values: fields)
    self.init()
    channels = try reader.integer("channels", in: 1...3) ?? 3
    guard channels != 2 else { throw EspalierError("is 2", location: "channels", accepted: "1 or 3") }
    cropShare = try reader.number("crop-share")
    if let cropShare, !(cropShare > 0 && cropShare <= 1) {
      throw EspalierError("is \(cropShare)", location: "crop-share", accepted: "more than 0, at most 1")
    }
    resize = try reader.lengths("resize").map { $0.count == 1 ? .shortSide($0[0]) : .exact(height: $0[0], width: $0[1]) }
    crop = try reader.lengths("crop").map { CropSize(height: $0[0], width: $0[$0.count - 1]) }
    interpolation = try reader.choice("interpolation") ?? .bilinear
    colorOrder = try reader.choice("color") ?? .rgb
    layout = try reader.choice("layout") ?? .nchw
    scale = try reader.number("scale") ?? scale
    mean = try reader.numbers("mean", count: channels) ?? mean
    deviation = try reader.numbers("std", count: channels) ?? deviation
    guard !deviation.contains(0) else { throw EspalierError("has a 0, by which nothing can be divided", location: "std") }
    background = UInt8(try reader.integer("background", in: 0...255) ?? 128)
  }

  /// The key of a model's metadata under which ``json`` is stored.
  public static let metadataKey = "espalier.preprocessing"

  /// The settings as compact JSON with sorted keys.
  public var json: String {
    var fields: [(Key, String)] = [
      (.interpolation, "\"\(interpolation.rawValue)\""), (.channels, "\(channels)"), (.color, "\"\(colorOrder.rawValue)\""),
      (.layout, "\"\(layout.rawValue)\""), (.scale, "\(scale)"), (.mean, list(mean)), (.std, list(deviation)),
      (.background, "\(background)"),
    ]
    if let cropShare { fields.append((.cropShare, "\(cropShare)")) }
    switch resize {
    case .shortSide(let size): fields.append((.resize, "\(size)"))
    case .exact(let height, let width): fields.append((.resize, "[\(height),\(width)]"))
    case nil: break
    }
    if let crop { fields.append((.crop, "[\(crop.height),\(crop.width)]")) }
    return "{" + fields.map { "\"\($0.rawValue)\":\($1)" }.sorted().joined(separator: ",") + "}"
  }

  private func list(_ numbers: [Double]) -> String { "[" + numbers.map { "\($0)" }.joined(separator: ",") + "]" }
}

/// The settings of a table, each checked as it is read.
private struct Fields {
  let values: [String: JSONValue]

  func number(_ key: String) throws -> Double? {
    guard let value = values[key] else { return nil }
    guard let number = value.number, number.isFinite else { throw EspalierError("is not a number", location: key) }
    return number
  }

  func integer(_ key: String, in range: ClosedRange<Int>) throws -> Int? {
    guard let value = values[key] else { return nil }
    guard let integer = value.integer, range.contains(integer) else {
      throw EspalierError("is out of range", location: key, accepted: "\(range.lowerBound) to \(range.upperBound)")
    }
    return integer
  }

  func numbers(_ key: String, count: Int) throws -> [Double]? {
    guard let value = values[key] else { return nil }
    let numbers = value.number.map { [$0] } ?? value.list?.compactMap(\.number) ?? []
    guard [1, count].contains(numbers.count), numbers.allSatisfy(\.isFinite),
      value.list.map({ $0.count == numbers.count }) ?? true
    else {
      throw EspalierError("does not fit", location: key, accepted: count == 1 ? "a number" : "a number, or \(count) of them")
    }
    return numbers
  }

  func lengths(_ key: String) throws -> [Int]? {
    guard let value = values[key] else { return nil }
    let lengths = value.integer.map { [$0] } ?? value.list?.compactMap(\.integer) ?? []
    guard lengths.count == value.list?.count ?? 1, 1...2 ~= lengths.count, lengths.allSatisfy({ 1...16384 ~= $0 }) else {
      throw EspalierError("is not a size", location: key, accepted: "a number of pixels, or [height, width], at most 16384")
    }
    return lengths
  }

  func choice<Choice: RawRepresentable & CaseIterable>(_ key: String) throws -> Choice? where Choice.RawValue == String {
    guard let value = values[key] else { return nil }
    guard let choice = value.text.flatMap(Choice.init(rawValue:)) else {
      let known = Choice.allCases.map(\.rawValue)
      throw EspalierError(
        "is not known" + EspalierError.suggestion(for: value.text ?? "", among: known), location: key,
        accepted: EspalierError.list(known))
    }
    return choice
  }
}
