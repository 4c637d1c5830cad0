import Datasets

/// The pictures that excite some channels of a site most, and where on them those channels fire.
public struct Exemplars: Sendable, Equatable {
  /// One picture of a channel.
  public struct Entry: Sendable, Equatable {
    /// The picture's place in the data set.
    public var picture: Int
    /// The greatest activation of the channel on it.
    public var activation: Float
    /// The pixels where the upsampled activation exceeds the channel's threshold.
    public var mask: BitMask

    /// Makes an entry.
    public init(picture: Int, activation: Float, mask: BitMask) {
      self.picture = picture
      self.activation = activation
      self.mask = mask
    }
  }

  /// The number of rows and columns of every mask.
  public var height: Int, width: Int
  /// The channels, rising.
  public var channels: [Int]
  /// The pictures of each of them, best first.
  public var pictures: [[Entry]]

  /// Makes exemplars.
  ///
  /// - Precondition: there is a list of pictures for every channel, and every mask has the size.
  public init(height: Int, width: Int, channels: [Int], pictures: [[Entry]]) {
    precondition(channels.count == pictures.count, "\(pictures.count) lists of pictures for \(channels.count) channels")
    precondition(pictures.joined().allSatisfy { $0.mask.height == height && $0.mask.width == width }, "masks of several sizes")
    self.height = height
    self.width = width
    self.channels = channels
    self.pictures = pictures
  }

  /// The pictures of a channel; empty for one that is not among ``channels``.
  public subscript(channel: Int) -> [Entry] { channels.firstIndex(of: channel).map { pictures[$0] } ?? [] }
}
