import Networks
import Pruning

/// How tests of selections say scores, and what a selection has left.
extension ChannelGroups {
  /// Scores of every layer's filters, by the layer's name and the filter's position.
  func scores(_ value: (String, Int) -> Double) -> FilterScores {
    FilterScores(
      Dictionary(
        uniqueKeysWithValues: all.flatMap(\.layers).map { layer in
          let count = map.linear.first { $0.node == layer.id }!.outputs.count
          return (layer.name, (0..<count).map { value(layer.name, $0) })
        }))
  }

  /// The positions of the channels that every removable group keeps.
  func kept(without removed: Set<Int>) -> [String: [Int]] {
    Dictionary(
      uniqueKeysWithValues: removable.map { group in
        (group.name, group.channels.indices.filter { !removed.contains(group.channels[$0].id) })
      })
  }
}
