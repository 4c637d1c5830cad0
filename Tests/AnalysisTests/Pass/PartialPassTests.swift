import Analysis
import Foundation
import Scheduling
import TestSupport
import Tensors
import Testing

@Suite struct PartialPassTests {
  private static func pass() throws -> AnalysisPass {
    var tiny = PassCase(TinyNetworks.vgg(), count: 45)
    tiny.batch = 1
    tiny.phases = Set(Phase.allCases)
    var settings = StatisticSettings()
    (settings.thinning, settings.resolution, settings.bins, settings.top) = (4, 32, 10, 3)
    let chosen = settings
    return try tiny.pass { _, shape in StatisticCatalog.all.map { (phase: $0.phase, accumulator: $0.init(shape, chosen)) } }
  }

  private func bits(_ state: AnalysisState) -> Data {
    var encoder = StateEncoder()
    state.encode(into: &encoder)
    return encoder.bytes
  }

  /// Every statistic: parts that were computed apart, on any number of workers, have the bits of one pass.
  @Test(arguments: [1, 2, 3, 7, 45, 60]) func partsHaveTheBitsOfTheWhole(count: Int) throws {
    let pass = try Self.pass()
    let whole = bits(try pass.run(BlockScheduler(width: 2)))
    var joined: PartialPass?
    for number in 1...count {
      let range = try DataPart(number, of: count).shards(of: pass.shards)
      let part = try pass.run(BlockScheduler(width: 1 + number % 3), over: range)
      let read = try PartialPass(part.bytes, of: range, pass.fresh)
      #expect(read.shards == range && read.bytes == part.bytes)
      if joined == nil { joined = read } else { joined!.append(read) }
    }
    #expect(bits(try #require(joined).result(pass.fresh)) == whole)
  }

  /// What merges exactly is kept once, the rest once a height: of 45 shards, 40 and the 5 behind them.
  @Test func oneStateAHeightIsKept() throws {
    var tiny = PassCase(TinyNetworks.vgg(), count: 45)
    tiny.batch = 1
    let settings = StatisticSettings()
    let pass = try tiny.pass { _, shape in
      [(phase: .forward, accumulator: MomentsStatistic(shape, settings)), (.forward, RangeStatistic(shape, settings))]
    }
    func size(_ position: Int) -> Int {
      var encoder = StateEncoder()
      for site in pass.fresh().sites { site.all[position].encode(into: &encoder) }
      return encoder.bytes.count
    }
    // Numbers take 16 bytes: the form, where it ends, and where each state of the tree ends.
    #expect(try pass.run(BlockScheduler(width: 2), over: 0..<45).bytes.count == 4 * 16 + size(1) + 2 * size(0))
    #expect(try pass.run(BlockScheduler(width: 2), over: 0..<0).bytes.count == 2 * 16)
  }

  /// A part that was cut goes on to the same bits.
  @Test func aPartGoesOn() throws {
    let pass = try Self.pass()
    let range = 13..<40
    let expected = try pass.run(BlockScheduler(width: 2), over: range).bytes
    for cut in [13, 14, 20, 32, 39] {
      let start = try pass.run(BlockScheduler(width: 2), over: 13..<cut).bytes
      #expect(try pass.run(BlockScheduler(width: 3), over: range, from: start).bytes == expected, "cut before shard \(cut)")
    }
  }

  /// Damaged parts, and those of other ranges, are refused or give other numbers; nothing traps.
  @Test func damagedPartsAreRefused() throws {
    let pass = try Self.pass()
    let bytes = try pass.run(BlockScheduler(width: 2), over: 10..<21).bytes
    #expect(throws: EspalierError.self) { try PartialPass(bytes, of: 11..<21, pass.fresh) }
    #expect(throws: EspalierError.self) { try PartialPass(bytes, of: 10..<20, pass.fresh) }
    #expect(throws: EspalierError.self) { try PartialPass(bytes.dropLast(), of: 10..<21, pass.fresh) }
    #expect(throws: EspalierError.self) { try PartialPass(bytes + [0], of: 10..<21, pass.fresh) }
    let mutate = Mutator([UInt8](bytes.prefix(4000)))
    for number in 0..<300 {
      guard let part = try? PartialPass(Data(mutate(number)) + bytes.dropFirst(4000), of: 10..<21, pass.fresh) else { continue }
      #expect(part.shards.lowerBound == 10)
      _ = part.bytes
    }
  }
}
