import Experiments
import Foundation

/// The time of a forward pass before and after, in a line.
enum LatencyText {
  /// The line.
  ///
  /// - Parameter times: before and after.
  static func line(_ times: [Latency]) -> String {
    String(
      format: "forward pass of %d, one thread: %.2f ms (%.2f–%.2f) before, %.2f ms (%.2f–%.2f) after, %.2f times faster",
      times[0].batch, times[0].median, times[0].lowerQuartile, times[0].upperQuartile, times[1].median,
      times[1].lowerQuartile, times[1].upperQuartile, times[0].median / times[1].median)
  }
}
