import Foundation
import Pruning

extension FilterScores {
  /// The bits of every score by layer; nil stands for none.
  var encoded: Data {
    get throws { try JSONEncoder().encode(layers.mapValues { $0.map { $0?.bitPattern } }) }
  }

  init?(encoded: Data) {
    guard let bits = try? JSONDecoder().decode([String: [UInt64?]].self, from: encoded) else { return nil }
    self.init(bits.mapValues { $0.map { $0.map(Double.init(bitPattern:)) } })
  }
}
