import Foundation

/// A table of results, as a paper shows it: columns with units, numbers with their uncertainty, the best marked, notes.
public struct ResultTable: Hashable, Sendable {
  /// A column.
  public struct Column: Hashable, Sendable {
    /// What it holds, and in which unit.
    public var name: String, unit: String?
    /// Whether higher or lower is better; nil for neither.
    public var better: Better?
    /// Whether it holds numbers.
    public var isNumeric: Bool

    /// What is better.
    public enum Better: String, Sendable {
      case higher, lower
    }

    /// Makes a column.
    public init(_ name: String, unit: String? = nil, better: Better? = nil, isNumeric: Bool = true) {
      (self.name, self.unit, self.better, self.isNumeric) = (name, unit, better, isNumeric)
    }
  }

  /// What stands in a cell.
  public enum Cell: Hashable, Sendable {
    case text(String)
    /// A whole number.
    case count(Int)
    /// A number that is written with so many decimals.
    case number(Double, decimals: Int)
    /// A mean with its standard error, and of how many values.
    case mean(Double, error: Double, count: Int)
    case none

    /// The number in it.
    public var value: Double? {
      switch self {
      case .count(let count): Double(count)
      case .number(let value, _), .mean(let value, _, _): value
      case .text, .none: nil
      }
    }
  }

  /// A row.
  public struct Row: Hashable, Sendable {
    /// The cells, one a column.
    public var cells: [Cell]
    /// The columns in which it is the best, or not told from the best.
    public var best: Set<Int> = []

    /// Makes a row.
    public init(_ cells: [Cell]) { self.cells = cells }
  }

  /// What it shows.
  public var caption: String
  /// The columns.
  public var columns: [Column]
  /// The rows.
  public var rows: [Row]
  /// What a reader must know of it.
  public var notes: [String]
  /// In LaTeX, what it is referred to by; nil for nothing.
  public var label: String?
  /// In LaTeX, whether it is set over both columns of a page.
  public var isWide = false

  /// Makes a table.
  public init(caption: String, columns: [Column], rows: [Row], notes: [String] = []) {
    (self.caption, self.columns, self.rows, self.notes) = (caption, columns, rows, notes)
  }

  /// The decimals of a number with an uncertainty: two digits of the uncertainty if they begin with 1 or 2, else one.
  ///
  /// Source: Particle Data Group, "Review of particle physics", introduction, 5.3, in a simpler form.
  static func decimals(ofError error: Double) -> Int? {
    guard error > 0, error.isFinite else { return nil }
    let exponent = log10(error).rounded(.down)
    let digit = (error / pow(10, exponent) + 1e-9).rounded(.down)
    return min(12, max(0, Int(-exponent) + (digit < 3 ? 1 : 0)))
  }

  /// Marks the best of every column that has one, and those that Welch's t test with a level of 5 %, two-sided, does not tell from
  /// it; where there are no errors, equal numbers.
  ///
  /// Source: B. Welch, "The generalization of 'Student's' problem when several different population variances are involved",
  /// Biometrika 1947.
  public mutating func markBest() {
    for (position, column) in columns.enumerated() {
      guard let better = column.better, rows.count > 1 else { continue }
      let values = rows.indices.compactMap { row in
        rows[row].cells[position].value.flatMap { $0.isFinite ? (row: row, value: $0) : nil }
      }
      guard let best = better == .higher ? values.max(by: { $0.value < $1.value }) : values.min(by: { $0.value < $1.value })
      else {
        continue
      }
      for other in values where ResultTable.areAlike(rows[best.row].cells[position], rows[other.row].cells[position]) {
        rows[other.row].best.insert(position)
      }
    }
  }

  private static func areAlike(_ a: Cell, _ b: Cell) -> Bool {
    guard case .mean(let first, let firstError, let n) = a, case .mean(let second, let secondError, let m) = b, n > 1, m > 1
    else {
      return a.value == b.value
    }
    let (v, w) = (firstError * firstError, secondError * secondError)
    guard v + w > 0 else { return first == second }
    let degrees = (v + w) * (v + w) / (v * v / Double(n - 1) + w * w / Double(m - 1))
    return StudentT.tails((first - second) / (v + w).squareRoot(), degrees: degrees) >= 0.05
  }
}
