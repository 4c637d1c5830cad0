import Experiments
import Foundation
import Storage
import TestSupport
import Tensors
import Testing

/// What a step is known by: all that its result depends on, however it was said.
@Suite struct StepIdentityTests {
  private func job(_ text: String, _ model: Model, in folder: URL) throws -> JobIdentity {
    let data = DataRequest(try .init("hdf5:\(folder.path)/images.h5"))
    let text = text.split(separator: "@", omittingEmptySubsequences: false).joined(separator: folder.path + "/")
    return try StepCatalog.step(text, StepDefaults(data: data, whole: data)).job(for: model)
  }

  private func withModel(_ body: (Model, URL) throws -> Void) throws {
    try Sample.withModelAndImages { folder in
      try Sample.images(40, in: folder, labels: { ($0 + 1) % 10 }, name: "other.h5")
      let masks = (0..<40 * 2 * 49).map { UInt8(($0 / 49 + $0 % 7) % 3 == 0 ? 1 : 0) }
      for (name, values) in [("concepts.h5", masks), ("concepts2.h5", masks.map { 1 - $0 })] {
        let file = try HDF5File.create(folder.appendingPathComponent(name).path)
        try file.write(Tensor(values, shape: [40, 2, 7, 7]), to: "concepts")
        try file.commit()
      }
      for (name, text) in [("k1.json", "{\"conv1\": [0, 1]}"), ("k2.json", "{\"kept\": {\"conv1\": [0, 2]}}")] {
        try Data(text.utf8).write(to: folder.appendingPathComponent(name))
      }
      for (name, seed) in [("a.h5", "lrp"), ("b.h5", "lrp-final")] {
        let made = try Tool.run(
          "score", "lenet.onnx", "--criterion", seed, "--data", "hdf5:images.h5", "--quiet", "--out", name, in: folder)
        #expect(made.status == 0, "\(made)")
      }
      try body(Model(folder.appendingPathComponent("lenet.onnx").path), folder)
    }
  }

  /// For every key of every step, a step and the same with another value of the key.
  private static let changes: [String: [(key: String, base: String, value: String)]] = {
    let (lrp, votes) = ("criterion=lrp,budget=macs=0.5", "criterion=votes,budget=macs=0.5,concepts=hdf5:@concepts.h5")
    let fit = lrp + ",reconstruct=scales"
    let tune = "epochs=2"
    return [
      "prune": [
        ("criterion", "budget=macs=0.5,criterion=l1", "l2"), ("scores", "budget=macs=0.5,scores=@a.h5", "@b.h5"),
        ("combine", "budget=macs=0.5,criterion=l1+l2,combine=mean-rank", "(weights=1,2)"),
        ("budget", "criterion=l1,budget=macs=0.5", "filters=0.5"), ("widths", "criterion=l1,widths=conv1=3", "conv1=4"),
        ("threshold", "criterion=l1,threshold=mean", "mean-1sd"), ("kept", "round=1,kept=@k1.json", "@k2.json"),
        ("scope", lrp, "layer"), ("normalise", lrp, "sum"),
        ("reduce", lrp, "max"), ("per-saving", lrp, "macs"), ("floor", lrp, "0.1"), ("round", lrp, "2"),
        ("protect", lrp, "conv1"), ("groups", lrp, "whole-groups"), ("heads", lrp, "whole-heads"),
        ("composite", lrp, "epsilon_plus_flat"), ("target", lrp, "3"), ("start", lrp, "logit"),
        ("concepts", votes, "hdf5:@concepts2.h5"), ("quantile", votes, "0.01"), ("vote-share", votes, "0.2"),
        ("reconstruct", lrp, "kernels"), ("reconstruct-positions", fit, "4"), ("reconstruct-ridge", fit, "0.01"),
        ("data", lrp, "hdf5:@other.h5"), ("skip", lrp, "1"), ("limit", lrp, "7"), ("per-class", lrp, "2"),
        ("draw", lrp + ",limit=7", "5"), ("batch", lrp, "4"),
        ("latency-batch", "criterion=l1,budget=latency=0.5", "4"), ("seed", lrp, "3"),
      ],
      "tune": [
        ("epochs", "rate=0.01,epochs=1", "2"), ("rate", tune, "0.01"), ("schedule", tune, "constant"), ("warm-up", tune, "1"),
        ("batch", tune, "64"), ("optimizer", tune, "adam"), ("momentum", tune, "0.8"), ("weight-decay", tune, "0.1"),
        ("decay-all", tune, "yes"), ("clip", tune, "3"), ("label-smoothing", tune, "0.1"), ("pad-crop", tune, "1"),
        ("flip", tune, "no"), ("validation", tune, "hdf5:@other.h5"), ("keep", tune, "best"), ("data", tune, "hdf5:@other.h5"),
        ("skip", tune, "1"), ("limit", tune, "9"), ("per-class", tune, "2"), ("draw", tune + ",limit=9", "5"),
        ("seed", tune, "4"),
        ("scale-epochs", tune, "macs"), ("most-epochs", "epochs=2,scale-epochs=macs", "3"),
        ("teacher", "epochs=2,teacher=origin", "before"), ("temperature", "epochs=2,teacher=origin", "2"),
        ("distil", "epochs=2,teacher=origin", "0.5"),
      ],
      "reinitialise": [("seed", "seed=1", "4")],
    ]
  }()

  /// A key that changes the result changes the identity; every key of the catalogue is tried.
  @Test func everyKeyCounts() throws {
    try withModel { model, folder in
      for kind in StepCatalog.all {
        let changes = try #require(StepIdentityTests.changes[kind.name])
        #expect(changes.map(\.key).sorted() == kind.keys.map(\.name).sorted())
        for (key, base, value) in changes {
          // The key stands last in the base, or not at all.
          let pairs = "," + base
          let kept = pairs.range(of: ",\(key)=").map { String(pairs[..<$0.lowerBound]) } ?? pairs
          let changed = "\(kept),\(key)=\(value)".dropFirst()
          let (one, other) = (
            try job("\(kind.name):\(base)", model, in: folder), try job("\(kind.name):\(changed)", model, in: folder)
          )
          #expect(one != other, "\(kind.name) \(key)=\(value)")
        }
      }
    }
  }

  /// Neither the order of keys, nor defaults that are written, nor other ways to write a number change it.
  @Test func sayingItOtherwiseDoesNotCount() throws {
    try withModel { model, folder in
      for (one, other) in [
        ("prune:criterion=lrp,budget=macs=0.5", "prune:budget=macs=0.50,criterion=lrp"),
        (
          "prune:criterion=lrp,budget=macs=0.5",
          "prune:floor=5e-2,scope=global,round=1,normalise=none,reduce=mean,composite=epsilon_plus,start=one-hot,seed=0,batch=32,"
            + "reconstruct=none,criterion=lrp,budget=macs=0.5"
        ),
        ("prune:criterion=l1,budget=macs=0.5", "prune:criterion=l1,budget=macs=0.5,normalise=l2,latency-batch=7"),
        (
          "prune:criterion=binary-entropy,budget=macs=0.5", "prune:criterion=(binary-entropy:threshold=0.0),budget=macs=0.5"
        ), ("prune:criterion=random,budget=macs=0.5", "prune:criterion=(random:seed=0),budget=macs=0.5"),
        ("prune:criterion=lrp,budget=macs=0.5", "prune:criterion=lrp,budget=macs=0.5,data=hdf5:@images.h5"),
        (
          "tune:epochs=2",
          "tune:seed=0,epochs=2,rate=0.02,momentum=0.90,clip=1,flip=yes,pad-crop=2,schedule=cosine,keep=last,optimizer=sgd"
        ),
      ] {
        let jobs = try [one, other].map { try job($0, model, in: folder) }
        #expect(jobs[0] == jobs[1], "\(other)")
      }
    }
  }

  /// A file that lies elsewhere is the same input.
  @Test func placesDoNotCount() throws {
    try withModel { model, folder in
      for name in ["images.h5", "lenet.onnx", "concepts.h5"] {
        try FileManager.default.copyItem(
          at: folder.appendingPathComponent(name), to: folder.appendingPathComponent("moved-" + name))
      }
      let votes = "prune:criterion=votes,budget=macs=0.5,concepts=hdf5:@"
      let moved = try Model(folder.appendingPathComponent("moved-lenet.onnx").path)
      #expect(
        try job(votes + "concepts.h5", model, in: folder)
          == job(votes + "moved-concepts.h5,data=hdf5:@moved-images.h5", moved, in: folder))
      let taught = "tune:epochs=2,teacher=@"
      #expect(
        try job(taught + "lenet.onnx", model, in: folder) == job(taught + "moved-lenet.onnx", moved, in: folder))
      #expect(try job(taught + "lenet.onnx", model, in: folder) != job("tune:epochs=2", model, in: folder))
    }
  }
}
