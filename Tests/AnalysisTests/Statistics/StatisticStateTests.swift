import Analysis
import Foundation
import Tensors
import TestSupport
import Testing

/// What every statistic of the forward phase must do, whatever it computes.
@Suite struct StatisticStateTests {
  static let statistics = StatisticCatalog.all.filter { $0.phase == .forward }.map { StatisticCase($0) }

  /// A type as a test's argument.
  struct StatisticCase: Sendable, CustomTestStringConvertible {
    let type: any Statistic.Type
    init(_ type: any Statistic.Type) { self.type = type }
    var testDescription: String { type.name }
  }

  static let settings: StatisticSettings = {
    var settings = StatisticSettings()
    (settings.thinning, settings.resolution, settings.bins, settings.top) = (4, 32, 10, 3)
    return settings
  }()

  /// One file a statistic, one line a file.
  @Test func everyStatisticFileHasItsLine() throws {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
      "../../../Sources/Analysis/Statistics")
    let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).map {
      $0.replacingOccurrences(of: ".swift", with: "")
    }.filter { $0.hasSuffix("Statistic") && $0 != "Statistic" }
    #expect(Set(files) == Set(StatisticCatalog.all.map { "\($0)" }))
    #expect(Set(StatisticCatalog.all.map { $0.name }).count == StatisticCatalog.all.count)
  }

  /// Layouts, and an interruption at any shard, change no bit.
  @Test(arguments: statistics)
  func bitsDoNotDependOnLayoutOrInterruption(of statistic: StatisticCase) throws {
    func check<S: Statistic>(_ type: S.Type) throws {
      let images = StatisticImages(SiteShape(channels: 13, height: 5, width: 7), images: 23)
      let whole = images.learn(type, Self.settings, shard: 2)
      let bytes = whole.state.bytes
      #expect(images.learn(type, Self.settings, shard: 2, block: 16).state.bytes == bytes)
      let shards = images.shards(type, Self.settings, shard: 2)
      for cut in 1..<shards.count {
        var first = shards[0]
        for shard in shards[1..<cut] { first.merge(shard) }
        var whole = S(images.site, Self.settings)
        var decoder = StateDecoder(first.state.bytes)
        try whole.decode(from: &decoder)
        #expect(decoder.isAtEnd)
        for shard in shards[cut...] { whole.merge(shard) }
        #expect(whole.state.bytes == bytes, "cut before shard \(cut)")
      }
      // Bit patterns, so that NaN equals NaN.
      var restored = S(images.site, Self.settings)
      var decoder = StateDecoder(bytes)
      try restored.decode(from: &decoder)
      #expect(
        restored.results.map { $0.values.elements.map(\.bitPattern) }
          == whole.results.map { $0.values.elements.map(\.bitPattern) })
    }
    try check(statistic.type)
  }

  /// Where a statistic says that it merges exactly, it has the same bits however shards are grouped.
  @Test(arguments: statistics.filter { $0.type.mergesExactly })
  func groupingChangesNothing(of statistic: StatisticCase) {
    func check<S: Statistic>(_ type: S.Type) {
      let images = StatisticImages(SiteShape(channels: 13, height: 5, width: 7), images: 41)
      let bytes = images.learn(type, Self.settings, shard: 2).state.bytes
      for size in [1, 2, 3, 8, 40] {
        var whole: S?
        let shards = images.shards(type, Self.settings, shard: 2)
        for start in stride(from: 0, to: shards.count, by: size).reversed() {
          let group = shards[start..<min(start + size, shards.count)]
          var first = group.first!
          for shard in group.dropFirst() { first.merge(shard) }
          if let later = whole { first.merge(later) }
          whole = first
        }
        #expect(whole?.state.bytes == bytes, "groups of \(size)")
      }
    }
    check(statistic.type)
  }

  /// A damaged state is refused, or gives other numbers; it never traps, in what follows neither.
  @Test(arguments: statistics)
  func damagedStatesAreRefused(of statistic: StatisticCase) {
    func check<S: Statistic>(_ type: S.Type) {
      let images = StatisticImages(SiteShape(channels: 5, height: 3, width: 3), images: 6)
      let whole = images.learn(type, Self.settings, shard: 2)
      let mutate = Mutator([UInt8](whole.state.bytes))
      for number in 0..<2000 {
        var restored = S(images.site, Self.settings)
        var decoder = StateDecoder(Data(mutate(number)))
        guard (try? restored.decode(from: &decoder)) != nil else { continue }
        restored.merge(whole)
        _ = restored.results
      }
      var short = StateDecoder(whole.state.bytes.dropLast())
      var restored = S(images.site, Self.settings)
      #expect(throws: EspalierError.self) { try restored.decode(from: &short) }
    }
    check(statistic.type)
  }

  /// Nothing seen, one image, one position, values that are no numbers: no trap.
  @Test(arguments: statistics)
  func edgesAreHeld(of statistic: StatisticCase) {
    func check<S: Statistic>(_ type: S.Type) {
      for site in [SiteShape(channels: 1, height: 1, width: 1), SiteShape(channels: 9, height: 1, width: 2)] {
        var odd = StatisticImages(site, images: 4)
        odd.values[1][0][0] = .nan
        odd.values[2][0][0] = .infinity
        odd.values[3][0][0] = -.greatestFiniteMagnitude
        for images in [StatisticImages(site, values: []), StatisticImages(site, images: 1), odd] {
          for result in images.learn(type, Self.settings, shard: 3).results {
            #expect(result.values.shape[0] == site.channels, "\(result.name)")
          }
        }
      }
    }
    check(statistic.type)
  }
}
