import Datasets
import Tensors

/// A comparison of ways to compress networks, as its file asks for it: what a study is, before it is known what it comes to.
public struct Study: Sendable {
  /// Images for scores, tuning and measuring.
  struct Data: Sendable {
    var name: String
    /// What scores and tuning take.
    var train: DataRequest
    /// The first images of it that are taken for scores.
    var skip: Int, limit: Int?, perClass: Int?
    /// What networks are measured on.
    var validation: DataRequest

    /// The images for scores.
    var scoring: DataRequest {
      var request = train
      (request.skip, request.limit, request.perClass) = (skip, limit ?? train.limit, perClass)
      return request
    }
  }

  /// A network that chains begin from.
  struct Network: Sendable {
    /// Where it comes from.
    enum Source: Sendable {
      /// An ONNX file.
      case file(String)
      /// A named architecture with seeded weights, trained as the settings say; `each` seed has its own.
      case architecture(String, input: [Int]?, classes: Int?, training: [String: String]?, each: Bool)
    }

    var name: String
    var source: Source
    /// The name of its data.
    var data: String
    /// What of it is used and how its other inputs and axes are given, as options of the command line say it.
    var output: String?

    /// How it is trained; nil for a file, or one that is not.
    var training: [String: String]? {
      if case .architecture(_, _, _, let training, _) = source { training } else { nil }
    }
  }

  /// A setting: a text, or several of which each is tried.
  enum Setting: Hashable, Sendable {
    case one(String)
    case several([String])

    var texts: [String] {
      switch self {
      case .one(let text): [text]
      case .several(let texts): texts
      }
    }
  }

  /// A step of a chain before its factors have values.
  struct Step: Sendable {
    var name: String
    var settings: [String: Setting]
  }

  /// Steps with what is tried in them.
  struct Chain: Sendable {
    /// Its name, where there are several.
    var name: String?
    var steps: [Step]
  }

  /// Settings of a pruning step that go together under a name.
  struct Method: Sendable {
    var name: String
    var settings: [String: String]
  }

  /// What every study is compared with.
  enum Control: String, CaseIterable, Sendable {
    /// The network itself, tuned alike.
    case unpruned
    /// Filters chosen by chance.
    case random
    /// Filters of small weights, all layers' against each other.
    case magnitude
    /// Filters of small weights, each layer cut alike.
    case magnitudeByLayer = "magnitude-layer"
    /// The pruned architecture trained from new weights, as long as the network was.
    case scratchE = "scratch-e"
    /// The pruned architecture trained from new weights, for as many MACs as the network was.
    case scratchB = "scratch-b"
  }

  /// What is reported beside accuracy and size.
  struct Report: Hashable, Sendable {
    /// Images whose relevance is compared before and after each step; 0 for none.
    var drift = 0
    /// The composite of that relevance.
    var driftComposite: String?
    /// The resamplings of a bootstrap interval.
    var bootstrap = 2000
    /// Whether final networks are timed.
    var timesNetworks = true
  }

  /// The title.
  var title: String
  /// The seeds.
  var seeds: [UInt64]
  var data: [Data]
  var networks: [Network]
  var methods: [Method]
  /// Named lists that texts of steps refer to as `{name}`.
  var factors: [(name: String, values: [String])]
  var chains: [Chain]
  var controls: [Control]
  /// How scratch controls train; nil for as the network was.
  var scratch: [String: String]?
  var report: Report
  /// The images that a worker takes at a time.
  var batch: Int

  /// The data of a network.
  func data(of network: Network) -> Data { data.first { $0.name == network.data } ?? data[0] }
}
