import Networks
import Pruning
import TestSupport
import Tensors
import Testing

/// Which channels go by widths, by a bound on scores, and where it is known which stay.
@Suite struct SelectionRuleTests {
  /// A chain of two convolutions and a linear layer: 6, 8 and 10 filters may go.
  private func vgg() throws -> ChannelGroups { try ChannelGroups(ChannelMap(TinyNetworks.vgg())) }

  @Test func layersKeepTheirWidths() throws {
    let groups = try vgg()
    let falling = groups.scores { Double(-$1 + $0.count) }
    func chosen(_ text: String) throws -> [String: [Int]] {
      try groups.kept(without: Selection(.widths(LayerWidth.list(text)), floor: 0.9).choose(in: groups, by: falling))
    }
    #expect(try chosen("conv1=4 fc1=0.3") == ["conv1": [0, 1, 2, 3], "conv2": Array(0..<8), "fc1": [0, 1, 2]])
    // The last that fits counts; a share leaves one at least.
    #expect(try chosen("*1=2 conv*=0.01 fc2=4") == ["conv1": [0], "conv2": [0], "fc1": [0, 1]])
    #expect(try chosen("conv1=6") == ["conv1": Array(0..<6), "conv2": Array(0..<8), "fc1": Array(0..<10)])
    for (text, words) in [
      ("conv1=7", "7 filters are to stay of 6"), ("conv3=2", "no layer with filters is called 'conv3'"), ("fc2=2", "must stay"),
      ("conv1=1.5", "a whole number"), ("conv1=0", "a whole number"), ("conv1", "is no width"), ("", "there are none"),
    ] {
      let error = #expect(throws: EspalierError.self) { try chosen(text) }
      #expect(error?.description.contains(words) ?? false, "\(text): \(String(describing: error))")
    }
  }

  /// Layers that go together have one width.
  @Test func coupledLayersHaveOneWidth() throws {
    let groups = try ChannelGroups(ChannelMap(TinyNetworks.residual()))
    let rising = groups.scores { Double($1) }
    func choose(_ text: String) throws -> [String: [Int]] {
      try groups.kept(without: Selection(.widths(LayerWidth.list(text))).choose(in: groups, by: rising))
    }
    let group = try #require(groups.removable.first { $0.layers.count > 1 })
    let names = group.layers.map(\.name)
    #expect(try choose("\(names[0])=2")[group.name]?.count == 2)
    #expect(try choose("\(names[0])=2 \(names[1])=2")[group.name]?.count == 2)
    let error = #expect(throws: EspalierError.self) { try choose("\(names[0])=2 \(names[1])=3") }
    #expect(error?.problem.contains("whose width is another") ?? false)
  }

  /// The bounds are those of the closed form: mean 4, standard deviation √(64 / 6) = 3.27 for 0, 2, 2, 4, 6, 10.
  @Test func scoresBelowABoundGo() throws {
    let groups = try vgg()
    let numbers = [0.0, 2, 2, 4, 6, 10]
    let known = groups.scores { name, position in name == "conv1" ? numbers[position] : 5 }
    func chosen(_ text: String, floor: Double = 0, multiple: Int = 1) throws -> [Int]? {
      let selection = Selection(.threshold(try ScoreThreshold(text)), floor: floor, multiple: multiple)
      let left = try groups.kept(without: selection.choose(in: groups, by: known))
      // Equal scores are never below their mean.
      if text.hasPrefix("mean") { #expect(left["conv2"] == Array(0..<8) && left["fc1"] == Array(0..<10)) }
      return left["conv1"]
    }
    #expect(try chosen("mean") == [3, 4, 5])
    // 4 − 0.5 · 3.27 = 2.37; 4 − 3.27 = 0.73; 4 + 3.27 = 7.27; 0.7 · 3.27 = 2.29; 0.6 · 3.27 = 1.96
    #expect(try chosen("mean-0.5sd") == [3, 4, 5])
    #expect(try chosen("mean-1sd") == [1, 2, 3, 4, 5])
    #expect(try chosen("mean+1sd") == [5])
    #expect(try chosen("0.7sd") == [3, 4, 5])
    #expect(try chosen("0.6sd") == [1, 2, 3, 4, 5])
    #expect(try chosen("4") == [3, 4, 5])
    #expect(try chosen("mean+1sd", floor: 0.5) == [3, 4, 5])
    #expect(try chosen("mean-1sd", multiple: 2) == Array(0..<6))
    for text in ["", "sd", "mean1sd", "mean-", "mean-1", "means", "mean-nansd", "inf"] {
      #expect(throws: EspalierError.self, "\(text)") { try ScoreThreshold(text) }
    }
    for text in ["mean", "mean-1.0sd", "mean+0.5sd", "0.3sd", "2.5"] { #expect(try ScoreThreshold(text).description == text) }
  }

  /// What one selection has kept, another keeps again; what goes together and is kept in part is refused.
  @Test(arguments: ["vgg", "residual", "inception", "mobile"]) func keptChannelsAreKeptAgain(name: String) throws {
    let graph = try #require(TinyNetworks.all().first { $0.name == name }?.graph)
    let groups = try ChannelGroups(ChannelMap(graph))
    let some = groups.scores { Double(($1 * 7 + $0.count * 3) % 11) }
    let pruned = try Pruner.prune(groups, by: some, Selection(Budget(.macs, 0.5), floor: 0.2))
    func choose(_ kept: [String: [Int]]) throws -> Set<Int> {
      try Selection(.kept(kept)).choose(in: groups, by: FilterScores([:]))
    }
    #expect(try choose(pruned.kept) == pruned.removed && !pruned.removed.isEmpty)
    let first = try #require(pruned.kept.keys.sorted().first)
    for (kept, words) in [
      (["nothing": [0]], "there is no such layer"), ([first: [0, 0]], "different ones"), ([first: [999]], "different ones"),
      ([first: []], "different ones"),
    ] {
      let error = #expect(throws: EspalierError.self) { try choose(kept) }
      #expect(error?.description.contains(words) ?? false, "\(String(describing: error))")
    }
    // Without one of the layers that go together, it cannot be.
    let coupled = groups.removable.first { $0.layers.count > 1 && pruned.kept[$0.layers[1].name] != nil }
    guard let coupled else { return }
    var partly = pruned.kept
    partly[coupled.layers[1].name] = nil
    #expect(throws: EspalierError.self) { try choose(partly) }
    partly[coupled.layers[1].name] = Array(coupled.channels.indices)
    #expect(throws: EspalierError.self) { try choose(partly) }
  }
}
