import ArgumentParser
import Datasets
import Experiments
import Training

/// How a network is trained.
struct TrainingOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("Images to evaluate with after every epoch.", valueName: "spec"), completion: .data,
    transform: { try DataSpec($0) })
  var validation: DataSpec?

  @Option(help: ArgumentHelp("How often all images are seen.", valueName: "n"))
  var epochs = 20

  @Option(help: ArgumentHelp("Images in a step.", valueName: "n"))
  var batch = 128

  @Option(help: "How weights move: sgd, adam or adamw.")
  var optimizer = OptimizerName.sgd

  @Option(
    help: ArgumentHelp(
      "The learning rate (default: 0.1 for sgd, or 0.02 for a network without batch norm; 0.001 for adam and adamw).",
      valueName: "rate"))
  var rate: Double?

  @Option(
    help: ArgumentHelp(
      "Scale gradients down to this norm; 0 for not at all (default: 1 for a network without batch norm, else 0).",
      valueName: "norm"))
  var clip: Double?

  @Option(help: ArgumentHelp("The momentum of sgd, in Nesterov's form.", valueName: "share"))
  var momentum: Float = 0.9

  @Option(help: ArgumentHelp("The weight decay.", valueName: "rate"))
  var weightDecay: Float = 5e-4

  @Flag(help: "Let biases and batch norms decay too.")
  var decayAll = false

  @Option(
    help: ArgumentHelp(
      "How the rate falls: cosine, constant, step:EPOCHS,FACTOR, or multi-step:EPOCH,…,FACTOR.", valueName: "shape"),
    transform: { try .init(text: $0) })
  var schedule: LearningRateSchedule.Shape = .cosine()

  @Option(help: ArgumentHelp("Epochs over which the rate rises at the start.", valueName: "n"))
  var warmUp = 0.0

  @Option(help: ArgumentHelp("The share of a label that is spread over all classes.", valueName: "share"))
  var labelSmoothing = 0.0

  @Option(help: ArgumentHelp("Shift images by up to n pixels at random; 0 for not at all.", valueName: "n"))
  var padCrop = 2

  @Flag(inversion: .prefixedNo, help: "Mirror every other image.")
  var flip = true

  @Option(help: ArgumentHelp("The seed of weights, order and augmentation.", valueName: "s"))
  var seed: UInt64 = 0

  @Option(help: ArgumentHelp("The file to write, ONNX.", valueName: "file"), completion: .file(extensions: ["onnx"]))
  var out: String

  @Option(
    help: ArgumentHelp("The table of epochs, CSV (default: beside --out).", valueName: "file"),
    completion: .file(extensions: ["csv"]))
  var history: String?

  @Option(help: "Which network is written: that of the last epoch or of the best (by validation accuracy, else by loss).")
  var keep = TrainingRun.Kept.last

  func validate() throws {
    func check(_ isValid: Bool, _ message: String) throws { if !isValid { throw ValidationError(message) } }
    try check(0...TrainingSettings.mostEpochs ~= epochs, "--epochs is 0 to \(TrainingSettings.mostEpochs), not \(epochs)")
    try check(2...TrainingSettings.largestBatch ~= batch, "--batch is 2 to \(TrainingSettings.largestBatch), not \(batch)")
    try check((rate ?? 0) >= 0 && (rate ?? 0).isFinite, "--rate is 0 or more")
    try check((clip ?? 0) >= 0, "--clip is 0 or more")
    try check(0..<1 ~= momentum, "--momentum is 0 up to 1, not \(momentum)")
    try check(weightDecay >= 0 && weightDecay.isFinite, "--weight-decay is 0 or more, not \(weightDecay)")
    try check(warmUp >= 0 && warmUp <= Double(epochs), "--warm-up is 0 to the number of epochs, not \(warmUp)")
    try check(0..<1 ~= labelSmoothing, "--label-smoothing is 0 up to 1, not \(labelSmoothing)")
    try check(0...1024 ~= padCrop, "--pad-crop is 0 to 1024, not \(padCrop)")
  }

  /// The run that these options ask for.
  var run: TrainingRun {
    let optimizer = optimizer.optimizer(momentum: momentum)
    let settings = TrainingSettings(
      epochs: epochs, batch: batch, optimizer: optimizer,
      schedule: LearningRateSchedule(base: 0.1, shape: schedule, warmUp: warmUp),
      weightDecay: weightDecay, decaysAll: decayAll, labelSmoothing: labelSmoothing, seed: seed)
    return TrainingRun(
      settings: settings, rate: rate, clip: clip,
      augmentation: TuneStep.augmentation(padCrop, flip),
      validation: validation, out: out, history: history, kept: keep)
  }
}

extension TrainingRun.Kept: ExpressibleByArgument {}
extension OptimizerName: ExpressibleByArgument {}
