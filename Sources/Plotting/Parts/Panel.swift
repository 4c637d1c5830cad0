import Foundation

/// What an axis of a panel shows.
public struct PanelAxis: Sendable {
  /// What it is, and in which unit.
  public var label: String, unit: String?
  /// How values become positions.
  public var scale: AxisScale
  /// The range; nil for that of the marks.
  public var range: ClosedRange<Double>?
  /// What stays free at either end, in parts of what the marks take, so that points stand clear of the edges.
  public var margin = 0.0
  /// Whether ticks are at whole numbers only.
  public var isWhole: Bool
  /// The names of the positions 0, 1, 2, …; empty for an axis of numbers.
  public var categories: [String]

  /// Makes an axis of numbers.
  public init(
    _ label: String, unit: String? = nil, scale: AxisScale = .linear, range: ClosedRange<Double>? = nil, isWhole: Bool = false
  ) {
    (self.label, self.unit, self.scale, self.range, self.isWhole) = (label, unit, scale, range, isWhole)
    categories = []
  }

  /// Makes an axis of names.
  public init(_ label: String, categories: [String]) {
    self.init(label)
    self.categories = categories
  }

  /// The label with the unit in brackets.
  var text: String { unit.map { label.isEmpty ? $0 : "\(label) (\($0))" } ?? label }

  /// The axis for values.
  func axis(showing values: [Double], ticks: Int, endsAtTicks: Bool) -> Axis {
    if !categories.isEmpty { return Axis(categories: categories) }
    if let range { return Axis(scale, showing: [range.lowerBound, range.upperBound], ticks: ticks, wholeNumbers: isWhole) }
    return Axis(scale, showing: values + ends(of: values), ticks: ticks, wholeNumbers: isWhole, endsAtTicks: endsAtTicks)
  }
}

extension PanelAxis {
  /// The values that ``margin`` adds to others.
  private func ends(of values: [Double]) -> [Double] {
    let drawn = values.filter { Axis.isDrawable($0) && Axis.isDrawable(scale.forward($0)) }
    guard margin > 0, let low = drawn.min(), let high = drawn.max(), high > low else { return [] }
    switch scale {
    case .linear: return [low - margin * (high - low), high + margin * (high - low)]
    case .logarithmic: return [low * pow(low / high, margin), high * pow(high / low, margin)]
    case .symmetricLogarithmic: return []
    }
  }
}

/// Marks in a pair of axes.
public struct Panel: Sendable {
  /// What stands over it.
  public var title: String?
  /// The axes.
  public var x: PanelAxis, y: PanelAxis
  /// What is drawn, the first at the bottom.
  public var marks: [any Mark]

  /// Makes a panel.
  public init(title: String? = nil, x: PanelAxis, y: PanelAxis, marks: [any Mark]) {
    (self.title, self.x, self.y, self.marks) = (title, x, y, marks)
  }
}

/// Panels in rows and columns, with letters where there are several, one legend, and axes in line.
public struct PanelGrid: Sendable {
  /// The panels, row by row.
  public var panels: [Panel]
  /// The most panels side by side; nil for as many as have room.
  public var columns: Int?
  /// Whether all panels have one range along x, and along y.
  public var sharesX = false, sharesY = false
  /// The height of a panel in parts of its width.
  public var aspect = 0.68
  /// What stands under the panels.
  public var note = ""
  /// The width that a panel asks for.
  public var panelWidth = 236.0

  /// Makes a grid.
  public init(
    _ panels: [Panel], columns: Int? = nil, sharesX: Bool = false, sharesY: Bool = false, aspect: Double = 0.68, note: String = ""
  ) {
    (self.panels, self.columns, self.sharesX, self.sharesY) = (panels, columns, sharesX, sharesY)
    (self.aspect, self.note) = (aspect, note)
  }

  /// The letter of a panel: a … z, aa, ab, ….
  static func letter(_ position: Int) -> String {
    let own = String(UnicodeScalar(UInt8(97 + position % 26)))
    return position < 26 ? own : letter(position / 26 - 1) + own
  }
}
