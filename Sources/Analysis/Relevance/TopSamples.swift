import Tensors

/// The samples with the greatest numbers, for each channel of a layer.
///
/// Greater numbers come first, of equal ones the sample with the smaller index; NaN is left out. The result depends
/// on neither the order of observing nor that of merging.
///
/// Source: RelMax and ActMax of Achtibat et al., "From attribution maps to human-understandable explanations through concept
/// relevance propagation", Nature Machine Intelligence 2023; zennit-crp keeps 40. Numbers are ranked as they are: where
/// zennit-crp divides by the sum of a sample's magnitudes first (`abs_norm=True`, the default of its `FeatureVisualization`),
/// samples may come in another order.
public struct TopSamples: Hashable, Sendable {
  /// One sample and its number.
  public struct Entry: Hashable, Sendable {
    /// The sample's position in the data set.
    public var index: Int
    /// The number.
    public var value: Float

    /// Whether it comes before another.
    func precedes(_ other: Entry) -> Bool { value != other.value ? value > other.value : index < other.index }
  }

  /// The most samples that are kept for a channel.
  public let count: Int
  /// The samples of each channel, in order.
  public private(set) var channels: [[Entry]]

  /// Makes one that has seen nothing.
  ///
  /// - Precondition: `count` is positive.
  public init(count: Int, channels: Int) {
    precondition(count > 0, "the top \(count) samples")
    self.count = count
    self.channels = [[Entry]](repeating: [], count: channels)
  }

  /// Takes in a sample.
  ///
  /// - Parameter values: one number a channel.
  public mutating func observe(_ values: some Collection<Float>, index: Int) {
    precondition(values.count == channels.count, "\(values.count) numbers for \(channels.count) channels")
    for (channel, value) in values.enumerated() where !value.isNaN { insert(Entry(index: index, value: value), channel) }
  }

  /// Takes in what another one learned from other samples.
  public mutating func merge(_ other: TopSamples) {
    precondition(other.channels.count == channels.count, "\(other.channels.count) channels merged with \(channels.count)")
    for (channel, entries) in other.channels.enumerated() { for entry in entries { insert(entry, channel) } }
  }

  /// Appends the state, bit by bit.
  public func encode(into state: inout StateEncoder) {
    for entries in channels {
      state.append(entries.map { Int64($0.index) })
      state.append(entries.map { $0.value.bitPattern })
    }
  }

  /// Takes over a state that one of the same size encoded.
  ///
  /// - Throws: `EspalierError` if it is none.
  public mutating func decode(from state: inout StateDecoder) throws {
    for channel in channels.indices {
      let indices = try state.array(of: Int64.self)
      let values = try state.array(of: UInt32.self, count: indices.count)
      channels[channel] = []
      for (index, value) in zip(indices, values) where !Float(bitPattern: value).isNaN {
        insert(Entry(index: Int(index), value: Float(bitPattern: value)), channel)
      }
    }
  }

  private mutating func insert(_ entry: Entry, _ channel: Int) {
    if channels[channel].count == count {
      guard let last = channels[channel].last, entry.precedes(last) else { return }
      channels[channel].removeLast()
    }
    var position = channels[channel].count
    while position > 0, entry.precedes(channels[channel][position - 1]) { position -= 1 }
    channels[channel].insert(entry, at: position)
  }
}
