import Foundation
import Plotting

/// Accuracy after pruning over the number of reference points, one panel a data set: solid ours, hollow the authors' means.
struct ToyFigure: Figure {
  static let kind = "toy"
  static let summary = "accuracy after pruning over the number of reference points"

  var title: String? { nil }
  let results: [ToyResult]
  private let panel = Size(168, 150)
  private static let tick = Font(7), label = Font(8), head = Font(8, bold: true)

  init(_ results: [ToyResult]) { self.results = results }

  var size: Size { Size(panel.width * Double(results.count) + 26, panel.height + 36) }

  func draw(on canvas: Canvas) {
    canvas.draw(Text("accuracy after pruning, %", Self.label), at: Point(4, panel.height / 2), .top, turned: true)
    for (position, result) in results.enumerated() { draw(result, at: Double(position) * panel.width + 16, on: canvas) }
    var x = 30.0
    for (index, criterion) in ToyCriterion.allCases.enumerated() {
      let y = size.height - 8
      canvas.line([Point(x, y), Point(x + 14, y)], Color.series[index], width: 1.2)
      canvas.fillCircle(at: Point(x + 7, y), radius: 1.8, Color.series[index])
      let text = Text(criterion.rawValue, Self.tick)
      canvas.draw(text, at: Point(x + 18, y), .left)
      x += 18 + text.size.width + 12
    }
    canvas.draw(
      Text("rings: Yeom et al.'s log; bars: deviation over draws; dashed: before pruning", Self.tick),
      at: Point(x, size.height - 8), .left, color: .softInk)
  }

  private func draw(_ result: ToyResult, at left: Double, on canvas: Canvas) {
    let frame = Rectangle(x: left + 26, y: 18, width: panel.width - 34, height: panel.height - 44)
    let counts = result.data.references
    func x(_ n: Int) -> Double {
      let (low, high) = (log(Double(counts[0])), log(Double(counts[counts.count - 1])))
      return frame.x + 8 + (log(Double(n)) - low) / (high - low) * (frame.width - 16)
    }
    func y(_ percent: Double) -> Double { frame.bottom - (percent - 20) / 80 * frame.height }
    canvas.draw(Text(result.data.rawValue, Self.head), at: Point(frame.center.x, 4), .top)
    for percent in stride(from: 20.0, through: 100, by: 20) {
      canvas.line([Point(frame.x, y(percent)), Point(frame.right, y(percent))], .hairline, width: 0.4)
      canvas.draw(Text(String(format: "%.0f", percent), Self.tick), at: Point(frame.x - 3, y(percent)), .right, color: .softInk)
    }
    for n in counts {
      canvas.line([Point(x(n), frame.bottom), Point(x(n), frame.bottom + 3)], .ink)
      canvas.draw(Text("\(n)", Self.tick), at: Point(x(n), frame.bottom + 4), .top, color: .softInk)
    }
    canvas.draw(Text("reference points", Self.label), at: Point(frame.center.x, frame.bottom + 13), .top)
    let before = y(ToyResult.mean(result.before))
    canvas.line([Point(frame.x, before), Point(frame.right, before)], .softInk, width: 0.6, dash: [3, 2])
    canvas.line([Point(frame.x, frame.y), Point(frame.x, frame.bottom), Point(frame.right, frame.bottom)], .ink, width: 0.6)
    for (index, criterion) in ToyCriterion.allCases.enumerated() {
      let color = Color.series[index]
      let shift = (Double(index) - 1.5) * 2
      let cells = counts.compactMap { result.cell(criterion, $0) }
      canvas.line(cells.map { Point(x($0.references) + shift, y($0.mean)) }, color, width: 1.2)
      for cell in cells {
        let position = x(cell.references) + shift
        let (low, high) = (max(20, cell.mean - cell.deviation), min(100, cell.mean + cell.deviation))
        canvas.line([Point(position, y(low)), Point(position, y(high))], color, width: 0.5)
        canvas.fillCircle(at: Point(position, y(cell.mean)), radius: 1.8, color)
        guard let theirs = ToyTable.published[result.data]?.cells[cell.references]?[index] else { continue }
        canvas.fillCircle(at: Point(position, y(theirs)), radius: 2.6, color)
        canvas.fillCircle(at: Point(position, y(theirs)), radius: 1.9, .paper)
        canvas.fillCircle(at: Point(position, y(cell.mean)), radius: 1.2, color)
      }
    }
  }
}
