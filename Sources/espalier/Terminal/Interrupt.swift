import Foundation
import Scheduling

/// Ctrl-C: the first asks the run to stop, the second ends the process at once.
enum Interrupt {
  /// Set by the first Ctrl-C once ``listen()`` was called.
  static let cancellation = Cancellation()

  /// Takes over Ctrl-C.
  static func listen() {
    // Touched here, so that the handler finds it made.
    _ = cancellation
    var action = sigaction()
    action.__sigaction_handler.sa_handler = { _ in
      Interrupt.cancellation.cancel()
      // Nothing but `write` may be called here.
      let text: StaticString = "\nstopping after this batch; Ctrl-C again to end now\n"
      _ = write(STDERR_FILENO, text.utf8Start, text.utf8CodeUnitCount)
    }
    // After one call the signal has its usual meaning again.
    action.sa_flags = Int32(bitPattern: UInt32(SA_RESETHAND)) | SA_RESTART
    sigaction(SIGINT, &action, nil)
    // A program that starts this one from a thread of Dispatch hands down a mask that blocks signals.
    var mask = sigset_t()
    sigemptyset(&mask)
    sigaddset(&mask, SIGINT)
    pthread_sigmask(SIG_UNBLOCK, &mask, nil)
  }
}
