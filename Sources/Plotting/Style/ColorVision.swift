import Foundation

/// How a reader with a deficiency of colour vision sees colours.
///
/// Source: G. Machado, M. Oliveira, L. Fernandes, "A physiologically-based model for simulation of color vision deficiency", IEEE
/// TVCG 2009: the matrices of severity 1.0, on linear sRGB.
public enum ColorVision: String, CaseIterable, Sendable {
  case protanopia, deuteranopia, tritanopia
  /// No colours at all: the luminance.
  case grey

  private var matrix: [[Double]] {
    switch self {
    case .protanopia:
      [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    case .deuteranopia:
      [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    case .tritanopia:
      [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    case .grey: [[Double]](repeating: [0.2126, 0.7152, 0.0722], count: 3)
    }
  }

  /// A colour as it is seen.
  public func simulated(_ color: Color) -> Color {
    let linear = color.linear
    let seen = matrix.map { row in min(1, max(0, zip(row, linear).map(*).reduce(0, +))) }.map(Color.encoded)
    return Color(red: seen[0], green: seen[1], blue: seen[2])
  }
}

extension Color {
  /// The channels of linear light (IEC 61966-2-1).
  var linear: [Double] { [red, green, blue].map { $0 <= 0.04045 ? $0 / 12.92 : pow(($0 + 0.055) / 1.055, 2.4) } }

  static func encoded(_ linear: Double) -> Double { linear <= 0.0031308 ? 12.92 * linear : 1.055 * pow(linear, 1 / 2.4) - 0.055 }

  /// CIE L*a*b* under D65.
  var lab: [Double] {
    let (r, g, b) = (linear[0], linear[1], linear[2])
    func f(_ t: Double) -> Double { t > 216.0 / 24389 ? cbrt(t) : (24389.0 / 27 * t + 16) / 116 }
    let x = f((0.4124564 * r + 0.3575761 * g + 0.1804375 * b) / 0.95047)
    let y = f(0.2126729 * r + 0.7151522 * g + 0.0721750 * b)
    let z = f((0.0193339 * r + 0.1191920 * g + 0.9503041 * b) / 1.08883)
    return [116 * y - 16, 500 * (x - y), 200 * (y - z)]
  }

  /// CIE L*, 0 for black, 100 for white.
  public var lightness: Double { lab[0] }

  /// The Euclidean distance in CIE L*a*b*; 2.3 is just seen.
  public func distance(to other: Color) -> Double { zip(lab, other.lab).map { ($0 - $1) * ($0 - $1) }.reduce(0, +).squareRoot() }

  /// The colour mixed with another: 1 for the colour itself.
  func mixed(_ share: Double, with other: Color) -> Color {
    Color(
      red: share * red + (1 - share) * other.red, green: share * green + (1 - share) * other.green,
      blue: share * blue + (1 - share) * other.blue)
  }

  /// Black or white, whichever is read better on the colour.
  var readable: Color { lightness > 55 ? Color(0x1A1A1A) : Color(0xFFFFFF) }
}
