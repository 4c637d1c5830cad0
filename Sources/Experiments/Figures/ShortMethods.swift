/// Methods as a figure calls them: the name, with a raised number where it has parameters, which stand in a note.
struct ShortMethods {
  private var parameters: [String] = []

  /// The name of `name:key=value,…`, or of a file of rules.
  mutating func short(_ method: String) -> String {
    var (name, more) = (method, "")
    if let colon = method.firstIndex(of: ":") {
      name = String(method[..<colon])
      let rest = method[method.index(after: colon)...]
      more = rest.split(separator: ",").map { $0.split(separator: "=").joined(separator: " = ") }.joined(separator: ", ")
    } else if let bracket = method.range(of: " (") {
      (name, more) = (String(method[..<bracket.lowerBound]), String(method[bracket.upperBound...].dropLast()))
    }
    if let slash = name.lastIndex(of: "/"), name.hasSuffix(".toml") { name = String(name[name.index(after: slash)...]) }
    guard !more.isEmpty else { return name }
    more = more.replacing("= -", with: "= −")
    if !parameters.contains(more) { parameters.append(more) }
    return "\(name) \(Self.raised((parameters.firstIndex(of: more) ?? 0) + 1))"
  }

  /// What the numbers stand for.
  var note: String {
    parameters.enumerated().map { "\(Self.raised($0.offset + 1)) \($0.element)" }.joined(separator: "   ")
  }

  private static func raised(_ number: Int) -> String {
    let digits = Array("⁰¹²³⁴⁵⁶⁷⁸⁹")
    return String(String(number).compactMap { $0.wholeNumberValue.map { digits[$0] } })
  }
}
