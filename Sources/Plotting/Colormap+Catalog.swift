import Tensors

extension Colormap {
  /// The sources of the named maps, in the order in which they are listed to people: a new map is one line here, or a table in ``tables``.
  private static let sources: KeyValuePairs<String, String> = [
    "coldnhot": "0ff,00f,80:000,f00,ff0,fff",
    "bwr": "00f,80:fff,f00",
    "seismic": "0000d0,80:d0d0d0,d00000",
    "france": "0055a4,80:fff,ef4135",
    "coolio": "00d0d0,80:d0d0d0,d000d0",
    "coleus": "00d000,80:d0d0d0,d000d0",
    "hot": "000,f00,ff0,fff",
    "cold": "000,00f,0ff",
    "wred": "fff,f00",
    "wblue": "fff,00f",
    "gray": "000,fff",
  ]

  /// What a name ends with whose map runs the other way.
  private static let reversedSuffix = "_r"

  /// The names in the catalog.
  ///
  /// First Zennit's: those with a middle, for signed relevance, then those that rise from zero. Then matplotlib's, first those that
  /// rise. Each may have `_r` behind it, for the map the other way round.
  public static let names = sources.map(\.key) + tables.map(\.key)

  /// The map of a name; nil for none.
  static func known(_ name: String) -> Colormap? {
    if let (_, source) = sources.first(where: { $0.key == name }) {
      return (try? compile(source)).map { Colormap(source: source, nodes: $0) }
    }
    if let (_, digits) = tables.first(where: { $0.key == name }) { return Colormap(source: name, nodes: tabled(digits)) }
    guard name.hasSuffix(reversedSuffix) else { return nil }
    return known(String(name.dropLast(reversedSuffix.count))).map { Colormap(source: name, nodes: $0.reversed.nodes) }
  }

  /// The map the other way round.
  public var reversed: Colormap {
    var nodes = nodes.reversed().map { Node(position: 255 - $0.position, color: $0.color) }
    if let first = nodes.first, first.position > 0 { nodes.insert(Node(position: 0, color: first.color), at: 0) }
    return Colormap(source: source + Self.reversedSuffix, nodes: nodes)
  }

  /// The nodes of a table of six hexadecimal digits a colour.
  private static func tabled(_ digits: String) -> [Node] {
    let values = digits.compactMap(\.hexDigitValue)
    func byte(_ start: Int) -> UInt8 { UInt8(16 * values[start] + values[start + 1]) }
    return (0..<values.count / 6).map { position in
      Node(position: position, color: SIMD3(byte(6 * position), byte(6 * position + 2), byte(6 * position + 4)))
    }
  }

  /// Cyan, blue, black in the middle, red, yellow, white: what heat maps are drawn in unless told otherwise.
  public static let coldnhot = named("coldnhot")

  /// Blue, white in the middle, red for correlations; red to white for what is left of an accuracy.
  static let correlations = compiled("2166ac,80:fff,b2182b"), losses = compiled("b2182b,80:f4a582,fff")
  /// White to blue, for shares.
  public static let shares = compiled("f7fbff,6baed6,08306b")

  private static func compiled(_ source: String) -> Colormap {
    guard let map = try? Colormap(source) else { preconditionFailure("a colour map does not compile") }
    return map
  }

  /// The map of a name that is known to be in the catalog; what a user typed goes through ``init(_:)``.
  public static func named(_ name: String) -> Colormap {
    guard let map = known(name) else { preconditionFailure("no colour map is named \(name)") }
    return map
  }
}
