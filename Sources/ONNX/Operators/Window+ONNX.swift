internal import Networks
internal import Tensors

extension NodeReader {
  /// What a size, stride or dilation may be.
  static let lengths = 1...Int(Int32.max)
  /// What the padding of one side may be.
  static let paddings = 0...Int(Int32.max)

  /// Reads `auto_pad`, `pads`, `strides`, and `dilations` where the operator has them.
  mutating func window(dilated: Bool) throws -> Window {
    let strides = try ints("strides", in: NodeReader.lengths)
    let dilations = dilated ? try ints("dilations", in: NodeReader.lengths) : []
    let pads = try ints("pads", in: NodeReader.paddings)
    guard pads.count.isMultiple(of: 2) else {
      throw EspalierError("attribute 'pads' is \(pads)", accepted: "two numbers an axis")
    }
    let automatic = try choice("auto_pad", default: AutomaticPadding.none)
    guard automatic == .none || pads.allSatisfy({ $0 == 0 }) else {
      throw EspalierError("both auto_pad \(automatic.rawValue) and pads \(pads) are given", accepted: "one of them")
    }
    let padding: Padding =
      switch automatic {
      case .none: .explicit(begin: Array(pads.prefix(pads.count / 2)), end: Array(pads.suffix(pads.count / 2)))
      case .sameUpper: .sameUpper
      case .sameLower: .sameLower
      case .valid: .valid
      }
    return Window(strides: strides, dilations: dilations, padding: padding)
  }
}

extension NodeWriter {
  /// Writes `auto_pad` or `pads`, `strides` and `dilations`.
  mutating func set(_ window: Window) {
    switch window.padding {
    case .explicit(let begin, let end): set("pads", begin + end)
    case .sameUpper: set("auto_pad", AutomaticPadding.sameUpper.rawValue)
    case .sameLower: set("auto_pad", AutomaticPadding.sameLower.rawValue)
    case .valid: set("auto_pad", AutomaticPadding.valid.rawValue)
    }
    set("strides", window.strides)
    set("dilations", window.dilations)
  }
}

/// The words of `auto_pad`.
private enum AutomaticPadding: String, CaseIterable {
  case none = "NOTSET"
  case sameUpper = "SAME_UPPER"
  case sameLower = "SAME_LOWER"
  case valid = "VALID"
}
