/// A position on a canvas, in points (1/72 inch) from its top left corner.
public struct Point: Hashable, Sendable {
  /// The distances from the left and from the top.
  public var x, y: Double

  /// Makes a point.
  public init(_ x: Double, _ y: Double) { (self.x, self.y) = (x, y) }
}

/// A width and a height in points.
public struct Size: Hashable, Sendable {
  /// The lengths of the sides.
  public var width, height: Double

  /// Makes a size.
  public init(_ width: Double, _ height: Double) { (self.width, self.height) = (width, height) }
}

/// A part of a canvas, in points.
public struct Rectangle: Hashable, Sendable {
  /// The distances of the left and of the top side.
  public var x, y: Double
  /// The lengths of the sides.
  public var width, height: Double

  /// Makes a rectangle.
  public init(x: Double, y: Double, width: Double, height: Double) {
    (self.x, self.y, self.width, self.height) = (x, y, width, height)
  }

  /// The x of the right side.
  public var right: Double { x + width }
  /// The y of the bottom side.
  public var bottom: Double { y + height }
  /// The point in the middle.
  public var center: Point { Point(x + width / 2, y + height / 2) }
}

/// An opaque colour.
public struct Color: Hashable, Sendable {
  /// Red, green and blue, 0…1.
  public var red, green, blue: Double

  /// Makes a colour from 0xRRGGBB.
  public init(_ hex: Int) {
    red = Double(hex >> 16 & 0xFF) / 255
    green = Double(hex >> 8 & 0xFF) / 255
    blue = Double(hex & 0xFF) / 255
  }

  /// Makes a colour from its channels, 0…1.
  public init(red: Double, green: Double, blue: Double) { (self.red, self.green, self.blue) = (red, green, blue) }
}
