import Compression
import Foundation
import Results
import Tensors

/// How much the relevance of a network resembles that of the one that its chain began from, over validation images.
struct StudyDrift: Codable {
  /// The means over images of the cosine and of the rank correlation of maps; nil where no image has one.
  var cosine: Double?, ranks: Double?
  /// The number of images.
  var images: Int

  /// Computes relevance where it is not there yet, and compares.
  ///
  /// - Parameters:
  ///   - networks: the network before the chain, and after each step, with their identities.
  ///   - count: the images, the first of the data.
  /// - Returns: what became of the relevance after each step.
  /// - Throws: `EspalierError` if a network cannot be explained.
  static func of(
    _ networks: [(path: String, job: JobIdentity)], like model: Model, on data: DataRequest, count: Int, composite: String?,
    batch: Int, in store: StepStore, _ context: RunContext
  ) throws -> [StudyDrift] {
    var data = data
    data.limit = min(count, data.limit ?? count)
    let prepared = try PreparedData(data, for: model, note: { _ in })
    let digest = try prepared.dataset.digest()
    let readers = try networks.map { network in
      var job = JobIdentity("study relevance")
      job.add("network", network.job)
      job.add("data", digest)
      job.add("preprocessing", prepared.preprocessing.json)
      job.add("task", prepared.task.rawValue)
      job.add("composite", composite)
      job.add("batch", batch)
      job.add("espalier", Release.version)
      let file = (store.file(0, "relevance", job) as NSString).deletingPathExtension + ".h5"
      // Other chains, which another process may be at, begin from the same network.
      let claim = try store.waitForClaim(of: file, context.cancellation)
      defer { withExtendedLifetime(claim) {} }
      if (try? RelevanceReader(file)) == nil {
        let network = network.path == model.path ? model : try Model(network.path, output: model.output)
        try RelevanceRun(composite: composite, batch: batch, out: file).run(network, on: data, context)
      }
      return try RelevanceReader(file)
    }
    return try readers.dropFirst().map { reader in
      let drift = try ExplanationDrift(readers[0], reader)
      func mean(_ moments: Moments) -> Double? { moments.count > 0 ? moments.mean : nil }
      return StudyDrift(cosine: mean(drift.cosine), ranks: mean(drift.ranks), images: drift.images.count)
    }
  }
}
