import Foundation
import Scheduling
import Synchronization

/// What asks a run to stop: Ctrl-C, `kill`, and the end of the terminal; the first asks, the second ends the process at once.
enum Interrupt {
  /// Set by the first signal once ``listen()`` was called.
  static let cancellation = Cancellation()

  private static let received = Atomic<Int32>(SIGINT)

  /// The exit status of a run that was stopped: 128 and the signal's number, as shells have it; 130 after Ctrl-C.
  static var status: Int32 { 128 + received.load(ordering: .relaxed) }

  /// Takes over the signals.
  static func listen() {
    // Touched here, so that the handler finds it made.
    _ = cancellation
    _ = received.load(ordering: .relaxed)
    var mask = sigset_t()
    sigemptyset(&mask)
    for number in [SIGINT, SIGTERM, SIGHUP] {
      var action = sigaction()
      sigaction(number, nil, &action)
      // Started by `nohup`, a run is to outlive its terminal.
      if number == SIGHUP, isIgnored(action) { continue }
      action = sigaction()
      action.__sigaction_handler.sa_handler = { number in
        Interrupt.received.store(number, ordering: .relaxed)
        Interrupt.cancellation.cancel()
        // Nothing but `write` may be called here.
        let text: StaticString = "\nstopping after this batch; Ctrl-C again to end now\n"
        _ = write(STDERR_FILENO, text.utf8Start, text.utf8CodeUnitCount)
      }
      // After one call the signal has its usual meaning again.
      action.sa_flags = Int32(bitPattern: UInt32(SA_RESETHAND)) | SA_RESTART
      sigaction(number, &action, nil)
      sigaddset(&mask, number)
    }
    // A program that starts this one from a thread of Dispatch hands down a mask that blocks signals.
    pthread_sigmask(SIG_UNBLOCK, &mask, nil)
  }

  private static func isIgnored(_ action: sigaction) -> Bool {
    // SIG_IGN is the address 1.
    unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == 1
  }
}
