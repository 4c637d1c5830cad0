import Foundation
import Images
import Plotting
import Tensors
import TestSupport
import Testing

@Suite struct FigureTests {
  static let image = Image(pixels: Tensor((0..<784).map { UInt8($0 * 37 % 256) }, shape: [28, 28, 1]))
  static let relevance = Tensor<Float>((0..<49).map { sin(Float($0)) }, shape: [7, 7])

  static let heatmaps: [HeatmapFigure] = {
    let captions = ["", "shoe", "a caption that is much too long for the left side of a figure", "Überschrift\nÄpfel 図 🙂\0"]
    var figures = [HeatmapFigure(columnTitles: [], rows: [])]
    for title in [nil, "A title that is considerably longer than the figure under it is wide, so that it takes lines"] {
      for caption in captions {
        let rows = [HeatmapFigure.Row(caption, [image, image]), HeatmapFigure.Row(caption, [])]
        for bar in [nil] + RelevanceNorm.allCases.map({ ColorBar(norm: $0, colormap: .coldnhot) }) {
          figures.append(
            HeatmapFigure(title: title, columnTitles: ["Image", "Supercalifragilistic"], rows: rows, colorBar: bar))
        }
      }
    }
    return figures
  }()

  static let curves: [CurveFigure] = {
    let values: [[Double]] = [
      [], [1], [.nan], [5, 5, 5], [1, .nan, 3], [-1e9, 1e9], [1e-9, 2e-9], [1e300, -.infinity], [1 + 1e-12, 1],
      (0..<100).map { 1 / Double($0 + 1) }, [99.9, 100], [-0.1, 0.1],
    ]
    var figures = values.map { CurveFigure(xLabel: "epoch", yLabel: "loss", series: [.init("training", values: $0)]) }
    figures.append(
      CurveFigure(
        title: "Top-1 accuracy on the validation set while the smaller network is tuned", xLabel: "step", yLabel: "",
        series: (0..<9).map { .init("criterion number \($0)", [Point(1e5, Double($0)), Point(9.5e5, 1)]) }))
    return figures
  }()

  static let montages: [MontageFigure] = [0, 1, 2, 7].flatMap { count in
    [nil, "A title that is considerably longer than the figure under it is wide, so that it takes lines"].map { title in
      let captions = ["epsilon_gamma_box:low=-3,high=3", "", "a caption of several words", "x"]
      return MontageFigure(
        title: title, cells: (0..<count).map { .init(captions[$0 % 4], image) }, columns: count == 7 ? 3 : nil,
        colorBar: count == 1 ? nil : ColorBar(norm: .symmetric, colormap: .coldnhot))
    }
  }

  static let units: [UnitsFigure] = [0, 1, 5].map { count in
    UnitsFigure(
      title: count == 1 ? nil : "features.2.conv1",
      units: (0..<count).map { unit in
        let images = [Image](repeating: UnitsFigure.masked(image) { row, _ in row < 9 }, count: unit * 2 % 7)
        return .init("\(unit)  a concept with a name that is longer than its images", note: "IoU 0.123", images: images)
      }, columns: count == 5 ? 2 : 1)
  }

  static let filters: [FiltersFigure] = [
    [], [0], [.nan, 1], [-1, 2, -3e9], (0..<512).map { sin(Double($0)) }, [5, 5, 5], [1e-300, .infinity],
  ].map { FiltersFigure(title: "features.2.conv1", label: "taylor-2019", scores: $0) }

  static let matrices: [MatrixFigure] = [
    MatrixFigure(names: [], values: Tensor([], shape: [0, 0])),
    MatrixFigure(
      title: "Rank correlation (mean over 8 layers)", names: ["lrp", "taylor-2019", "a criterion with a long name"],
      values: Tensor([1, -0.7, 0.333, -0.7, 1, .nan, 0.333, .nan, 1], shape: [3, 3])),
  ]

  static let sweeps: [SensitivityFigure] = [
    SensitivityFigure(rows: [], whole: 0, caption: ""),
    SensitivityFigure(
      title: "Sensitivity",
      rows: [
        .init("conv1", values: [.init(share: 0.1, accuracy: 0.94), .init(share: 0.125, accuracy: 0.1)]),
        .init("layer1.0.conv2 +3", values: [.init(share: 0.9, accuracy: 1)]),
      ], whole: 0.941, caption: "filters of one layer gone, by l1"),
  ]

  static let others: [any Figure] = montages as [any Figure] + units + filters + matrices + sweeps

  /// A band of 4 points along the sheet's edge stays white, whatever the labels.
  @Test func nothingIsCutOff() throws {
    for figure in FigureTests.heatmaps as [any Figure] + FigureTests.curves + FigureTests.others {
      let image = try Image.decode(figure.encoded(as: .png(pixelsPerInch: 144)))
      #expect(image.width == Int((figure.size.width * 2).rounded(.up)))
      #expect(image.height == Int((figure.size.height * 2).rounded(.up)))
      let band = 8
      let clean = (0..<image.height).allSatisfy { y in
        (0..<image.width).allSatisfy { x in
          let isInside = band..<image.height - band ~= y && band..<image.width - band ~= x
          return isInside || image[y, x].allSatisfy { $0 == 255 }
        }
      }
      #expect(clean, "\(type(of: figure)) \(figure.title ?? "")")
    }
  }

  @Test func pdfFilesAreWhole() throws {
    for figure in FigureTests.heatmaps.suffix(3) as [any Figure] + FigureTests.curves + FigureTests.others {
      let bytes = try figure.encoded(as: .pdf)
      #expect(bytes.starts(with: Array("%PDF-1.".utf8)))
      #expect(bytes.suffix(6).elementsEqual("%%EOF\n".utf8))
      let box = Array("/MediaBox [ 0 0 \(Int(figure.size.width))".utf8)
      #expect(bytes.indices.contains { bytes[$0...].starts(with: box) })
    }
  }

  /// An enlarged image holds its own greys and no others, each pixel a square of one whole size.
  @Test func enlargedImagesAreCrisp() throws {
    let canvas = try Canvas(size: Size(72, 72), format: .png(pixelsPerInch: 300))
    let covered = canvas.draw(FigureTests.image, fittedIn: Rectangle(x: 0, y: 0, width: 72, height: 72))
    #expect(abs(covered.width - 280 * 0.24) < 1e-9)
    let image = try Image.decode(canvas.finish())
    let part = image.cropped(to: PixelRectangle(x: 10, y: 10, width: 280, height: 280))
    #expect(part == FigureTests.image.rgb.resized(width: 280, height: 280, method: .nearest))
  }

  @Test func imagesBeyondCairosSizeAreReduced() throws {
    let canvas = try Canvas(size: Size(20, 20), format: .png(pixelsPerInch: 72))
    canvas.draw(Image(width: 40000, height: 2, filledWith: [10, 20, 30]), filling: Rectangle(x: 0, y: 0, width: 20, height: 20))
    #expect(try Image.decode(canvas.finish())[10, 10].elementsEqual([10, 20, 30]))
  }

  /// An image that is reduced to cairo's size is still drawn as it was asked for.
  @Test func reducedImagesStaySmooth() throws {
    let pixels = (0..<2).flatMap { _ in (0..<5000).map { UInt8($0 / 500 % 2 * 255) } }
    let image = Image(pixels: Tensor(pixels, shape: [2, 5000, 1]))
    let drawn = try [false, true].map { smooth in
      let canvas = try Canvas(size: Size(10000, 4), format: .png(pixelsPerInch: 72))
      canvas.draw(image, filling: Rectangle(x: 0, y: 0, width: 10000, height: 4), smooth: smooth)
      return try Image.decode(canvas.finish())
    }
    func greys(_ image: Image) -> Int { Set(image.pixels.elements).count }
    #expect(greys(drawn[1]) > greys(drawn[0]))
  }

  /// The axis says that bars stand by their scores, whatever order these came in.
  @Test func barsThatAreInOrderAlreadySaySo() throws {
    let scores: [Double] = [5, 4, 3, 2]
    let pages = try [true, false].map {
      try FiltersFigure(label: "x", scores: scores, isSorted: $0).encoded(as: .png(pixelsPerInch: 72))
    }
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
      let figure = FigureTests.curves[0]
      try figure.write(to: folder + "/a.png", pixelsPerInch: 72)
      #expect(try Image.read(folder + "/a.png").width == 252)
      try figure.write(to: folder + "/a.PDF")
      #expect(throws: EspalierError("a figure's kind of file is told by its ending", file: "a.svg", accepted: ".png or .pdf")) {
        try figure.write(to: "a.svg")
      }
      #expect(throws: EspalierError.self) { try figure.write(to: folder + "/b.png", pixelsPerInch: 1e9) }
      #expect(throws: EspalierError.self) { try figure.write(to: folder + "/b.png", pixelsPerInch: .nan) }
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == ["a.PDF", "a.png"])
    }
  }

  /// A name that nobody could read to its end takes no time to set.
  @Test func longTextsAreShortened() {
    let size = Text(String(repeating: "n", count: 1_000_000), Font(7)).size
    #expect(size == Text(String(repeating: "n", count: 500) + "…" + String(repeating: "n", count: 500), Font(7)).size)
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
  }
}
