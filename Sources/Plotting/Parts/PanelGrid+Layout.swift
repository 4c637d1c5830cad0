import Foundation

extension PanelGrid {
  private static let gap = 12.0
  private static let tickLength = 3.0
  private static let leastPanelWidth = 118.0
  private static let longestTurnedName = 104.0
  private static let tallestPanel = 190.0

  /// Lays the panels out.
  public func composition(_ style: FigureStyle) -> Composition {
    let wanted = max(1, min(columns ?? 3, panels.count))
    let width = style.contentWidth(Double(wanted) * (wanted > 1 ? 0.7 : 1) * panelWidth)
    let fitting = max(1, Int((width + Self.gap) / (Self.leastPanelWidth + Self.gap)))
    let most = max(1, min(columns ?? fitting, fitting, panels.count))
    // Rows are filled evenly.
    let rowCount = (panels.count + most - 1) / max(most, 1)
    let columnCount = rowCount == 0 ? 1 : (panels.count + rowCount - 1) / rowCount
    let styles = style.series(max(2, (panels.flatMap { $0.marks.map(\.series) }.max() ?? 0) + 1))
    let legend = Legend(panels.flatMap(\.marks), styles)

    let roughWidth = (width + Self.gap) / Double(columnCount) - Self.gap - 36
    let height = min(max(50, aspect * roughWidth), Self.tallestPanel, 0.6 * style.greatestHeight)
    let yAxes = axes(\.y, ticks: max(2, min(6, Int(height / 20))), sharesY) { $0.flatMap(\.yValues) }
    var lefts = [Double](repeating: 4, count: columnCount)
    for (position, panel) in panels.enumerated() where !sharesY || position % columnCount == 0 {
      let widest = yTexts(panel, yAxes[position], style).map(\.size.width).max() ?? 0
      var left = widest + Self.tickLength + 2
      if !panel.y.text.isEmpty { left += yLabel(panel, height, style).size.height + 3 }
      lefts[position % columnCount] = max(lefts[position % columnCount], left)
    }
    // Half of the last tick's label reaches beyond its axis.
    let overhang = 8.0
    let frameWidth = max(
      20, (width - lefts.reduce(0, +) - Double(columnCount - 1) * Self.gap - overhang) / Double(columnCount))
    let xAxes = xAxes(frameWidth, style)

    var body: [Strip] = []
    var isLegendInside = false
    for row in 0..<rowCount {
      let positions = Array(row * columnCount..<min((row + 1) * columnCount, panels.count))
      let layouts = positions.map { position -> Layout in
        let column = position % columnCount
        let x = lefts[0...column].reduce(0, +) + Double(column) * (frameWidth + Self.gap)
        return layout(
          position, x: x, left: lefts[column], width: frameWidth, height: height, xAxes[position], yAxes[position], style)
      }
      let head = layouts.map(\.headHeight).max() ?? 0
      let foot = layouts.map(\.footHeight).max() ?? 0
      var inside: (box: Legend.Box, place: Rectangle)?
      if panels.count == 1, let only = layouts.first {
        let place = Rectangle(x: only.x, y: head, width: frameWidth, height: height)
        let frame = PlotFrame(rectangle: place, x: only.xAxis, y: only.yAxis, styles: styles, style: style)
        if let box = legend.box(in: place, style),
          let free = Legend.place(box.size, in: place, clearOf: only.panel.marks.flatMap { $0.obstacles(in: frame) })
        {
          inside = (box, free)
          isLegendInside = true
        }
      }
      let isLast = row == rowCount - 1
      body.append(
        Strip(height: head + height + foot + (isLast ? 0 : Self.gap)) { canvas, corner in
          for layout in layouts {
            let frame = PlotFrame(
              rectangle: Rectangle(x: corner.x + layout.x, y: corner.y + head, width: frameWidth, height: height),
              x: layout.xAxis, y: layout.yAxis, styles: styles, style: style)
            draw(layout, in: frame, top: corner.y, on: canvas)
          }
          if let inside {
            legend.draw(inside.box, at: Point(corner.x + inside.place.x, corner.y + inside.place.y), on: canvas)
          }
        })
    }
    var footer: [Strip] = []
    if !isLegendInside, !legend.entries.isEmpty { footer = [.gap(5)] + legend.strips(width: width, style) }
    if !note.isEmpty {
      footer += [
        .gap(4), .text(style.text(note, .small, width: width, lines: 6), width: width, color: style.theme.softInk),
      ]
    }
    return Composition(width: width, body: body, footer: footer)
  }

  /// A panel with its texts, measured.
  private struct Layout {
    var panel: Panel
    /// The left of its axes, from that of the figure, and the room that labels have left of it.
    var x, left: Double
    var xAxis, yAxis: Axis
    var letter, title: Text?
    var xTexts: [Text]
    var yTexts: [Text]
    var areTurned: Bool
    var xLabel, yLabel: Text?
    var headHeight, footHeight: Double
  }

  private func layout(
    _ position: Int, x: Double, left: Double, width: Double, height: Double, _ xAxis: Axis, _ yAxis: Axis, _ style: FigureStyle
  ) -> Layout {
    let panel = panels[position]
    let letter = panels.count > 1 ? style.text(Self.letter(position), .title) : nil
    let room = width - (letter == nil ? 0 : 2 * max(0, (letter?.size.width ?? 0) + 4 - left))
    let title = panel.title.map { style.text($0, .heading, width: room, alignment: .center, lines: 2) }
    let names = xNames(panel, xAxis, width, style)
    let showsY = !sharesY || left > 4
    let xLabel = panel.x.text.isEmpty ? nil : style.text(panel.x.text, .label, width: width + left, alignment: .center, lines: 2)
    let head = max(letter?.size.height ?? 0, title?.size.height ?? 0)
    let tall = names.texts.map { names.areTurned ? $0.size.width : $0.size.height }.max() ?? 0
    return Layout(
      panel: panel, x: x, left: left, xAxis: xAxis, yAxis: yAxis, letter: letter, title: title, xTexts: names.texts,
      yTexts: showsY ? yTexts(panel, yAxis, style) : [], areTurned: names.areTurned, xLabel: xLabel,
      yLabel: showsY && !panel.y.text.isEmpty ? yLabel(panel, height, style) : nil,
      // Half a line over the axes for the label of the topmost tick.
      headHeight: max(head + (head > 0 ? 3 : 0), style.lineHeight(.small) / 2),
      footHeight: max(Self.tickLength + 1 + tall + (xLabel.map { $0.size.height + 1 } ?? 0), style.lineHeight(.small) / 2))
  }

  private func axes(_ side: KeyPath<Panel, PanelAxis>, ticks: Int, _ isShared: Bool, _ values: ([any Mark]) -> [Double]) -> [Axis]
  {
    let all = isShared ? panels.flatMap { values($0.marks) } : []
    return panels.map { panel in
      panel[keyPath: side].axis(
        showing: isShared && panel[keyPath: side].categories.isEmpty ? all : values(panel.marks), ticks: ticks,
        endsAtTicks: side == \Panel.y)
    }
  }

  /// With as many ticks as leave room between their labels.
  private func xAxes(_ width: Double, _ style: FigureStyle) -> [Axis] {
    let choices = [7, 6, 5, 4, 3, 2, 1].map { count in axes(\.x, ticks: count, sharesX) { $0.flatMap(\.xValues) } }
    return panels.indices.map { position in
      if !panels[position].x.categories.isEmpty { return choices[0][position] }
      return choices.map { $0[position] }.first { axis in
        let widest = axis.labels.map { style.text($0, .small).size.width }.max() ?? 0
        return Double(axis.labels.count) * (widest + 9) <= width
      } ?? choices[choices.count - 1][position]
    }
  }

  private func yTexts(_ panel: Panel, _ axis: Axis, _ style: FigureStyle) -> [Text] {
    axis.labels.map { style.text($0, .small, width: panel.y.categories.isEmpty ? nil : Self.longestTurnedName, lines: 1) }
  }

  private func yLabel(_ panel: Panel, _ height: Double, _ style: FigureStyle) -> Text {
    style.text(panel.y.text, .label, width: height + 8, alignment: .center, lines: 2)
  }

  /// The labels below the axes: names that do not fit side by side run upwards.
  private func xNames(_ panel: Panel, _ axis: Axis, _ width: Double, _ style: FigureStyle) -> (texts: [Text], areTurned: Bool) {
    guard !panel.x.categories.isEmpty else { return (axis.labels.map { style.text($0, .small) }, false) }
    let step = width / Double(axis.labels.count)
    let line = style.lineHeight(.small)
    // Of many, as many as have room.
    let every = max(1, Int((line / step).rounded(.up)))
    let shown = axis.labels.enumerated().map { $0.offset % every == 0 ? $0.element : "" }
    let whole = shown.map { style.text($0, .small) }
    if whole.allSatisfy({ $0.size.width + 3 <= step }) { return (whole, false) }
    let areNumbers = axis.labels.allSatisfy { Int($0) != nil }
    if areNumbers {
      let widest = (whole.map(\.size.width).max() ?? 0) + 4
      let every = max(1, Int((widest / step).rounded(.up)))
      return (axis.labels.enumerated().map { style.text($0.offset % every == 0 ? $0.element : "", .small) }, false)
    }
    let broken = shown.map { style.text($0, .small, width: step - 3, alignment: .center, lines: 2) }
    let areWhole = zip(shown, broken).allSatisfy { $0 == $1.string.replacingOccurrences(of: "\n", with: " ") }
    if areWhole { return (broken, false) }
    return (shown.map { style.text($0, .small, width: Self.longestTurnedName, lines: 1) }, true)
  }

  private func draw(_ layout: Layout, in frame: PlotFrame, top: Double, on canvas: Canvas) {
    let (box, theme, line) = (frame.rectangle, canvas.theme, frame.style.lineWidth)
    let length = Self.tickLength
    if let letter = layout.letter { canvas.draw(letter, at: Point(box.x - layout.left, top), .topLeft) }
    if let title = layout.title { canvas.draw(title, at: Point(box.center.x, box.y - 3), .bottom) }
    var lowest = Double.infinity
    for (position, tick) in layout.yAxis.ticks.enumerated() {
      guard let place = frame.point(layout.xAxis.range.lowerBound, tick) else { continue }
      if layout.panel.y.categories.isEmpty { canvas.line([place, Point(box.right, place.y)], theme.hairline, width: 0.4) }
      canvas.line([Point(box.x - length, place.y), place], theme.ink, width: 0.5 * line)
      guard position < layout.yTexts.count else { continue }
      let text = layout.yTexts[position]
      // Labels that would touch the one below are left out.
      guard place.y + text.size.height / 2 <= lowest + 0.5 else { continue }
      canvas.draw(text, at: Point(box.x - length - 2, place.y), .right, color: theme.softInk)
      lowest = place.y - text.size.height / 2
    }
    canvas.clipped(to: Rectangle(x: box.x - 4, y: box.y - 4, width: box.width + 8, height: box.height + 8)) {
      for mark in layout.panel.marks { mark.draw(on: canvas, in: frame) }
    }
    var taken = -Double.infinity
    for (tick, text) in zip(layout.xAxis.ticks, layout.xTexts) where !text.string.isEmpty {
      guard let place = frame.point(tick, layout.yAxis.range.lowerBound) else { continue }
      canvas.line([Point(place.x, box.bottom), Point(place.x, box.bottom + length)], theme.ink, width: 0.5 * line)
      let half = (layout.areTurned ? text.size.height : text.size.width) / 2
      guard place.x - half >= taken else { continue }
      let x = layout.areTurned ? place.x : min(place.x, box.right + 8 - half)
      canvas.draw(
        text, at: Point(x, box.bottom + length + 1), layout.areTurned ? .right : .top, color: theme.softInk,
        turned: layout.areTurned)
      taken = x + half + 1
    }
    canvas.line(
      [Point(box.x, box.y), Point(box.x, box.bottom), Point(box.right, box.bottom)], theme.ink, width: 0.5 * line)
    if let label = layout.xLabel {
      let names = layout.xTexts.map { layout.areTurned ? $0.size.width : $0.size.height }.max() ?? 0
      // One that is longer than the axes reaches under the labels of the other axis.
      let x = box.center.x - max(0, label.size.width - box.width) / 2
      canvas.draw(label, at: Point(x, box.bottom + length + 1 + names + 1), .top)
    }
    if let label = layout.yLabel {
      canvas.draw(label, at: Point(box.x - layout.left, box.center.y), .top, turned: true)
    }
  }
}
