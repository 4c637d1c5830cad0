import Networks
import Scheduling
import Tensors
import Training

/// The network of the experiment: 2 → 1000 → 1000 → 1000 → K.
enum ToyNetwork {
  /// The names of the layers that lose units.
  static let hidden = ["linear1", "linear2", "linear3"]

  /// The network with PyTorch's first weights, uniform in ±1 / √fan-in, biases included.
  ///
  /// ReLU and dropout of one half follow the first layer, ReLU the second. Nothing follows the third: in the authors' code its
  /// ReLU has the name of the second one's, and an ordered dictionary keeps one of them, in the position of the first.
  static func fresh(classes: Int, seed: UInt64) throws -> Graph {
    var editor = GraphEditor(name: "toy")
    let input = editor.freshName("input")
    editor.inputs = [GraphInput(name: input, dimensions: [.symbolic("N"), .fixed(2)])]
    func linear(_ x: String, _ name: String, from inputs: Int, to outputs: Int) -> String {
      var random = Philox(seed: seed, stream: Philox.stream(named: name))
      let bound = 1 / Double(inputs).squareRoot()
      func drawn(_ shape: Shape) -> Tensor<Float> {
        Tensor((0..<shape.count).map { _ in Float((2 * random.uniform() - 1) * bound) }, shape: shape)
      }
      let weight = editor.add(.float(drawn([outputs, inputs])), named: name + ".weight")
      let bias = editor.add(.float(drawn([outputs])), named: name + ".bias")
      return editor.add(Op.Gemm(transposeB: true), named: name, inputs: [x, weight, bias])
    }
    var x = editor.add(Op.Relu(), named: "relu1", inputs: [linear(input, "linear1", from: 2, to: 1000)])
    let ratio = editor.add(.float(Tensor(scalar: 0.5)), named: "dropout.ratio")
    x = editor.add(Op.Dropout(), named: "dropout", inputs: [x, ratio])
    x = editor.add(Op.Relu(), named: "relu2", inputs: [linear(x, "linear2", from: 1000, to: 1000)])
    x = linear(x, "linear3", from: 1000, to: 1000)
    editor.outputs = [linear(x, "output", from: 1000, to: classes)]
    return try editor.graph()
  }

  /// A trained network.
  ///
  /// The authors' program makes 10,000 steps of rate 0.001 and momentum 0.9 with all points; here are steps of ten times the
  /// rate, with 250 points each. Without weight decay.
  ///
  /// - Throws: `EspalierError` if the engine cannot.
  static func trained(_ data: ToyData, on points: ToyPoints, seed: UInt64, workers: Int) throws -> Graph {
    var points = points
    points.isShuffled = true
    points.seed = seed
    let batch = 250
    let (epochs, calm) = (data.steps * batch / points.count, data.calmSteps * batch / points.count)
    let settings = TrainingSettings(
      epochs: epochs, batch: batch, shard: batch / 2, optimizer: SGD(momentum: 0.9, nesterov: false),
      schedule: LearningRateSchedule(base: 0.01, shape: .multiStep(milestones: [epochs - calm], factor: 0.1)), weightDecay: 0,
      seed: seed)
    let trainer = try Trainer(fresh(classes: data.classes, seed: seed), settings: settings, width: workers)
    try trainer.run(on: points)
    return try trainer.trainedGraph()
  }
}

extension ToyData {
  /// The steps of training.
  ///
  /// The published network of `mult` was trained for longer than the published program does it: after so many steps it would get
  /// 93 % right, not 95, and the choices of its criteria would overlap less. Of the 1000 units that a criterion chooses, the
  /// weights choose as well, in the authors' `rank_and_set-mult.txt`, a share of 0.54 (relevance), 0.60 (Taylor) and 0.59
  /// (gradient); after 1000 steps here it is 0.47, 0.49 and 0.48, in the networks that these steps give 0.56, 0.60 and 0.58.
  var steps: Int { self == .mult ? 8000 : 1000 }

  /// How many of the steps, the last ones, have a tenth of the rate: they take the noise of small batches out, which steps with
  /// all points do not have.
  var calmSteps: Int { self == .mult ? 1000 : 0 }
}
