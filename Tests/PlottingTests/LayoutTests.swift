import Foundation
import Images
import Plotting
import Tensors
import TestSupport
import Testing

/// Where the ink of texts is: inside the sheet, of a size that can be read, none over another.
@Suite struct LayoutTests {
  private static let widths: [Double?] = [85, 178, 57, nil]

  private func check(_ figure: any Figure, _ style: FigureStyle) throws {
    let pages = try figure.drawn(as: .pdf, style: style)
    for (number, canvas) in pages.enumerated() {
      let what = "\(type(of: figure)) \(figure.title ?? ""), \(style.width ?? 0) points, page \(number + 1)"
      if let width = style.width { #expect(abs(canvas.size.width - width) < 1e-6, "\(what): \(canvas.size.width)") }
      #expect(canvas.size.width <= max(style.greatestWidth, style.width ?? 0) + 1e-6, "\(what): \(canvas.size.width)")
      #expect(canvas.size.height <= style.greatestHeight + 1e-6, "\(what): \(canvas.size.height)")
      let boxes = canvas.texts.compactMap { text in text.ink.map { (text, $0) } }.sorted { $0.1.y < $1.1.y }
      for (position, (text, ink)) in boxes.enumerated() {
        #expect(text.fontSize >= FigureStyle.leastFontSize, "\(what): '\(text.text)'")
        let isInside = ink.x >= 0 && ink.y >= 0 && ink.right <= canvas.size.width && ink.bottom <= canvas.size.height
        #expect(isInside, "\(what): '\(text.text)' at \(ink) of \(canvas.size)")
        for (other, place) in boxes[(position + 1)...] {
          if place.y >= ink.bottom { break }
          // A tenth of a millimetre is what fonts' side bearings come to.
          let isOver =
            min(ink.right, place.right) - max(ink.x, place.x) > 0.3 && min(ink.bottom, place.bottom) - max(ink.y, place.y) > 0.3
          #expect(!isOver, "\(what): '\(text.text)' at \(ink) and '\(other.text)' at \(place)")
        }
      }
    }
  }

  @Test(arguments: 0..<FigureSamples.ordinary.count)
  func textsOfOrdinaryFigures(_ position: Int) throws {
    for width in Self.widths {
      for fontSize in [6.0, 7.5, 9] {
        var style = FigureStyle()
        style.width = width.map { FigureStyle.points(millimetres: $0) }
        style.fontSize = fontSize
        try check(FigureSamples.ordinary[position], style)
      }
    }
  }

  @Test(arguments: 0..<FigureSamples.extreme.count)
  func textsOfExtremeFigures(_ position: Int) throws {
    for width in Self.widths {
      var style = FigureStyle()
      style.width = width.map { FigureStyle.points(millimetres: $0) }
      try check(FigureSamples.extreme[position], style)
    }
  }

  @Test(arguments: 0..<FigureSamples.deep.count)
  func twoThousandLayers(_ position: Int) throws {
    var style = FigureStyle()
    style.width = FigureStyle.points(millimetres: 85)
    let figure = FigureSamples.deep[position]
    #expect(figure.pages(style).count > 10)
    try check(figure, style)
  }

  /// A band along the sheet's edge stays paper, on light and on dark: whatever is drawn, text or not.
  @Test func nothingReachesTheEdge() throws {
    for theme in [Theme.light, .dark] {
      var style = FigureStyle()
      style.theme = theme
      style.pixelsPerInch = 72
      style.width = 241
      for figure in FigureSamples.ordinary {
        for bytes in try figure.encoded(as: .png, style: style) {
          let image = try Image.decode(bytes)
          let paper = Array(image[0, 0])
          let band = 2
          let isClean = (0..<image.height).allSatisfy { y in
            (0..<image.width).allSatisfy { x in
              let isInside = band..<image.height - band ~= y && band..<image.width - band ~= x
              return isInside || image[y, x].elementsEqual(paper)
            }
          }
          #expect(isClean, "\(type(of: figure))")
        }
      }
    }
  }

  /// The same figure is the same file in every format, whatever was drawn before in the process.
  @Test func filesAreReproducible() throws {
    for format in Canvas.Format.allCases {
      for figure in FigureSamples.ordinary {
        let origin = FigureOrigin(command: "espalier figure", inputs: [.init(name: "a.h5", digest: "sha256:00")])
        let first = try figure.encoded(as: format, origin: origin)
        #expect(try figure.encoded(as: format, origin: origin) == first, "\(format) \(type(of: figure))")
      }
    }
  }

  /// What made a figure is found in its file by a plain search; PNG has it in chunks whose sums are right, with the resolution.
  @Test func filesCarryTheirOrigin() throws {
    let command = "espalier figure filters 'a <b>.h5' --title é"
    let origin = FigureOrigin(software: "espalier 1", command: command, inputs: [.init(name: "a <b>.h5", digest: "sha256:0123")])
    let figure = FigureSamples.filters([1, 2])
    let png = try figure.encoded(as: .png, origin: origin)[0]
    var (position, fields) = (8, [String: [UInt8]]())
    while position < png.count {
      let length = png[position..<position + 4].reduce(0) { $0 << 8 | Int($1) }
      let type = String(decoding: png[position + 4..<position + 8], as: UTF8.self)
      let data = Array(png[position + 8..<position + 8 + length])
      let sum = png[position + 8 + length..<position + 12 + length].reduce(0) { $0 << 8 | UInt32($1) }
      // CRC-32 bit by bit, after the definition.
      var register = ~UInt32(0)
      for byte in png[position + 4..<position + 8 + length] {
        register ^= UInt32(byte)
        for _ in 0..<8 { register = register & 1 == 1 ? register >> 1 ^ 0xEDB8_8320 : register >> 1 }
      }
      #expect(~register == sum, "\(type)")
      if type == "iTXt" {
        let key = String(decoding: data.prefix { $0 != 0 }, as: UTF8.self)
        fields[key] = Array(data.dropFirst(key.utf8.count + 5))
      } else if type == "pHYs" {
        #expect(data == [0, 0, 0x2E, 0x23, 0, 0, 0x2E, 0x23, 1])  // 300 / 0.0254 = 11811
      }
      position += 12 + length
    }
    #expect(fields["Source"].map { String(decoding: $0, as: UTF8.self) } == command)
    #expect(fields["Comment"].map { String(decoding: $0, as: UTF8.self) } == "a <b>.h5 sha256:0123")
    #expect(fields["Software"].map { String(decoding: $0, as: UTF8.self) } == "espalier 1")
    #expect(fields["Title"].map { String(decoding: $0, as: UTF8.self) } == "features.2.conv1")
    let svg = try String(decoding: figure.encoded(as: .svg, origin: origin)[0], as: UTF8.self)
    #expect(svg.contains("<title>features.2.conv1</title>"))
    #expect(svg.contains("Source: espalier figure filters 'a &lt;b&gt;.h5' --title é"))
    #expect(svg.contains("width=\"") && svg.contains("pt\""))
  }
}
