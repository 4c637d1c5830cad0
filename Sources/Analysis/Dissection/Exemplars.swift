import Datasets

/// The images that excite some channels of a site most, and where on them those channels fire.
public struct Exemplars: Sendable, Equatable {
  /// One image of a channel.
  public struct Entry: Sendable, Equatable {
    /// The image's position in the data set.
    public var image: Int
    /// The greatest activation of the channel on it.
    public var activation: Float
    /// The pixels where the upsampled activation exceeds the channel's threshold.
    public var mask: BitMask

    /// Makes an entry.
    public init(image: Int, activation: Float, mask: BitMask) {
      self.image = image
      self.activation = activation
      self.mask = mask
    }
  }

  /// The number of rows and columns of every mask.
  public var height: Int, width: Int
  /// The channels, rising.
  public var channels: [Int]
  /// The images of each of them, best first.
  public var images: [[Entry]]

  /// Makes exemplars.
  ///
  /// - Precondition: there is a list of images for every channel, and every mask has the size.
  public init(height: Int, width: Int, channels: [Int], images: [[Entry]]) {
    precondition(channels.count == images.count, "\(images.count) lists of images for \(channels.count) channels")
    precondition(images.joined().allSatisfy { $0.mask.height == height && $0.mask.width == width }, "masks of several sizes")
    self.height = height
    self.width = width
    self.channels = channels
    self.images = images
  }

  /// The images of a channel; empty for one that is not among ``channels``.
  public subscript(channel: Int) -> [Entry] { channels.firstIndex(of: channel).map { images[$0] } ?? [] }
}
