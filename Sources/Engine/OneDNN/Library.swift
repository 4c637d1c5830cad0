import COneDNN
import Tensors

/// The one door to oneDNN: its engine, and the check of every call.
enum Library {
  /// oneDNN's processor; never freed, because primitives live as long as the process may.
  nonisolated(unsafe) static let engine: dnnl_engine_t = {
    var engine: dnnl_engine_t?
    let status = dnnl_engine_create(&engine, dnnl_cpu, 0)
    precondition(status == dnnl_success, "oneDNN offers no CPU engine (status \(status.rawValue))")
    return engine!
  }()

  /// Throws what a call that did not succeed means.
  static func check(_ status: dnnl_status_t, _ call: String) throws {
    guard status != dnnl_success else { return }
    let reason =
      switch status {
      case dnnl_out_of_memory: "out of memory"
      case dnnl_invalid_arguments: "it refuses these sizes"
      case dnnl_unimplemented: "it has no kernel for these sizes"
      default: "status \(status.rawValue)"
      }
    throw EspalierError("oneDNN's \(call) failed: \(reason)")
  }
}

/// Tells OpenMP to stay on the calling thread.
///
/// Every Dispatch block that runs or compiles a program calls this first: the setting belongs to a thread, and Dispatch moves
/// blocks between threads.
public func useOneThreadHere() { omp_set_num_threads(1) }

/// The number of threads that a primitive made here would run on.
package func threadsHere() -> Int { Int(omp_get_max_threads()) }
