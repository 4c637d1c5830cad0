import Images
import Tensors

/// Random changes of training images.
///
/// What happens to a sample depends on (seed, epoch, sample index) alone.
public struct Augmentation: Hashable, Sendable {
  /// Pixels of black (0 for tensors) that are added on each side before a part of the old size is cut out at random.
  public var padding: Int
  /// Whether every other sample is mirrored left to right.
  public var flips: Bool

  /// Makes an augmentation; the default is the customary one for CIFAR-10.
  public init(padding: Int = 4, flips: Bool = true) {
    precondition(padding >= 0, "a padding is not negative")
    self.padding = padding
    self.flips = flips
  }

  /// What happens to one sample.
  struct Draw: Hashable {
    /// How far the image's origin moves right and down, −padding … padding.
    var x, y: Int
    var isFlipped: Bool
  }

  func draw(seed: UInt64, epoch: Int, index: Int) -> Draw {
    let key = Philox(seed: seed, stream: Philox.stream(named: "augmentation"), start: UInt64(epoch)).first
    var random = Philox(seed: key, stream: UInt64(index))
    let span = UInt64(2 * padding + 1)
    func offset(_ bits: UInt64) -> Int { Int(bits.multipliedFullWidth(by: span).high) - padding }
    return Draw(x: offset(random.next()), y: offset(random.next()), isFlipped: flips && random.next() >> 63 == 1)
  }
}

extension Augmentation.Draw {
  func callAsFunction(_ image: Image) -> Image {
    var pixels = image.cropped(to: PixelRectangle(x: -x, y: -y, width: image.width, height: image.height)).pixels
    if isFlipped {
      let original = pixels.elements
      let (width, channels) = (image.width, image.channels)
      for pixel in 0..<image.height * width {
        let mirrored = pixel / width * width + width - 1 - pixel % width
        for channel in 0..<channels { pixels.elements[pixel * channels + channel] = original[mirrored * channels + channel] }
      }
    }
    return Image(pixels: pixels)
  }

  /// The change of a tensor [C, H, W], or [H, W, C].
  func callAsFunction(_ tensor: Tensor<Float>, isChannelsLast: Bool = false) -> Tensor<Float> {
    let shape = tensor.shape
    let (channels, height, width) = isChannelsLast ? (shape[2], shape[0], shape[1]) : (shape[0], shape[1], shape[2])
    let (channelStep, positionStep) = isChannelsLast ? (1, channels) : (height * width, 1)
    var changed = Tensor<Float>(repeating: 0, shape: shape)
    for row in 0..<height where 0..<height ~= row - y {
      for column in 0..<width {
        let from = (isFlipped ? width - 1 - column : column) - x
        guard 0..<width ~= from else { continue }
        let (target, source) = ((row * width + column) * positionStep, ((row - y) * width + from) * positionStep)
        for channel in 0..<channels {
          changed.elements[target + channel * channelStep] = tensor.elements[source + channel * channelStep]
        }
      }
    }
    return changed
  }
}

extension Philox {
  /// The first number, as a key for other generators.
  fileprivate var first: UInt64 {
    var copy = self
    return copy.next()
  }
}
