/// Functions of eight numbers at once, in single precision, which compilers keep in vector registers on any processor.
///
/// NaN stays NaN, which oneDNN's own activations do not promise. No product and sum are fused, so that the bits are those of any
/// processor, and a number's function does not depend on its neighbours.
enum VectorMath {
  typealias Vector = SIMD8<Float>

  /// eˣ within 2 units in the last place (polynomial of the Cephes library); below the least normal number 0.
  @inline(__always)
  static func exp(_ x: Vector) -> Vector {
    var bounded = x.replacing(with: 88.8, where: x .> 88.8)
    bounded.replace(with: -88, where: bounded .< -88)
    // What is added puts the nearest whole number of halvings into the last bits of the sum.
    let shifted = bounded * 1.442695040888963 + roundingShift
    let halvings = shifted - roundingShift
    let rest = (bounded - halvings * 0.693359375) - halvings * -2.12194440e-4
    var sum = rest * 1.9875691500e-4 + 1.3981999507e-3
    sum = sum * rest + 8.3334519073e-3
    sum = sum * rest + 4.1665795894e-2
    sum = sum * rest + 1.6666665459e-1
    sum = sum * rest + 5.0000001201e-1
    let fraction = sum * rest * rest + rest + 1
    let bits = unsafeBitCast(fraction, to: SIMD8<Int32>.self) &+ (unsafeBitCast(shifted, to: SIMD8<Int32>.self) &<< 23)
    var result = unsafeBitCast(bits, to: Vector.self)
    result.replace(with: .infinity, where: x .> 88.72283)
    result.replace(with: 0, where: x .< -87.33654)
    return result.replacing(with: x, where: x .!= x)
  }

  /// 1 / (1 + e⁻ˣ).
  @inline(__always)
  static func logistic(_ x: Vector) -> Vector { 1 / (1 + exp(-x)) }

  /// The hyperbolic tangent (Cephes: a polynomial near 0, else by eˣ).
  @inline(__always)
  static func tanh(_ x: Vector) -> Vector {
    let square = x * x
    var sum = square * -5.70498872745e-3 + 2.06390887954e-2
    sum = sum * square - 5.37397155531e-2
    sum = sum * square + 1.33314422036e-1
    sum = sum * square - 3.33332819422e-1
    let near = sum * square * x + x
    let far = 1 - 2 / (exp(x + x) + 1)
    return far.replacing(with: near, where: square .< 0.390625)
  }

  /// The normal distribution function, ½ erfc(−x / √2) (Chebyshev fit of Numerical Recipes, section 6.2).
  ///
  /// Its relative error is at most 3e-6 + 1.2e-7 x²: in the tail the rounding of x² is that of an exponent.
  @inline(__always)
  static func normalShare(_ x: Vector) -> Vector {
    let z = (x * 0.7071067811865476).replacing(with: x * -0.7071067811865476, where: x .< 0)
    let t = 1 / (1 + 0.5 * z)
    var sum = t * 0.17087277 - 0.82215223
    sum = sum * t + 1.48851587
    sum = sum * t - 1.13520398
    sum = sum * t + 0.27886807
    sum = sum * t - 0.18628806
    sum = sum * t + 0.09678418
    sum = sum * t + 0.37409196
    sum = sum * t + 1.00002368
    sum = sum * t - 1.26551223
    let tail = 0.5 * t * exp(sum - z * z)
    return (1 - tail).replacing(with: tail, where: x .< 0)
  }

  /// Writes a function of `count` numbers; `y` may be `x`.
  @inline(__always)
  static func map(
    _ x: UnsafePointer<Float>, to y: UnsafeMutablePointer<Float>, count: Int, _ function: (Vector) -> Vector
  ) {
    var i = 0
    while i + 8 <= count {
      let value = UnsafeRawPointer(x + i).loadUnaligned(as: Vector.self)
      UnsafeMutableRawPointer(y + i).storeBytes(of: function(value), as: Vector.self)
      i += 8
    }
    guard i < count else { return }
    let result = function(partial(x + i, count - i))
    for lane in 0..<count - i { y[i + lane] = result[lane] }
  }

  /// Writes a function of `count` pairs; `z` may be `x` or `y`.
  @inline(__always)
  static func map(
    _ x: UnsafePointer<Float>, _ y: UnsafePointer<Float>, to z: UnsafeMutablePointer<Float>, count: Int,
    _ function: (Vector, Vector) -> Vector
  ) {
    var i = 0
    while i + 8 <= count {
      let a = UnsafeRawPointer(x + i).loadUnaligned(as: Vector.self)
      let b = UnsafeRawPointer(y + i).loadUnaligned(as: Vector.self)
      UnsafeMutableRawPointer(z + i).storeBytes(of: function(a, b), as: Vector.self)
      i += 8
    }
    guard i < count else { return }
    let result = function(partial(x + i, count - i), partial(y + i, count - i))
    for lane in 0..<count - i { z[i + lane] = result[lane] }
  }

  /// Writes a function of `times` lines of `length` numbers, a multiple of 8, and of one other line that each of them meets;
  /// `z` may be `x`.
  @inline(__always)
  static func map(
    _ x: UnsafePointer<Float>, repeating y: UnsafePointer<Float>, of length: Int, to z: UnsafeMutablePointer<Float>, times: Int,
    _ function: (Vector, Vector) -> Vector
  ) {
    for start in stride(from: 0, to: length, by: 8) {
      let other = UnsafeRawPointer(y + start).loadUnaligned(as: Vector.self)
      var i = start
      for _ in 0..<times {
        let value = UnsafeRawPointer(x + i).loadUnaligned(as: Vector.self)
        UnsafeMutableRawPointer(z + i).storeBytes(of: function(value, other), as: Vector.self)
        i += length
      }
    }
  }

  private static let roundingShift: Float = 12_582_912

  @inline(__always)
  private static func partial(_ x: UnsafePointer<Float>, _ count: Int) -> Vector {
    var vector = Vector(repeating: 0)
    for lane in 0..<count { vector[lane] = x[lane] }
    return vector
  }
}
