import Foundation
import Plotting
import Testing

/// Series are told apart by readers of every colour vision, and in print without colours.
@Suite struct PaletteTests {
  /// colour-science 0.4's `matrix_cvd_Machado2009` of severity 1 on linear sRGB, encoded again and clipped: pure red, and Okabe and
  /// Ito's blue, worked out with pencil from the paper's matrices.
  @Test func simulationsFollowTheMatrices() {
    let red = Color(0xFF0000)
    func encoded(_ linear: Double) -> Double {
      let x = min(1, max(0, linear))
      return x <= 0.0031308 ? 12.92 * x : 1.055 * pow(x, 1 / 2.4) - 0.055
    }
    let expected: [(ColorVision, [Double])] = [
      (.protanopia, [0.152286, 0.114503, -0.003882]), (.deuteranopia, [0.367322, 0.280085, -0.011820]),
      (.tritanopia, [1.255528, -0.078411, 0.004733]), (.grey, [0.2126, 0.2126, 0.2126]),
    ]
    for (vision, linear) in expected {
      let seen = vision.simulated(red)
      for (value, wanted) in zip([seen.red, seen.green, seen.blue], linear) { #expect(abs(value - encoded(wanted)) < 1e-9) }
      // Grey stays grey: rows of the matrices add up to one.
      let white = vision.simulated(Color(0xFFFFFF))
      #expect(abs(white.red - 1) + abs(white.green - 1) + abs(white.blue - 1) < 1e-5, "\(vision)")
    }
    #expect(abs(Color(0x777777).lightness - 50.03) < 0.01)
  }

  /// Two series of a palette differ in colour under every deficiency by five times what is just seen, or in their dashes, and
  /// always in grey or their dashes; their markers differ.
  @Test func seriesStayApart() {
    for palette in Palette.all {
      for theme in [Theme.light, .dark] {
        var style = FigureStyle()
        (style.palette, style.theme) = (palette, theme)
        let series = style.series(palette.light.count)
        for (position, first) in series.enumerated() {
          #expect(abs(first.color.lightness - theme.paper.lightness) > 15, "\(palette.name) \(position) on its sheet")
          for second in series[(position + 1)...] {
            #expect(first.marker != second.marker)
            let grey = abs(first.color.lightness - second.color.lightness)
            #expect(grey >= 15 || first.dash != second.dash, "\(palette.name): \(grey)")
            for vision in ColorVision.allCases where vision != .grey {
              let distance = vision.simulated(first.color).distance(to: vision.simulated(second.color))
              #expect(distance >= 11.5 || first.dash != second.dash, "\(palette.name), \(vision): \(distance)")
            }
          }
        }
      }
    }
  }

  /// Bars and boxes have no dashes: the first colours of every palette differ under every deficiency, and the first two in grey.
  @Test func areasStayApart() {
    for palette in Palette.all {
      for colors in [palette.light, palette.dark] {
        let first = Array(colors.prefix(4))
        for (position, color) in first.enumerated() {
          for other in first[(position + 1)...] {
            for vision in ColorVision.allCases where vision != .grey {
              let distance = vision.simulated(color).distance(to: vision.simulated(other))
              #expect(distance >= 11.5, "\(palette.name), \(vision): \(distance)")
            }
          }
        }
        #expect(abs(colors[0].lightness - colors[1].lightness) >= 15, "\(palette.name)")
      }
    }
  }

  @Test func presetsAreOfUse() {
    for preset in StylePreset.all {
      #expect(preset.column <= preset.page && preset.fontSize >= 6 && !preset.source.isEmpty, "\(preset.name)")
      #expect(abs((preset.style.width ?? 0) * 25.4 / 72 - preset.column) < 1e-9)
    }
  }
}
