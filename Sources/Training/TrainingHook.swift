import Networks

/// What takes part in training at fixed moments.
///
/// Every method does nothing unless it is implemented.
///
/// A hook that remembers something must find it again after a resume: it is a function of the trainer's state, or keeps its own
/// record.
public protocol TrainingHook {
  /// Before a batch goes through the network; the batch may be changed.
  func beforeLoss(_ batch: inout [LabelledShard], _ trainer: Trainer) throws

  /// When the gradients of the whole batch are known: ``Trainer/gradient(of:)``, ``Trainer/setGradient(_:of:)``.
  func afterBackward(_ trainer: Trainer) throws

  /// When the parameters have moved: ``Trainer/latent(_:)``, ``Trainer/setLatent(_:of:)``.
  func afterStep(_ trainer: Trainer) throws

  /// At the end of an epoch, after its evaluation; the graph may be replaced here (``Trainer/replaceGraph(_:mapping:)``).
  func afterEpoch(_ trainer: Trainer) throws

  /// Before a run goes on whose network had been replaced: seams that came into force with that network are set again here.
  ///
  /// - Parameters:
  ///   - graph: the network that it goes on with.
  ///   - epoch: the epochs that are done.
  func willResume(with graph: Graph, epoch: Int, _ trainer: Trainer) throws
}

extension TrainingHook {
  public func beforeLoss(_ batch: inout [LabelledShard], _ trainer: Trainer) throws {}
  public func afterBackward(_ trainer: Trainer) throws {}
  public func afterStep(_ trainer: Trainer) throws {}
  public func afterEpoch(_ trainer: Trainer) throws {}
  public func willResume(with graph: Graph, epoch: Int, _ trainer: Trainer) throws {}
}
