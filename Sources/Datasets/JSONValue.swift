import Foundation
import Tensors

/// Any JSON value, for files whose entries have several forms.
enum JSONValue: Decodable {
  case number(Double)
  case text(String)
  case list([JSONValue])
  case object([String: JSONValue])
  case boolean(Bool)
  case null

  /// Parses a text.
  ///
  /// - Throws: `EspalierError` if it is not JSON.
  init(_ text: String) throws {
    do { self = try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8)) } catch {
      throw EspalierError("is not valid JSON")
    }
  }

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .null
    } else if let value = try? container.decode(Bool.self) {
      self = .boolean(value)
    } else if let value = try? container.decode(Double.self) {
      self = .number(value)
    } else if let value = try? container.decode(String.self) {
      self = .text(value)
    } else if let value = try? container.decode([JSONValue].self) {
      self = .list(value)
    } else {
      self = .object(try container.decode([String: JSONValue].self))
    }
  }

  var number: Double? { if case .number(let value) = self { value } else { nil } }
  var integer: Int? { number.flatMap(Int.init(exactly:)) }
  var text: String? { if case .text(let value) = self { value } else { nil } }
  var list: [JSONValue]? { if case .list(let value) = self { value } else { nil } }
}
