import Analysis
import Datasets
import Tensors
import Training

extension TuneStep {
  /// What the step takes on the command line and in files.
  static let keys = [
    StepKey("epochs", "how often all images are seen"),
    StepKey(
      "scale-epochs",
      "macs multiplies epochs, and where the rate falls, by the MACs of the network that the chain begins from over those of the "
        + "network now (none)"),
    StepKey("most-epochs", "the most that scaled epochs may be; 0 for no limit (0)"),
    StepKey("rate", "the learning rate (0.02; for adam and adamw 0.001)"),
    StepKey("schedule", "how it falls: cosine, constant, (step:EPOCHS,FACTOR) or (multi-step:EPOCH,…,FACTOR) (cosine)"),
    StepKey("warm-up", "epochs over which it rises at the start (0)"),
    StepKey("batch", "images in a step of the optimiser (128)"),
    StepKey("optimizer", "how weights move: sgd, adam or adamw (sgd)"),
    StepKey("momentum", "the momentum of sgd, in Nesterov's form (0.9)"),
    StepKey("weight-decay", "the weight decay (5e-4)"),
    StepKey("decay-all", "whether biases and batch norms decay too: yes or no (no)"),
    StepKey("clip", "gradients are scaled down to this norm; 0 for not at all (1 without batch norm, else 0)"),
    StepKey("label-smoothing", "the share of a label that is spread over all classes (0)"),
    StepKey(
      "teacher",
      "whose answers are learned beside labels: origin, the network that the chain begins from; before, that which the step before "
        + "began from; or a FILE (none)"),
    StepKey("temperature", "what logits are divided by where answers are compared (4)"),
    StepKey("distil", "the weight of the teacher's answers, 0 to 1; the rest is that of labels (0.9)"),
    StepKey("pad-crop", "images are shifted by up to so many pixels at random; 0 for not at all (2)"),
    StepKey("flip", "whether every other image is mirrored: yes or no (yes)"),
    StepKey("validation", "images to evaluate with after every epoch, for keep=best (none)"),
    StepKey(
      "keep",
      "which network goes on: that of the last epoch or of the best, by validation accuracy, without validation by training loss "
        + "(last)"),
    StepKey("data", "the images (all of --data)"),
    StepKey("skip", "leaves out the first of them (0)"),
    StepKey("limit", "takes so many at most; 0 for all (0)"),
    StepKey("per-class", "takes so many of each class at most; 0 for all (0)"),
    StepKey("draw", "a seed by which skip, limit and per-class draw images at random; -1 for the first (-1)"),
    StepKey("seed", "the seed of order and augmentation (--seed)"),
  ]

  /// The learning rate of tuning where none is said.
  public static let rate = 0.02

  /// The augmentation of shifts by up to `padding` pixels, and mirrored images; nil for none.
  public static func augmentation(_ padding: Int, _ flips: Bool) -> Augmentation? {
    padding > 0 || flips ? Augmentation(padding: padding, flips: flips) : nil
  }

  /// Takes its settings out of a list.
  ///
  /// - Throws: `EspalierError` naming what is missing or does not fit.
  init(_ list: inout ParameterList, _ defaults: StepDefaults) throws {
    let epochs = try list.integer("epochs", default: -1, in: 0...TrainingSettings.mostEpochs)
    guard epochs >= 0 else { throw EspalierError("it does not say how long", accepted: "epochs=5, say") }
    let momentum = Float(try list.number("momentum", default: 0.9, in: 0...0.999_999))
    let optimizer = try list.choice("optimizer", default: OptimizerName.sgd).optimizer(momentum: momentum)
    let settings = TrainingSettings(
      epochs: epochs, batch: try list.integer("batch", default: 128, in: 2...TrainingSettings.largestBatch), optimizer: optimizer,
      schedule: LearningRateSchedule(
        base: TuneStep.rate,
        shape: try list.value("schedule") { try .init(text: $0) } ?? .cosine(),
        warmUp: try list.number("warm-up", default: 0, in: 0...Double(max(epochs, 1)))),
      weightDecay: Float(try list.number("weight-decay", default: 5e-4, in: 0 ... .greatestFiniteMagnitude)),
      decaysAll: try list.flag("decay-all", default: false),
      labelSmoothing: try list.number("label-smoothing", default: 0, in: 0...0.999_999),
      seed: UInt64(try list.integer("seed", default: Int(clamping: defaults.seed), in: 0 ... .max)))
    let scaling = EpochScaling(
      try list.choice("scale-epochs", default: .none), most: try list.given("most-epochs", in: 0...TrainingSettings.mostEpochs))
    guard scaling.measure != .none || scaling.most == nil else {
      throw EspalierError("only scaled epochs have a limit", location: "--most-epochs", accepted: "scale-epochs=macs beside")
    }
    let teacher = try list.value("teacher") { Teaching.Source($0) }
    let (temperature, weight) = (
      try list.number("temperature", default: -1, in: 0.01...1000), try list.number("distil", default: -1, in: 0...1)
    )
    guard teacher != nil || (temperature < 0 && weight < 0) else {
      throw EspalierError(
        "there is no teacher", location: temperature < 0 ? "--distil" : "--temperature", accepted: "teacher=origin, say, beside")
    }
    let rate = try list.number("rate", default: -1, in: 0...1e6)
    let clip = try list.number("clip", default: -1, in: 0 ... .greatestFiniteMagnitude)
    let run = TrainingRun(
      settings: settings, rate: rate < 0 ? nil : rate, clip: clip < 0 ? nil : clip,
      augmentation: TuneStep.augmentation(
        try list.integer("pad-crop", default: 2, in: 0...1024), try list.flag("flip", default: true)),
      validation: try list.value("validation") { try DataSpec($0) }, out: "",
      kept: try list.choice("keep", default: .last))
    guard let data = try list.images(defaults.whole) else {
      throw EspalierError("tuning needs images", accepted: "data=SPEC, or --data SPEC for all steps")
    }
    self.init(run, on: data)
    self.scaling = scaling
    teaching = teacher.map {
      Teaching(
        $0, temperature: temperature < 0 ? Distillation.usualTemperature : temperature,
        weight: weight < 0 ? Distillation.usualWeight : weight)
    }
  }
}
