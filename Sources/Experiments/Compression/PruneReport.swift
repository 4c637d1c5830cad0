import Compression
import Pruning
import Tensors

/// What pruning made of a network.
public struct PruneReport: Sendable, Encodable {
  /// How well the network does: the share of images that it gets right, mean IoU of pixels' classes, or R² of numbers.
  public struct Accuracy: Sendable, Encodable {
    /// What the numbers are: `accuracy`, `mean IoU` or `R²`.
    public var measure: String
    /// The images, and how many they are.
    public var data: String, images: Int
    /// Before, after pruning, and after tuning, if it was tuned.
    public var before: Double, pruned: Double, tuned: Double?

    private enum CodingKeys: String, CodingKey { case measure, data, images = "pictures", before, pruned, tuned }
  }

  /// The criterion and its parameters.
  public var criterion: String
  /// What was to be kept.
  public var budget: String
  /// The network before and after, layer by layer.
  public var networks: NetworkComparison
  /// The filters that may go, before and after.
  public var filters: NetworkComparison.Change
  /// How well it does; nil without labelled images.
  public var accuracy: Accuracy?
  /// The time of a forward pass before and after; nil if it was not measured.
  public var latency: [Latency]?
  /// Where that time goes.
  public var profile: LatencyProfile?
  /// What a reader of the results must know: accuracy at chance level, layers that were cut to their floor.
  public var notes: [String] = []
  /// The differences between the masked and the pruned network, read again, of all steps.
  public var proof: EquivalenceProof
  /// How well fitted layers make what they made before, in the last step; nil if none were.
  public var reconstruction: [Reconstruction.Layer]?
}
