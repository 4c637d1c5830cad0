import Foundation
import Synchronization
import Tensors

/// What memory the engine's buffers may take: asked before they are, so that a network that is too large is refused and not
/// killed.
///
/// `ESPALIER_MEMORY` in the environment, a number of bytes or one with K, M, G or T behind it, says how much all buffers together
/// may take; without it, it is what the machine, or the control group that the process runs in, has left.
public enum EngineMemory {
  private static let inUse = Atomic<Int>(0)

  /// The name of the environment's variable.
  public static let variable = "ESPALIER_MEMORY"

  /// The bytes that buffers hold now.
  public static var bytesInUse: Int { inUse.load(ordering: .relaxed) }

  static func take(_ bytes: Int) { inUse.add(bytes, ordering: .relaxed) }
  static func giveBack(_ bytes: Int) { inUse.subtract(bytes, ordering: .relaxed) }

  /// The bytes that may still be taken; nil where nothing says so.
  ///
  /// - Throws: `EspalierError` if the environment's variable is no size.
  public static func available(environment: [String: String] = ProcessInfo.processInfo.environment) throws -> Int? {
    if let text = environment[variable], !text.isEmpty {
      guard let limit = size(text) else {
        throw EspalierError("\(variable) is '\(text)'", accepted: "a number of bytes, or one with K, M, G or T behind it: 8G")
      }
      return max(limit - bytesInUse, 0)
    }
    return [machine(), group()].compactMap { $0 }.min()
  }

  /// Checks that a program's buffers fit.
  ///
  /// - Throws: `EspalierError` telling both sizes.
  static func require(_ bytes: Int, for samples: Int) throws {
    // What is small always fits.
    guard bytes > 1 << 26, let available = try available(), bytes > available else { return }
    throw EspalierError(
      "\(samples) samples at a time need \(words(bytes)) of memory for the network's values",
      accepted: "\(words(available)), which is what there is; fewer samples by --batch, or another limit by \(variable)=SIZE")
  }

  /// A size in words.
  static func words(_ bytes: Int) -> String {
    let (unit, name) = bytes >= 1 << 30 ? (1 << 30, "GiB") : (1 << 20, "MiB")
    let tenths = (bytes / (unit / 1024) * 10 + 512) / 1024
    return "\(tenths / 10).\(tenths % 10) \(name)"
  }

  private static func size(_ text: String) -> Int? {
    let units: [Character: Int] = ["K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40]
    var digits = text.uppercased()
    var unit = 1
    if let last = digits.last, let known = units[last] {
      unit = known
      digits.removeLast()
    }
    guard let number = Int(digits), number > 0 else { return nil }
    let (bytes, overflow) = number.multipliedReportingOverflow(by: unit)
    return overflow ? nil : bytes
  }

  /// What the kernel says is left without swapping.
  private static func machine() -> Int? {
    guard let text = contents("/proc/meminfo"),
      let line = text.split(separator: "\n").first(where: { $0.hasPrefix("MemAvailable:") }),
      let kilobytes = line.split(separator: " ").dropFirst().first.flatMap({ Int($0) })
    else { return nil }
    return kilobytes << 10
  }

  /// What is left of a control group's limit, of either version; caches that would be dropped do not count as used.
  private static func group() -> Int? {
    for (limit, use, statistics) in [
      ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current", "/sys/fs/cgroup/memory.stat"),
      (
        "/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.usage_in_bytes",
        "/sys/fs/cgroup/memory/memory.stat"
      ),
    ] {
      guard let limit = number(limit), limit < 1 << 50, let use = number(use) else { continue }
      let cached = contents(statistics)?.split(separator: "\n").first { $0.hasPrefix("inactive_file ") }
        .flatMap { $0.split(separator: " ").last.flatMap { Int($0) } }
      return max(limit - use + (cached ?? 0), 0)
    }
    return nil
  }

  private static func contents(_ path: String) -> String? { try? String(contentsOfFile: path, encoding: .utf8) }

  private static func number(_ path: String) -> Int? { contents(path).flatMap { Int($0.filter { !$0.isWhitespace }) } }
}
