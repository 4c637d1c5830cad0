import Files
import Foundation
import Scheduling
import Tensors

/// A folder of steps that are done, each under the identity of the chain that led to it.
///
/// Chains that begin alike share their beginning. Several processes may work in a shared store: who takes a step has its claim,
/// which ends with the process, however that ends. On network file systems that needs locks (`flock`), as NFS has them since
/// Linux 2.6.12.
public final class StepStore: Sendable {
  private let folder: RunFolder

  /// Makes the folder, or takes over what an earlier run left.
  ///
  /// - Parameter isShared: whether other processes may work in it at the same time.
  /// - Throws: `EspalierError` if another run is at work there, something else is there, or it cannot be written.
  public init(_ path: String, isShared: Bool = false) throws {
    func folder(isShared: Bool) throws -> RunFolder {
      try RunFolder(path, job: JobIdentity("steps"), isShared: isShared) {
        $0.wholeMatch(of: /[0-9]+-[a-z]+(-[0-9a-f]{16})?\..+/) != nil
      }
    }
    guard isShared else {
      self.folder = try folder(isShared: false)
      return
    }
    // Made by one alone: none of those that share it may take what another has just made for what is left of something else.
    // Who comes while another makes it waits for that.
    _ = try? folder(isShared: false)
    var found: RunFolder?
    for _ in 0..<200 where found == nil {
      found = try? folder(isShared: true)
      if found == nil { usleep(10_000) }
    }
    self.folder = try found ?? folder(isShared: true)
  }

  /// The folder.
  public var path: String { folder.path }

  /// Whether no step was done, or has left anything to go on from; scores alone, which steps share, are soon made again.
  public var isEmpty: Bool {
    (try? folder.names().allSatisfy { $0.hasSuffix("." + StepStore.claim) || $0.hasPrefix("0-") }) ?? false
  }

  /// The names of the files of all steps, without those that say who is at work.
  ///
  /// - Throws: `EspalierError` if the folder cannot be read.
  package func names() throws -> [String] {
    try folder.names().filter { name in
      // Neither who is at work nor what is not whole yet.
      ![".claim", ".partial", ".parts"].contains { name.hasSuffix($0) }
    }.sorted()
  }

  /// Removes all steps, and the folder if nothing else is in it.
  public func remove() { folder.remove() }

  /// Where what is known of a network lies, by the identity of that.
  public func file(_ number: Int, _ name: String, _ job: JobIdentity) -> String { place(number, name, job).file("json") }

  /// A file that steps share, by what it depends on.
  package func shared(_ ending: String, _ job: JobIdentity) -> String { StepPlace(folder: path, name: "").shared(ending, job) }

  /// Where a step lies.
  func place(_ number: Int, _ name: String, _ job: JobIdentity) -> StepPlace {
    StepPlace(folder: path, name: "\(number)-\(name)-\(job.digest.prefix(16))")
  }

  /// Takes a step, so that no other process does; nil while another has it.
  ///
  /// - Throws: `EspalierError` if the folder cannot be written.
  func claim(_ place: StepPlace) throws -> FileLock? { try claim(place.network) }

  /// Takes a file of the store, so that no other process does; nil while another has it.
  ///
  /// - Throws: `EspalierError` if the folder cannot be written.
  package func claim(_ path: String) throws -> FileLock? {
    let file = (path as NSString).deletingPathExtension + "." + StepStore.claim
    let descriptor = open(file, O_RDONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw Replacement.failure(file) }
    close(descriptor)
    return FileLock(file)
  }

  /// Takes a file of the store once no other process has it.
  ///
  /// - Throws: `EspalierError` if the folder cannot be written; `CancellationError`.
  package func waitForClaim(of path: String, _ cancellation: Cancellation) throws -> FileLock {
    while true {
      if let claim = try claim(path) { return claim }
      try cancellation.check()
      usleep(50_000)
    }
  }

  /// A step that is done; nil if it is not, or its files are damaged.
  func outcome(of place: StepPlace, _ job: JobIdentity) -> Done? {
    guard let bytes = try? FileSeal.content(of: place.file(StepStore.done)),
      let done = try? JSONDecoder().decode(Done.self, from: bytes), done.job == job.text,
      done.digest == (try? SHA256.hexadecimal(ofFile: place.network))
    else { return nil }
    return done
  }

  /// Notes that a step is done.
  ///
  /// - Throws: `EspalierError` if that cannot be written.
  func finish(_ place: StepPlace, _ job: JobIdentity, _ outcome: StepOutcome, seconds: Double) throws -> Done {
    let done = Done(job: job.text, digest: try SHA256.hexadecimal(ofFile: place.network), outcome: outcome, seconds: seconds)
    try AtomicFile.write(FileSeal.sealed([UInt8](JSONEncoder().encode(done))), to: place.file(StepStore.done))
    return done
  }

  /// A step that is done.
  struct Done: Codable {
    var job: String
    /// The SHA-256 of its network.
    var digest: String
    var outcome: StepOutcome
    /// The time that it took the process that ended it.
    var seconds: Double
  }

  private static let claim = "claim"
  private static let done = "done"
}
