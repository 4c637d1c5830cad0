import Networks

/// A layer whose channels' relevance is found out on the way, at its output before its activation.
public struct LayerSite: Sendable {
  /// The layer, named as in the graph as read.
  public let layer: Layer
  /// The number of channels; of attention the number of heads.
  public let channels: Int
}
