import Foundation
import Images
import Plotting
import Tensors
import TestSupport
import Testing

@Suite struct FigureTests {
  static let image = Image(pixels: Tensor((0..<784).map { UInt8($0 * 37 % 256) }, shape: [28, 28, 1]))
  static let relevance = Tensor<Float>((0..<49).map { sin(Float($0)) }, shape: [7, 7])

  @Test func pdfFilesAreWhole() throws {
    for figure in FigureSamples.ordinary {
      for bytes in try figure.encoded(as: .pdf) {
        #expect(bytes.starts(with: Array("%PDF-1.".utf8)))
        #expect(bytes.suffix(6).elementsEqual("%%EOF\n".utf8))
      }
    }
  }

  /// An enlarged image holds its own greys and no others where its pixels are whole multiples of the sheet's.
  @Test func enlargedImagesAreCrisp() throws {
    let canvas = try Canvas(size: Size(72, 72), format: .png)
    canvas.draw(FigureTests.image, filling: Rectangle(x: 2.4, y: 2.4, width: 67.2, height: 67.2))
    let image = try Image.decode(canvas.finish())
    let part = image.cropped(to: PixelRectangle(x: 10, y: 10, width: 280, height: 280))
    #expect(part == FigureTests.image.rgb.resized(width: 280, height: 280, method: .nearest))
  }

  /// Viewers of SVG smooth what they enlarge, so its images have the pixels of the resolution; PDF has the image's own.
  @Test func imagesInSVGHaveThePixelsOfTheResolution() throws {
    let canvas = try Canvas(size: Size(72, 72), format: .svg)
    canvas.draw(FigureTests.image, filling: Rectangle(x: 2.4, y: 2.4, width: 67.2, height: 67.2))
    let text = String(decoding: try canvas.finish(), as: UTF8.self)
    #expect(text.contains("width=\"280\" height=\"280\""))
  }

  /// Whatever the sizes, a drawn pixel is the mean of what it covers, against a plain sum over a grid of common parts.
  @Test(arguments: [(7, 7), (5, 3), (28, 28), (40, 61), (56, 56), (1, 1)])
  func imagesAreAveragedByArea(_ width: Int, _ height: Int) throws {
    var style = FigureStyle()
    style.pixelsPerInch = 72
    let size = Size(Double(width), Double(height))
    let canvas = try Canvas(size: size, format: .png, style: style)
    canvas.draw(FigureTests.image, filling: Rectangle(x: 0, y: 0, width: size.width, height: size.height))
    let drawn = try Image.decode(canvas.finish())
    for y in 0..<height {
      for x in 0..<width {
        // Each new pixel in 28 × 28 parts, each of one old pixel.
        var sum = 0
        for row in 0..<28 {
          for column in 0..<28 {
            sum += Int(FigureTests.image[(y * 28 + row) / height, (x * 28 + column) / width].first!)
          }
        }
        let expected = Double(sum) / 784
        #expect(abs(Double(drawn[y, x].first!) - expected) <= 0.5 + 1e-6, "\(x) \(y)")
      }
    }
  }

  /// A montage draws its images as large as their cells: what it did not, at 224 pixels and 300 to the inch.
  @Test func imagesFillTheirCells() throws {
    let white = Image(width: 224, height: 224, filledWith: [10, 20, 30])
    var style = FigureStyle()
    style.width = FigureStyle.points(millimetres: 85)
    let figure = MontageFigure(cells: (0..<4).map { _ in .init("", white) }, columns: 2)
    let image = try Image.decode(figure.encoded(as: .png, style: style)[0])
    let row = image.height / 4
    let covered = (0..<image.width).count { image[row, $0].elementsEqual([10, 20, 30]) }
    #expect(Double(covered) > 0.88 * Double(image.width))
  }

  @Test func imagesBeyondCairosSizeAreReduced() throws {
    var style = FigureStyle()
    style.pixelsPerInch = 72
    let canvas = try Canvas(size: Size(20, 20), format: .png, style: style)
    canvas.draw(Image(width: 40000, height: 2, filledWith: [10, 20, 30]), filling: Rectangle(x: 0, y: 0, width: 20, height: 20))
    #expect(try Image.decode(canvas.finish())[10, 10].elementsEqual([10, 20, 30]))
  }

  /// The axis says that bars stand by their scores, whatever order these came in.
  @Test func barsThatAreInOrderAlreadySaySo() throws {
    let scores: [Double] = [5, 4, 3, 2]
    let pages = try [true, false].map { try FiltersFigure(label: "x", scores: scores, isSorted: $0).encoded(as: .png) }
    #expect(pages[0] != pages[1])
  }

  /// Bars stand in the order of the scores, a lower filter first of equals, NaN last.
  @Test func barsAreSorted() {
    let scores = [1, .nan, 3, 3, -2]
    #expect(FiltersFigure(label: "x", scores: scores).order == [2, 3, 0, 4, 1])
    #expect(FiltersFigure(label: "x", scores: scores, isSorted: false).order == [0, 1, 2, 3, 4])
  }

  /// Outside the mask a fifth of the light is left, as in NetDissect's tiles: (0.8 · mask + 0.2) · image.
  @Test func imagesAreMaskedAsInNetDissect() {
    let masked = UnitsFigure.masked(FigureTests.image) { row, column in (row + column) % 3 == 0 }
    for row in 0..<28 {
      for column in 0..<28 {
        let value = Double(FigureTests.image[row, column].first!)
        let expected = UInt8((value * ((row + column) % 3 == 0 ? 1 : 0.2)).rounded())
        #expect(masked[row, column].allSatisfy { $0 == expected })
      }
    }
  }

  @Test func samplesBecomeRowsOfThree() throws {
    let figure = try HeatmapFigure(samples: [("a", FigureTests.image, FigureTests.relevance)])
    #expect(figure.rows.map(\.images.count) == [3])
    #expect(figure.rows[0].images.map(\.width) == [28, 7, 28])
    do {
      _ = try HeatmapFigure(samples: [("shoe 3", FigureTests.image, Tensor(repeating: 0, shape: [4]))])
      Issue.record("relevance of one axis was taken")
    } catch {
      #expect("\(error)" == "shoe 3: relevance of shape 4 is no image's (accepted: channels×height×width or height×width)")
    }
  }

  @Test func filesAreToldByTheirEnding() throws {
    try withTemporaryFolder { folder in
      let folder = folder.path
      let figure = FigureSamples.curves(1)
      var style = FigureStyle()
      style.width = 252
      style.pixelsPerInch = 72
      try figure.write(to: folder + "/a.png", style: style)
      #expect(try Image.read(folder + "/a.png").width == 252)
      try figure.write(to: folder + "/a.PDF")
      try figure.write(to: folder + "/a.svg")
      #expect(
        throws: EspalierError("a figure's kind of file is told by its ending", file: "a.gif", accepted: ".png, .pdf or .svg")
      ) {
        try figure.write(to: "a.gif")
      }
      for resolution in [1e9, .nan] {
        style.pixelsPerInch = resolution
        #expect(throws: EspalierError.self) { try figure.write(to: folder + "/b.png", style: style) }
      }
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == ["a.PDF", "a.png", "a.svg"])
    }
  }

  /// What is higher than a page goes on in files with numbers, each no higher than asked.
  @Test func longFiguresBreakIntoNumberedFiles() throws {
    try withTemporaryFolder { folder in
      var style = FigureStyle()
      style.width = FigureStyle.points(millimetres: 85)
      style.greatestHeight = FigureStyle.points(millimetres: 60)
      style.pixelsPerInch = 72
      let figure = FigureSamples.pruning((0..<60).map { "layer\($0)" })
      let files = try figure.write(to: folder.appendingPathComponent("kept.png").path, style: style)
      let names = files.map { URL(filePath: $0).lastPathComponent }
      #expect(names.prefix(3) == ["kept.png", "kept-2.png", "kept-3.png"] && names.count == files.count)
      for file in files {
        let image = try Image.read(file)
        #expect(image.width == 241 && image.height <= 171, "\(file): \(image.width)×\(image.height)")
      }
    }
  }

  /// A name that nobody could read to its end takes no time to set.
  @Test func longTextsAreShortened() {
    let size = Text(String(repeating: "n", count: 1_000_000), Font(7)).size
    #expect(size == Text(String(repeating: "n", count: 500) + "…" + String(repeating: "n", count: 500), Font(7)).size)
  }

  /// Lines end at blanks, then at separators of names, never inside a word; what is too long loses its middle.
  @Test func linesNeverEndInsideAWord() {
    let font = Font(7)
    func set(_ text: String, _ width: Double, lines: Int = 8) -> String { Text(text, font, width: width, lines: lines).string }
    #expect(set("predicted ankle boot", 50) == "predicted\nankle boot")
    #expect(set("epsilon_gamma_box", 50) == "epsilon_\ngamma_box")
    #expect(set("epsilon_gamma_box", 200) == "epsilon_gamma_box")
    let elided = set("supercalifragilistic", 50)
    #expect(elided.hasPrefix("sup") && elided.hasSuffix("tic") && elided.contains("…"))
    #expect(set("a b c d e f g", 10, lines: 2).split(separator: "\n").count == 2)
    for width in stride(from: 1.0, to: 200, by: 7) {
      #expect(Text("a name/of.several_parts, and words", font, width: width).size.width <= max(width, 12))
    }
  }

  /// Shares that are none are drawn without harm.
  @Test func sweepsOfAnything() throws {
    let values = [0.5, 1e300, -.infinity, .nan, 1e9].map { SensitivityFigure.Value(share: $0, accuracy: $0) }
    for whole in [0.5, 1e308, .nan] {
      #expect(try !SensitivityFigure(rows: [.init("a", values: values)], whole: whole, caption: "").encoded(as: .pdf).isEmpty)
    }
  }

  @Test func everyFigureHasItsLineInTheCatalog() throws {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Sources/Plotting/Figures")
    let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".swift") }
    #expect(FigureCatalog.all.map { "\($0).swift" }.sorted() == files.sorted())
    #expect(Set(FigureCatalog.all.map { $0.kind }).count == files.count)
    #expect(Set(FigureCatalog.all.map { $0.kind }) == Set(FigureSamples.ordinary.map { type(of: $0).kind }))
  }
}
