import Networks
import Pruning
import TestSupport
import Tensors
import Testing

/// Which channels go under a budget.
@Suite struct SelectionTests {
  /// A chain of two convolutions and a linear layer: 6, 8 and 10 filters may go.
  private func vgg() throws -> ChannelGroups { try ChannelGroups(ChannelMap(TinyNetworks.vgg())) }

  @Test func theLeastGoFirstEverywhere() throws {
    let groups = try vgg()
    // 24 filters; the scores of conv1 are least, then those of conv2, rising with the position.
    let order = ["conv1": 0.0, "conv2": 100, "fc1": 200, "fc2": 300]
    let removed = try Selection(Budget(.filters, 0.5), floor: 0).choose(
      in: groups, by: groups.scores { order[$0]! + Double($1) })
    #expect(groups.kept(without: removed) == ["conv1": [5], "conv2": [7], "fc1": Array(0..<10)])
  }

  @Test func aFloorStays() throws {
    let groups = try vgg()
    let removed = try Selection(Budget(.filters, 0.5), floor: 0.5).choose(
      in: groups, by: groups.scores { $0 == "conv1" ? 0 : Double($1) })
    #expect(groups.kept(without: removed) == ["conv1": [3, 4, 5], "conv2": [4, 5, 6, 7], "fc1": [5, 6, 7, 8, 9]])
  }

  @Test func layersLoseEqualShares() throws {
    let groups = try vgg()
    let order = ["conv1": 0.0, "conv2": 100, "fc1": 200, "fc2": 300]
    let removed = try Selection(Budget(.filters, 0.5), scope: .layer, floor: 0).choose(
      in: groups, by: groups.scores { order[$0]! + Double($1) })
    #expect(groups.kept(without: removed).mapValues(\.count) == ["conv1": 3, "conv2": 4, "fc1": 5])
  }

  @Test(arguments: [2, 4]) func countsAreMultiples(_ multiple: Int) throws {
    let groups = try vgg()
    let removed = try Selection(Budget(.macs, 0.6), floor: 0, multiple: multiple).choose(
      in: groups, by: groups.scores { name, position in Double((position * 7 + name.count) % 5) })
    let whole = ["conv1": 6, "conv2": 8, "fc1": 10]
    for (name, left) in groups.kept(without: removed) {
      #expect(left.count % multiple == 0 || left.count == whole[name], "\(name): \(left.count)")
    }
  }

  /// Where one channel saves more, it goes before one with the same score.
  @Test func savingsCount() throws {
    let groups = try vgg()
    let live = try LiveNetwork(groups.map)
    let removed = try Selection(Budget(.filters, 23.0 / 24), perSaving: .macs, floor: 0).choose(
      in: groups, by: groups.scores { _, _ in 1 })
    let dearest = groups.removable.max { live.saving($0.channels[0].id).macs < live.saving($1.channels[0].id).macs }!
    #expect(removed == [dearest.channels[0].id])
  }

  @Test func protectedLayersStay() throws {
    let groups = try ChannelGroups(ChannelMap(TinyNetworks.vgg()), protecting: ["conv*"])
    let removed = try Selection(Budget(.filters, 0.75), floor: 0).choose(in: groups, by: groups.scores { Double($1 + $0.count) })
    #expect(groups.kept(without: removed).keys.sorted() == ["fc1"])
    #expect(throws: EspalierError.self) { try ChannelGroups(ChannelMap(TinyNetworks.vgg()), protecting: ["nothing"]) }
  }

  @Test func impossibleBudgetsAreRefused() throws {
    let groups = try vgg()
    let all = groups.scores { Double($1 + $0.count) }
    let error = #expect(throws: EspalierError.self) {
      try Selection(Budget(.macs, 0.01), floor: 0.5).choose(in: groups, by: all)
    }
    #expect(error?.description.contains("macs=0.01 cannot be kept") == true)
    #expect(throws: EspalierError.self) { try Selection(Budget(.macs, 0.5)).choose(in: groups, by: FilterScores([:])) }
    #expect(throws: EspalierError.self) {
      try Selection(Budget(.macs, 0.5)).choose(in: groups, by: FilterScores(["conv1": [1, 2]]))
    }
    #expect(throws: EspalierError.self) {
      try Selection(Budget(.macs, 0.5)).choose(in: groups, by: FilterScores(["conv1": [1, 2, .nan, 4, 5, 6]]))
    }
  }

  @Test(arguments: ["", "macs", "macs=", "macs=0", "macs=1.5", "macs=x", "time=0.5", "macs=0.5=1"])
  func wrongBudgetsAreRefused(_ text: String) {
    #expect(throws: EspalierError.self) { try Budget(text) }
  }

  @Test func savingsAreWhatTheSummarySays() throws {
    for (name, graph) in TinyNetworks.all() {
      let map = try ChannelMap(graph)
      var live = try LiveNetwork(map)
      for id in try randomRemoval(map, seed: 5).sorted() {
        let (before, saving) = (live.cost, live.saving(id))
        live.remove(id)
        #expect(before.macs - live.cost.macs == saving.macs && before.parameters - live.cost.parameters == saving.parameters)
      }
      let summary = try map.graph(without: live.removed).summary()
      #expect(live.cost.macs == summary.macs && live.cost.parameters == summary.parameters, "\(name)")
    }
  }

  @Test func normalisations() throws {
    let scores = FilterScores(["a": [3, -4, 0, 3]])
    #expect(try scores.normalised(.none).layers["a"] == [3, -4, 0, 3])
    #expect(try scores.normalised(.sum).layers["a"] == [0.3, -0.4, 0, 0.3])
    #expect(try scores.normalised(.max).layers["a"] == [0.75, -1, 0, 0.75])
    #expect(try scores.normalised(.rank).layers["a"] == [0.625, 0, 0.25, 0.625])
    expectClose(
      try scores.normalised(.l2).complete("a"), [3, -4, 0, 3].map { $0 / 34.0.squareRoot() }, Tolerance(absolute: 1e-15))
    #expect(try FilterScores(["a": [0, 0]]).normalised(.l2).layers["a"] == [0, 0])
  }

  /// A filter without a score neither changes the scale of the others nor goes; scores that are no numbers are refused by name.
  @Test(arguments: ScoreNormalisation.allCases) func absentAndBrokenScores(_ normalisation: ScoreNormalisation) throws {
    let with = try FilterScores(["a": [3, nil, -4, 0, nil, 3]]).normalised(normalisation).layers["a"]!
    let without = try FilterScores(["a": [3, -4, 0, 3]]).normalised(normalisation).complete("a")
    #expect(with.count == 6 && with[1] == nil && with[4] == nil && with.compactMap { $0 } == without)
    for broken in [Double.nan, .infinity, -.infinity] {
      let error = #expect(throws: EspalierError.self) { try FilterScores(["a": [1, broken, 2]]).normalised(normalisation) }
      #expect(error?.description.contains("layer 'a'") == true && error?.description.contains("filter 1") == true)
    }
  }

  /// The outgoing norm of a half-pinned convolution: its filters without a score stay, and of the others the weakest go.
  @Test(arguments: ScoreNormalisation.allCases) func withoutScoresNothingGoes(_ normalisation: ScoreNormalisation) throws {
    let groups = try vgg()
    let conv2 = try #require(groups.removable.first { $0.name == "conv2" })
    var values = FilterScores(["conv2": [nil, 5, nil, 4, 1, 2, nil, 3], "fc1": (0..<10).map { 1000 + Double($0) }])
    values.layers["conv1"] = (0..<6).map { 1000 + Double($0) }
    let removed = try Selection(Budget(.filters, 21.0 / 24), scope: .layer, normalisation: normalisation, floor: 0).choose(
      in: groups, by: values)
    let gone = conv2.channels.indices.filter { removed.contains(conv2.channels[$0].id) }
    #expect(gone == [4] || gone == [4, 5], "\(gone)")
  }

  /// Of equal negative scores, as of equal positive ones, the channel that saves more goes first.
  @Test(arguments: [1.0, -1]) func savingsWithNegativeScores(_ score: Double) throws {
    let groups = try vgg()
    let live = try LiveNetwork(groups.map)
    let dearest = groups.removable.max { live.saving($0.channels[0].id).macs < live.saving($1.channels[0].id).macs }!
    let removed = try Selection(Budget(.filters, 23.0 / 24), perSaving: .macs, floor: 0).choose(
      in: groups, by: groups.scores { _, _ in score })
    #expect(removed.count == 1 && dearest.channels.contains { removed.contains($0.id) })
  }

  @Test func aBudgetOfTimeNeedsAMeter() throws {
    let groups = try vgg()
    let error = #expect(throws: EspalierError.self) {
      try Selection(Budget(.latency, 0.5)).choose(in: groups, by: groups.scores { Double($1 + $0.count) })
    }
    #expect(error?.description.contains("measurement") == true)
  }

  @Test func nothingMayGo() throws {
    let groups = try ChannelGroups(ChannelMap(TinyNetworks.vgg()), protecting: ["conv*", "fc1"])
    let error = #expect(throws: EspalierError.self) {
      try Selection(Budget(.macs, 0.5)).choose(in: groups, by: groups.scores { Double($1 + $0.count) })
    }
    #expect(error?.description.contains("no filter may go") == true && error?.description.contains("'fc1' is protected") == true)
  }
}
