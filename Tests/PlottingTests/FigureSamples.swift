import Foundation
import Images
import Plotting
import Tensors

/// Figures of every kind, of names as networks have them and of names as nobody should give.
enum FigureSamples {
  static let names = [
    "conv1", "layer1.0.conv2", "features.12.block.0.conv", "taylor-2019", "epsilon_gamma_box ¹", "ankle boot", "iou", "lrp",
  ]
  static let hostileNames = [
    "<b>&amp;\"quotes\" 'n' `more`</b>", "Überschrift Äpfel 図 🙂 naïve", "שלום עולם — مرحبا بالعالم",
    String(repeating: "very/long.name_", count: 20), String(repeating: "n", count: 300), "", "line\nbreak\ttab\u{0}zero\u{7}bell",
    "%s\\n{}$^~#_",
  ]

  static func image(_ side: Int, _ seed: Int = 0) -> Image {
    Image(pixels: Tensor((0..<side * side * 3).map { UInt8(truncatingIfNeeded: $0 / 3 * (7 + seed)) }, shape: [side, side, 3]))
  }

  static func heatmap(_ names: [String], images: Int = 3, side: Int = 28) -> HeatmapFigure {
    HeatmapFigure(
      columnTitles: images == 3 ? ["Image", "Relevance", "Overlay"] : [],
      rows: names.map { name in .init(name, (0..<images).map { image(side, $0) }) },
      colorBar: ColorBar(norm: .symmetric, colormap: .coldnhot))
  }

  /// Lines of relevance over images.
  static func contours(_ names: [String]) -> HeatmapFigure {
    let map = Tensor<Float>((0..<196).map { sin(Float($0 % 14) / 3) * cos(Float($0 / 14) / 4) }, shape: [14, 14])
    guard let heatmap = try? Heatmap(map) else { preconditionFailure("no heat map") }
    var figure = HeatmapFigure(
      columnTitles: ["Image", "Relevance", "Contours"],
      rows: names.map { .init($0, [image(14), heatmap.image.rgb, image(14)], contours: [2: heatmap.contours()]) },
      colorBar: ColorBar(norm: .symmetric, colormap: .coldnhot))
    figure.note = "Lines: 25, 50 and 75 % of the scale."
    return figure
  }

  static func montage(_ names: [String], side: Int = 32) -> MontageFigure {
    var figure = MontageFigure(
      cells: names.map { .init($0, image(side)) }, colorBar: ColorBar(norm: .symmetric, colormap: .coldnhot))
    figure.note = "¹ low = −3, high = 3"
    return figure
  }

  static func units(_ names: [String], images: Int = 6) -> UnitsFigure {
    UnitsFigure(
      title: "features.2.conv1",
      units: names.map { name in .init(name, note: "IoU 0.123", images: (0..<images).map { image(14, $0) }) })
  }

  static func groups(_ names: [String]) -> GroupsFigure {
    let groups = names.indices.map { row in
      GroupsFigure.Group(
        layers: row % 3 == 0 && row + 4 < names.count ? [row, row + 2, row + 4] : [row], channels: 64,
        reason: row % 4 == 3 ? "read by the output of the network" : nil)
    }
    return GroupsFigure(title: "ResNet", layers: names, groups: groups)
  }

  static func pruning(_ names: [String], filters: Int = 40) -> PruningFigure {
    PruningFigure(
      layers: names.enumerated().map { row, name in
        .init(
          name, isKept: (0..<filters).map { ($0 + row) % 3 > 0 },
          scores: row % 2 == 0 ? (0..<filters).map { Double($0 * row % 7) } : nil)
      }, caption: "lrp, macs=0.5; grey filters went")
  }

  static func sensitivity(_ names: [String]) -> SensitivityFigure {
    SensitivityFigure(
      title: "Sensitivity",
      rows: names.enumerated().map { row, name in
        .init(name, values: (1...9).map { .init(share: Double($0) / 10, accuracy: max(0, 0.94 - 0.03 * Double($0 * (row % 4)))) })
      }, whole: 0.941, caption: "filters of one layer gone, by taylor-2019")
  }

  static func matrix(_ names: [String]) -> MatrixFigure {
    let values = (0..<names.count * names.count).map { $0 % 11 == 10 ? .nan : sin(Double($0)) }
    return MatrixFigure(
      title: "Rank correlation (mean over 8 layers)", names: names, values: Tensor(values, shape: [names.count, names.count]))
  }

  static func cells(_ names: [String]) -> CellsFigure {
    let values = (0..<names.count * 3).map { 90 - Double($0) }
    var matrix = HeatMatrix(
      rows: names, columns: ["macs=0.5", "macs=0.25", "parameters=0.125"], values: Tensor(values, shape: [names.count, 3]),
      colormap: .shares, range: 60...95
    ) { "\(Int($0))" }
    matrix.columnTitle = "kept"
    matrix.barTitle = "accuracy (%)"
    matrix.marked = [[0, 0]]
    matrix.note = "Accuracy in % on fashion-mnist:test; framed: the best of a column."
    return CellsFigure(title: "Budgets", matrix)
  }

  static func curves(_ count: Int, names: [String] = names, title: String? = nil) -> PanelsFigure {
    let marks = (0..<count).map { series -> any Mark in
      let points = (1...20).map { Point(Double($0), 95 - 60 / Double($0 + series) - Double(series)) }
      return LineMark(
        names[series], series: series, points: points, band: series == 0 ? points.map { $0.y - 3...$0.y + 2 } : [])
    }
    let panel = Panel(title: title, x: PanelAxis("epoch"), y: PanelAxis("accuracy", unit: "%"), marks: marks)
    return PanelsFigure(PanelGrid([panel]))
  }

  /// Panels of every mark and scale.
  static func panels(_ names: [String]) -> PanelsFigure {
    let points = (1...12).map { Point(pow(10, Double($0) / 3), Double($0 * $0) - 40) }
    let panels = [
      Panel(
        title: names[0], x: PanelAxis("MACs", unit: "10⁶", scale: .logarithmic),
        y: PanelAxis("score", scale: .symmetricLogarithmic(threshold: 1)),
        marks: [PointMark(names[1], series: 0, points: points, errors: points.map { $0.y - 5...$0.y + 5 })]),
      Panel(
        title: names[2], x: PanelAxis("", categories: names), y: PanelAxis("images of a class found", unit: "%"),
        marks: (0..<2).map { place -> any Mark in
          BarMark(
            names[place + 3], series: place, values: names.indices.map { Double($0 * 10 + 5) },
            errors: names.indices.map { Double($0 * 10)...Double($0 * 10 + 9) }, place: (place, 2))
        }),
      Panel(
        x: PanelAxis("", categories: names), y: PanelAxis("scores"),
        marks: [
          DistributionMark(
            "", series: 1, groups: names.indices.map { g in (0..<60).map { sin(Double($0 * (g + 2))) } }, shape: .violin)
        ]),
      Panel(
        x: PanelAxis("", categories: Array(names.prefix(3))), y: PanelAxis("scores"),
        marks: [
          DistributionMark("", series: 2, groups: [[], [1], (0..<99).map { pow(1.06, Double($0)) }], shape: .box),
          RuleMark("before", .horizontal(50)),
        ]),
    ]
    return PanelsFigure(title: "Parts", PanelGrid(panels, note: "Bars: 95 % intervals of confidence."))
  }

  static func filters(_ scores: [Double]) -> FiltersFigure {
    FiltersFigure(title: "features.2.conv1", label: "taylor-2019", scores: scores)
  }

  /// Criteria by rank, whose cells hold other numbers than their colours mean.
  static func leaderboard(_ names: [String]) -> CellsFigure {
    let values = (0..<names.count * 4).map { Double($0 * 7 % max(names.count, 1)) + 1 }
    var matrix = HeatMatrix(
      rows: names, columns: ["macs=0.7", "macs=0.5", "macs=0.3", "mean rank"], values: Tensor(values, shape: [names.count, 4]),
      colormap: Colormap.shares.reversed, range: 1...Double(max(names.count, 2))
    ) { "\(Int($0))" }
    matrix.texts = values.map { "\(Int(96 - 3 * $0)).0" }
    matrix.columnTitle = "kept"
    matrix.barTitle = "rank"
    matrix.note = "Rows: by mean rank over the budgets."
    return CellsFigure(matrix)
  }

  /// Filters by the concept that they detect: bars of several categories side by side, a colour each.
  static func concepts(_ names: [String]) -> PanelsFigure {
    let marks = ["object", "part", "colour"].enumerated().map { category, name -> any Mark in
      BarMark(
        name, series: category, values: names.indices.map { $0 * 3 / max(names.count, 1) == category ? Double(12 - $0) : .nan })
    }
    let panel = Panel(
      title: "features.2.conv1: 64 of 128 filters", x: PanelAxis("", categories: names),
      y: PanelAxis("filters that detect it", isWhole: true), marks: marks)
    return PanelsFigure(PanelGrid([panel], aspect: 0.5, note: "A filter detects the concept that it overlaps best."))
  }

  /// Panels of one range along y, of points with a margin, outlines and bars.
  static func references(_ names: [String]) -> PanelsFigure {
    let panels = ["moon", "circle", "mult"].enumerated().map { place, title -> Panel in
      let marks = names.prefix(4).enumerated().flatMap { series, name -> [any Mark] in
        let points = [2.0, 10, 200].map { Point($0, 100 - 60 / $0 - Double(series * (place + 2))) }
        return [
          LineMark(name, series: series, points: points, isMarked: false),
          PointMark("", series: series, points: points, errors: points.map { $0.y - 4...$0.y + 4 }),
          PointMark("", series: series, points: points.map { Point($0.x, $0.y - 3) }, size: 1.6, isHollow: true),
        ]
      }
      var x = PanelAxis("reference samples", scale: .logarithmic)
      x.margin = 0.05
      return Panel(title: title, x: x, y: PanelAxis("accuracy", unit: "%"), marks: marks)
    }
    return PanelsFigure(PanelGrid(panels, columns: 3, sharesY: true, aspect: 0.85, note: "Outlines: as published."))
  }

  /// Relevance before and after, on scales of numbers.
  static func drift(_ names: [String]) -> HeatmapFigure {
    let maps = [1, 2].map { speed in Tensor<Float>((0..<196).map { sin(Float($0 * $0 * speed)) / 50 }, shape: [14, 14]) }
    let scale = RelevanceScale(isShared: true, percentile: 99)
    guard let heatmaps = try? scale.heatmaps(maps, colormap: .named("RdBu_r")) else { preconditionFailure("no heat maps") }
    var figure = HeatmapFigure(
      columnTitles: ["Image", "Before", "After"],
      rows: names.map { name in
        .init("\(name)\ncosine 0.932\nranks 0.811", [image(14)] + heatmaps.map(\.image.rgb))
      }, colorBar: ColorBar(heatmaps, scale, norm: .symmetric, colormap: .named("RdBu_r")))
    figure.note = "Over 300 images: cosine 0.926 ± 0.119, rank correlation 0.856 ± 0.133."
    return figure
  }

  /// One of each kind and form, as people have them.
  static let named: KeyValuePairs<String, any Figure> = [
    "heatmap": heatmap(Array(names.prefix(3))), "contours": contours(Array(names.prefix(2))),
    "drift": drift(Array(names.prefix(3))), "montage": montage(names),
    "units": units(Array(names.prefix(4))), "groups": groups(names), "pruning": pruning(names), "sensitivity": sensitivity(names),
    "matrix": matrix(names), "cells": cells(names), "leaderboard": leaderboard(Array(names.prefix(5))), "panels": panels(names),
    "curves": curves(5), "references": references(names), "concepts": concepts(names),
    "filters": filters((0..<64).map { 1 / Double($0 + 1) - 0.1 }),
  ]
  static let ordinary: [any Figure] = named.map(\.value)

  /// Names, numbers and sizes at their ends.
  static let extreme: [any Figure] =
    [
      heatmap(hostileNames), heatmap([]), heatmap(["one"], images: 1), heatmap(names, images: 60),
      heatmap(names + names, side: 224),
      montage(hostileNames), montage([]), montage(["one"]), units(hostileNames, images: 12), units([]), units(["one"], images: 1),
      units(["none"], images: 0), groups(hostileNames), groups([]), groups(["one"]), pruning(hostileNames), pruning([]),
      pruning(["one"], filters: 1), pruning(["none"], filters: 0), sensitivity(hostileNames), sensitivity([]),
      matrix(hostileNames),
      drift(hostileNames), drift([]), leaderboard(hostileNames), leaderboard(["one"]), concepts(hostileNames), concepts([]),
      references(hostileNames), matrix([]), matrix(["one"]), matrix((0..<70).map { "features.\($0).conv" }), cells(hostileNames),
      cells([]), cells(["one"]),
      panels(hostileNames), panels((0..<5).map { _ in "" }), curves(8, names: hostileNames, title: hostileNames[3]), curves(0),
      PanelsFigure(title: hostileNames[3], PanelGrid([])),
      PanelsFigure(PanelGrid([Panel(x: PanelAxis(hostileNames[3]), y: PanelAxis(hostileNames[4]), marks: [])])),
    ] as [any Figure]
    + ([[], [0], [.nan, 1], [-1, 2, -3e9], [5, 5, 5], [1e-300, .infinity], (0..<2000).map { sin(Double($0)) }] as [[Double]]).map(
      filters)
    + ([[], [1], [.nan], [5, 5, 5], [1, .nan, 3], [-1e9, 1e9], [1e300, -.infinity], [1 + 1e-12, 1], [1e-9, 2e-9]] as [[Double]])
    .flatMap { values -> [any Figure] in
      [AxisScale.linear, .logarithmic, .symmetricLogarithmic(threshold: 0.1)].map { scale in
        let points = values.enumerated().map { Point($1, Double($0)) }
        let panel = Panel(
          x: PanelAxis("x", scale: scale), y: PanelAxis("y", scale: scale),
          marks: [LineMark("a", series: 0, points: points), PointMark("b", series: 1, points: points.map { Point($0.y, $0.x) })])
        return PanelsFigure(PanelGrid([panel]))
      }
    }

  /// 2,000 layers.
  static let deep: [any Figure] = {
    let layers = (0..<2000).map { "features.\($0 / 3).block.\($0 % 3).conv" }
    return [groups(layers), pruning(layers, filters: 8), sensitivity(layers)]
  }()
}
