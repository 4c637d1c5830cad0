import Compression
import Networks
import Tensors

extension EquivalenceProof {
  /// That removing channels is masking them: runs the network with masks on its consumers' inputs and the pruned one.
  ///
  /// - Parameters:
  ///   - map: the channels of the network as it was.
  ///   - removed: the classes that are gone.
  ///   - fills: what the removed channels of a value are, where they are a constant that was folded.
  ///   - pruned: the smaller network.
  /// - Throws: `EspalierError` if an output differs by more, shows nothing (it is 0 or NaN), or a network cannot be run.
  public init(
    _ map: ChannelMap, without removed: Set<Int>, as fills: [String: [Float]] = [:], _ pruned: Graph,
    bound: Double = EquivalenceProof.bound, samples: Tensor<Float>? = nil, random count: Int = 4, seed: UInt64 = 0,
    refusesSilence: Bool = true
  ) throws {
    try self.init(
      map.graph(masking: removed, as: fills), pruned, bound: bound, samples: samples, random: count, seed: seed,
      refusesSilence: refusesSilence, names: Names("masked network", "pruned network"))
  }
}
