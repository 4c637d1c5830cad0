import Networks
import Tensors

extension Selection {
  /// The classes that go so that layers have given widths: of each group those that score least.
  func removed(_ widths: [LayerWidth], of groups: ChannelGroups, _ scores: [Double?]) throws -> Set<Int> {
    let linear = Dictionary(groups.map.linear.map { ($0.node, $0.outputs.count) }, uniquingKeysWith: { first, _ in first })
    let names = groups.all.flatMap(\.layers).map(\.name)
    for width in widths where !names.contains(where: { Glob(width.pattern).matches($0) }) {
      throw EspalierError(
        "no layer with filters is called '\(width.pattern)'" + EspalierError.suggestion(for: width.pattern, among: names),
        location: "widths", accepted: EspalierError.list(names))
    }
    var removed: Set<Int> = []
    for group in groups.all {
      var wanted: (layer: String, count: Int)?
      for layer in group.layers {
        guard let width = widths.last(where: { Glob($0.pattern).matches(layer.name) }), let filters = linear[layer.id] else {
          continue
        }
        let count = width.width < 1 ? max(1, Int((width.width * Double(filters)).rounded())) : Int(width.width)
        guard count <= filters else {
          throw EspalierError(
            "\(count) filters are to stay of \(filters)", location: "layer '\(layer.name)'", accepted: "1 to \(filters)")
        }
        // A channel may be several filters of a layer.
        let (channels, rest) = (count * group.channels.count).quotientAndRemainder(dividingBy: filters)
        guard rest == 0, channels > 0 else {
          throw EspalierError(
            "\(count) filters cannot stay: \(filters / max(group.channels.count, 1)) go together",
            location: "layer '\(layer.name)'", accepted: "a multiple of that")
        }
        if let other = wanted, other.count != channels {
          throw EspalierError(
            "it goes together with '\(other.layer)', whose width is another", location: "layer '\(layer.name)'",
            accepted: "one width for both")
        }
        wanted = (layer.name, channels)
      }
      guard let wanted, wanted.count < group.channels.count else { continue }
      if let reason = group.reason {
        throw EspalierError("its filters must stay: \(reason)", location: "layer '\(wanted.layer)'", accepted: "its own width")
      }
      let order = group.removable(inOrder: inOrder(group, scores))
      let count = group.channels.count - wanted.count
      guard count <= order.count else {
        throw EspalierError(
          "\(order.count.of("channel")) may go, and \(count) would have to", location: "layer '\(wanted.layer)'",
          accepted: "a greater width, or scores for all of its filters")
      }
      removed.formUnion(order.prefix(count))
    }
    return removed
  }

  /// The classes whose score is below a bound made of their group's scores; never more than the floor allows.
  func removed(_ threshold: ScoreThreshold, of groups: ChannelGroups, _ scores: [Double?]) -> Set<Int> {
    var removed: Set<Int> = []
    for group in groups.removable {
      let known = group.channels.compactMap { scores[$0.id] }
      guard !known.isEmpty else { continue }
      let bound = threshold.value(of: known)
      for piece in pieces(of: group.removable(inOrder: inOrder(group, scores)), outOf: group.channels.count) {
        guard piece.allSatisfy({ (scores[$0] ?? .infinity) < bound }) else { break }
        removed.formUnion(piece)
      }
    }
    return removed
  }

  /// The classes that go where given output channels of layers are kept.
  func removed(keeping kept: [String: [Int]], of groups: ChannelGroups) throws -> Set<Int> {
    let map = groups.map
    let labels = Dictionary(
      map.linear.compactMap { layer in map.graph.node(id: layer.node).map { ($0.label, layer.outputs) } },
      uniquingKeysWith: { first, _ in first })
    var (gone, stays) = (Set<Int>(), [Int: String]())
    for (name, positions) in kept.sorted(by: { $0.key < $1.key }) {
      let title = "layer '\(name)'"
      guard let outputs = labels[name] else {
        throw EspalierError(
          "there is no such layer" + EspalierError.suggestion(for: name, among: labels.keys.sorted()), location: title,
          accepted: EspalierError.list(labels.keys.sorted()))
      }
      let chosen = Set(positions)
      guard chosen.count == positions.count, !positions.isEmpty, positions.allSatisfy(outputs.indices.contains) else {
        throw EspalierError(
          "its kept channels are \(positions)", location: title, accepted: "different ones from 0 to \(outputs.count - 1)")
      }
      for (position, label) in outputs.enumerated() {
        if chosen.contains(position) { stays[label] = name } else { gone.insert(label) }
      }
    }
    for (name, outputs) in labels.sorted(by: { $0.key < $1.key }) {
      for (position, label) in outputs.enumerated() where gone.contains(label) {
        if let other = stays[label] {
          throw EspalierError(
            "channel \(position) goes together with one of '\(other)' that is kept", location: "layer '\(name)'",
            accepted: "the same for both")
        }
        guard kept[name] != nil else {
          throw EspalierError(
            "channel \(position) would go too, and the layer is not named", location: "layer '\(name)'",
            accepted: "the kept channels of every layer that loses some")
        }
      }
    }
    let reasons = Dictionary(
      groups.all.flatMap { group in group.channels.map { ($0.id, group.reason) } }, uniquingKeysWith: { first, _ in first })
    for id in gone.sorted() {
      guard let reason = reasons[id] ?? "it belongs to no group" else { continue }
      throw EspalierError("channels are to go that must stay: \(reason)", location: "kept", accepted: "keeping them")
    }
    return gone
  }

  /// A group's channels that have scores, the least first.
  private func inOrder(_ group: ChannelGroup, _ scores: [Double?]) -> [Int] {
    group.channels.map(\.id).filter { scores[$0] != nil }.sorted { (scores[$0]!, $0) < (scores[$1]!, $1) }
  }
}
