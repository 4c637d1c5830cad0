import Images
import Tensors

/// How an image becomes a network's input: first its size, then its numbers.
///
/// In this order: transparency is laid over ``background``; the middle square of ``cropShare`` is cut out; the image is
/// resized; ``crop`` is cut out of its middle; each raw value v in 0…255 becomes (v · scale − mean) / deviation.
public struct Preprocessing: Hashable, Sendable {
  /// A size to resize to.
  public enum Size: Hashable, Sendable {
    /// The shorter side; the shape is kept.
    case shortSide(Int)
    /// Height and width.
    case exact(height: Int, width: Int)
  }

  /// The order of the axes.
  public enum Layout: String, CaseIterable, Sendable {
    /// [N, C, H, W].
    case nchw
    /// [N, H, W, C].
    case nhwc
  }

  /// The order of the three channels.
  public enum ColorOrder: String, CaseIterable, Sendable {
    case rgb, bgr
  }

  /// The share of the shorter side that is kept as a square before resizing; nil for the whole image.
  public var cropShare: Double?
  /// The size to resize to; nil for the image's own.
  public var resize: Size?
  /// How pixels are mixed when resizing.
  public var interpolation: Interpolation
  /// Height and width of the middle part that is kept after resizing; nil for all.
  public var crop: CropSize?
  /// The number of channels, 1 or 3.
  public var channels: Int
  /// The order of three channels.
  public var colorOrder: ColorOrder
  /// The order of the axes.
  public var layout: Layout
  /// What raw values 0…255 are multiplied by, before the mean is taken off.
  public var scale: Double
  /// What is taken off, one number or one per channel in the network's order.
  public var mean: [Double]
  /// What the rest is divided by, one number or one per channel in the network's order.
  public var deviation: [Double]
  /// The raw RGB value behind transparent pixels.
  public var background: UInt8

  /// Height and width of a part of an image.
  public struct CropSize: Hashable, Sendable {
    /// The number of rows and of columns.
    public var height, width: Int

    /// Makes a size.
    public init(height: Int, width: Int) { (self.height, self.width) = (height, width) }
  }

  /// Makes a preprocessing; by default raw values over 255, as torchvision's `ToTensor`.
  ///
  /// - Precondition: there are 1 or 3 channels, and as many means and deviations, or one.
  public init(
    cropShare: Double? = nil, resize: Size? = nil, interpolation: Interpolation = .bilinear, crop: CropSize? = nil,
    channels: Int = 3, colorOrder: ColorOrder = .rgb, layout: Layout = .nchw, scale: Double = 1.0 / 255,
    mean: [Double] = [0], deviation: [Double] = [1], background: UInt8 = 128
  ) {
    precondition(channels == 1 || channels == 3, "an image has 1 or 3 channels")
    precondition(
      [1, channels].contains(mean.count) && [1, channels].contains(deviation.count), "one number, or one per channel")
    self.cropShare = cropShare
    self.resize = resize
    self.interpolation = interpolation
    self.crop = crop
    self.channels = channels
    self.colorOrder = colorOrder
    self.layout = layout
    self.scale = scale
    self.mean = mean
    self.deviation = deviation
    self.background = background
  }

  /// ImageNet as torchvision's classifiers want it: 256 by bilinear, 224 in the middle, normalised RGB.
  public static let imageNet = Preprocessing(
    resize: .shortSide(256), crop: CropSize(height: 224, width: 224), mean: [0.485, 0.456, 0.406],
    deviation: [0.229, 0.224, 0.225])

  /// Fashion-MNIST with the mean and deviation of its training images.
  public static let fashionMNIST = Preprocessing(channels: 1, mean: [0.2860], deviation: [0.3530])

  /// An image's size and channels as the network gets them, before its numbers change.
  ///
  /// - Parameter interpolation: how pixels are mixed, if not as ``interpolation`` says: `nearest` for masks.
  /// - Throws: `EspalierError` if the image is so narrow that resizing its shorter side makes it too large.
  public func fitted(_ image: Image, interpolation: Interpolation? = nil) throws -> Image {
    var image = image.hasAlpha ? image.composited(over: [UInt8](repeating: background, count: image.channels - 1)) : image
    if let cropShare {
      let side = max(1, Int(cropShare * Double(min(image.width, image.height))))
      image = image.centerCropped(width: side, height: side)
    }
    let method = interpolation ?? self.interpolation
    switch resize {
    case .shortSide(let side):
      let size = Image.size(shortSide: side, width: image.width, height: image.height)
      guard size.width * size.height <= Image.largestPixelCount else {
        throw EspalierError("has \(image.width)×\(image.height) pixels, too many once its shorter side is \(side)")
      }
      image = image.resized(width: size.width, height: size.height, method: method)
    case .exact(let height, let width): image = image.resized(width: width, height: height, method: method)
    case nil: break
    }
    if let crop { image = image.centerCropped(width: crop.width, height: crop.height) }
    return channels == 1 ? image.grey : image.rgb
  }

  /// The numbers of a fitted image: [C, H, W], or [H, W, C] in layout `nhwc`.
  public func normalized(_ image: Image) -> Tensor<Float> {
    precondition(image.channels == channels, "\(image.channels) channels where \(channels) are expected")
    let table = (0..<channels).map { channel in
      (0..<256).map { value in
        Float((Double(value) * scale - mean[mean.count == 1 ? 0 : channel]) / deviation[deviation.count == 1 ? 0 : channel])
      }
    }
    let pixels = image.height * image.width
    let shape: Shape = layout == .nchw ? [channels, image.height, image.width] : [image.height, image.width, channels]
    let (pixelStep, channelStep) = layout == .nchw ? (1, pixels) : (channels, 1)
    let elements = [Float](unsafeUninitializedCapacity: shape.count) { output, count in
      image.pixels.elements.withUnsafeBufferPointer { raw in
        for channel in 0..<channels {
          let source = colorOrder == .bgr ? channels - 1 - channel : channel
          table[channel].withUnsafeBufferPointer { table in
            for pixel in 0..<pixels {
              output[pixel * pixelStep + channel * channelStep] = table[Int(raw[pixel * channels + source])]
            }
          }
        }
      }
      count = shape.count
    }
    return Tensor(elements, shape: shape)
  }

  /// An image as the network's input: [C, H, W], or [H, W, C] in layout `nhwc`.
  ///
  /// - Throws: `EspalierError` as ``fitted(_:interpolation:)``.
  public func callAsFunction(_ image: Image) throws -> Tensor<Float> { normalized(try fitted(image)) }
}
