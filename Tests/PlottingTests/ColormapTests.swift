import Foundation
import Plotting
import TestSupport
import Tensors
import Testing

@Suite struct ColormapTests {
  /// Resources/cmaps.json: the palettes that Zennit 1.0.0 makes, [256, 3] in one list each.
  @Test func namedPalettesEqualZennit() throws {
    let palettes = try JSONDecoder().decode([String: [UInt8]].self, from: Data(contentsOf: testResource("cmaps.json")))
    #expect(Set(Colormap.names.prefix(palettes.count)) == Set(palettes.keys))
    for (name, bytes) in palettes {
      #expect(try Colormap(name).palette().elements == bytes, "\(name)")
      #expect(try Colormap(Colormap.named(name).source).palette().elements == bytes, "\(name) from its source")
    }
  }

  /// Resources/matplotlib-colormaps.json: every seventeenth colour of matplotlib 3.11's maps, either way round.
  @Test func tablesEqualMatplotlib() throws {
    let samples = try JSONDecoder().decode(
      [String: [UInt8]].self, from: Data(contentsOf: testResource("matplotlib-colormaps.json")))
    #expect(Set(samples.keys) == Set(Colormap.names.suffix(samples.count / 2).flatMap { [$0, $0 + "_r"] }))
    for (name, bytes) in samples {
      let palette = try Colormap(name).palette()
      let own = (0..<16).flatMap { position in (0..<3).map { Int(palette[17 * position, $0]) } }
      // Turned round, matplotlib interpolates anew and cuts to bytes, which may lose one.
      let allowed = name.hasSuffix("_r") ? 1 : 0
      #expect(zip(own, bytes).allSatisfy { abs($0 - Int($1)) <= allowed } && own.count == bytes.count, "\(name)")
    }
  }

  /// What is published of them, whatever their tables say: lightness rises evenly, or is alike on both sides of the middle.
  @Test func lightnessIsEvenOrAlikeOnBothSides() throws {
    func lightness(_ name: String) throws -> [Double] {
      let palette = try Colormap(name).palette()
      return (0..<256).map { position in
        Color(Int(palette[position, 0]) << 16 | Int(palette[position, 1]) << 8 | Int(palette[position, 2])).lightness
      }
    }
    for name in ["viridis", "plasma", "inferno", "magma", "cividis"] {
      let values = try lightness(name)
      #expect(zip(values, values.dropFirst(8)).allSatisfy { 0.3...5 ~= $1 - $0 }, "\(name)")
    }
    for name in ["coolwarm", "RdBu", "PiYG", "BrBG", "berlin"] {
      let values = try lightness(name)
      #expect((0..<128).allSatisfy { abs(values[$0] - values[255 - $0]) < 11 }, "\(name)")
    }
  }

  @Test func mapsRunTheOtherWay() throws {
    for name in Colormap.names {
      let (map, turned) = (try Colormap(name), try Colormap(name + "_r"))
      for share in stride(from: 0.0, through: 1, by: 1.0 / 64) {
        let (one, other) = (map(share), turned(1 - share))
        #expect(abs(one.x - other.x) + abs(one.y - other.y) + abs(one.z - other.z) < 1e-9, "\(name) at \(share)")
      }
      #expect(try Colormap(turned.source) == turned)
    }
  }

  @Test func positionsAreSpacedEvenlyBetweenThoseGiven() throws {
    func positions(_ source: String) throws -> [Int] { try Colormap(source).nodes.map(\.position) }
    #expect(try positions("000,00f,0ff") == [0, 127, 255])
    #expect(try positions("0ff,00f,80:000,f00,ff0,fff") == [0, 64, 128, 170, 212, 255])
    #expect(try positions("000, 8 : fff ,00f") == [0, 0x88, 255])
    #expect(try positions("40:000,c0:fff") == [0, 0x40, 0xC0])
    #expect(try Colormap("123,fedcba").nodes.map(\.color) == [SIMD3(0x11, 0x22, 0x33), SIMD3(0xFE, 0xDC, 0xBA)])
  }

  @Test func coloursGoOnBeyondTheOutermostPositionsAndEdgesAreSharp() throws {
    let map = try Colormap("40:000,80:fff,80:f00,c0:0f0")
    #expect(map(-1) == SIMD3(0, 0, 0) && map(0.1) == SIMD3(0, 0, 0) && map(.nan) == SIMD3(0, 0, 0))
    #expect(map(128 / 255.0) == SIMD3(1, 0, 0))
    #expect(map(127.999 / 255).z > 0.99)
    #expect(map(0.9) == SIMD3(0, 1, 0) && map(.infinity) == SIMD3(0, 1, 0))
  }

  @Test func levelNarrowsAndStretchesAroundTheMiddle() throws {
    let gray = Colormap.named("gray")
    #expect(Set(gray.palette(level: 0).elements) == [127])
    let steep = gray.palette(level: 2).elements
    #expect(steep[0..<64 * 3].allSatisfy { $0 == 0 } && steep[192 * 3..<256 * 3].allSatisfy { $0 == 255 })
    #expect(gray.palette(level: .nan).count == 768)
  }

  @Test(arguments: [
    ("", "\"\" is not a colour"), ("jet", "\"jet\" is not a colour"), ("fff", "fewer than two colours"),
    ("000,ffff", "\"ffff\" is not a colour"), ("000,,fff", "\"\" is not a colour"), ("000,fff,", "\"\" is not a colour"),
    ("000,8:8:fff", "\"8:8:fff\" is not a colour"), ("000,100:fff", "\"100\" is not a position 00…ff"),
    ("000,:fff", "\"\" is not a position 00…ff"), ("000,x:fff", "\"x\" is not a position 00…ff"),
    ("80:000,70:fff", "position \"70\" comes after a greater one"), ("000,ＦＦＦ", "\"ＦＦＦ\" is not a colour"),
  ])
  func faultsAreNamed(_ source: String, _ problem: String) {
    do {
      _ = try Colormap(source)
      Issue.record("\(source) compiled")
    } catch {
      #expect("\(error)".hasPrefix("colour map \"\(source)\": \(problem) (accepted: coldnhot, bwr, "), "\(error)")
    }
  }
}
