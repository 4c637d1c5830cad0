import Tensors

/// What a step's result depends on, told once: as the identity of the job, and as the parameters, digests and seeds of a record.
struct StepSettings {
  /// The identity; what has its default is left out.
  private(set) var job: JobIdentity
  /// All settings by the option's name.
  private(set) var parameters: [String: String] = [:]
  /// SHA-256 of inputs.
  private(set) var digests: [String: String] = [:]
  /// Seeds.
  private(set) var seeds: [String: UInt64] = [:]

  init(_ kind: String) { job = JobIdentity(kind) }

  /// A setting.
  mutating func set(_ name: String, _ value: String?, default usual: String? = nil) {
    guard let value else { return }
    parameters[name] = value
    if value != usual { job.add(name, value) }
  }

  /// Where an input lies, or what follows from the network: no part of the identity.
  mutating func tell(_ name: String, _ value: String?) { parameters[name] = value }

  /// The digest of the network that the chain begins from, or of what feeds it: it stands in the identity of the whole chain.
  mutating func tellDigest(_ name: String, _ value: String?) { digests[name] = value }

  /// The digest of an input.
  mutating func digest(_ name: String, _ value: String?) {
    digests[name] = value
    job.add(name, value)
  }

  /// A seed.
  mutating func seed(_ name: String, _ value: UInt64) {
    seeds[name] = value
    job.add("seed of \(name)", value, default: 0)
  }
}
