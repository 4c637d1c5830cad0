import Foundation
import TestSupport
import Testing

/// LaTeX of Debian's packages, if it is there.
enum Latex {
  /// What sets a page.
  static let executable: String? = {
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
    return folders.map { "\($0)/pdflatex" }.first { FileManager.default.isExecutableFile(atPath: $0) }
  }()

  /// Whether it is there, with the packages that tables want.
  static let isAvailable: Bool = {
    guard executable != nil else { return false }
    let text =
      "\\documentclass{IEEEtran}\\usepackage{booktabs,threeparttable,siunitx,subfig,stfloats,lmodern}\\begin{document}x\\end{document}"
    return (try? withTemporaryFolder { try set(text, in: $0).status == 0 }) ?? false
  }()

  /// Sets a text, and returns the exit status and the log.
  static func set(_ text: String, in folder: URL) throws -> (status: Int32, log: String) {
    try Data(text.utf8).write(to: folder.appendingPathComponent("text.tex"))
    let process = Process()
    process.executableURL = URL(fileURLWithPath: try #require(executable))
    process.arguments = ["-interaction=nonstopmode", "-halt-on-error", "text.tex"]
    process.currentDirectoryURL = folder
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    let log = (try? Data(contentsOf: folder.appendingPathComponent("text.log"))) ?? Data()
    return (process.terminationStatus, String(decoding: log, as: UTF8.self))
  }
}

/// Tables in LaTeX, and the pages of the documentation, set by LaTeX itself.
@Suite(.enabled(if: Latex.isAvailable, "there is no LaTeX with the packages that the Makefile lists")) struct LatexTests {
  private func write(_ name: String, _ arguments: String..., in folder: URL) throws {
    let run = try Tool.run(["table"] + arguments + ["--format", "latex", "--out", "\(name).tex"], in: folder)
    #expect(run.status == 0, "\(arguments): \(run.talk)")
  }

  private func results(in folder: URL) throws {
    let hostile = "a_b & c% $d$ #e {f} ~g ^h \\\\i <j> |k| \\\"l\\\" [m] Überschrift naïve × ± −1"
    try StoredFigureTests.write(
      [
        "measures.json": StoredFigureTests.measures, "hostile.json": StoredFigureTests.pruning(hostile, 0.5, 0.9),
        "a.json": StoredFigureTests.pruning("l1", 0.5, 0.91), "b.json": StoredFigureTests.pruning("lrp", 0.5, 0.5),
        "whole.json": "{\"top1\": 0.94, \"top5\": 1, \"loss\": 0.2, \"pictures\": 10000, \"imagesPerSecond\": 9}",
        "broken.json": "{\"top1\": 0.5, \"top5\": 0.9, \"loss\": null, \"pictures\": 10000, \"imagesPerSecond\": 9}",
      ], in: folder)
  }

  @Test func everyTableIsSet() throws {
    try Sample.withModelAndImages { folder in
      try results(in: folder)
      try write("one", "measure", "measures.json", "--label", "tab:one", in: folder)
      try write("two", "prune", "a.json", "b.json", "hostile.json", "--caption", "[x] \\ & %", in: folder)
      try write("three", "evaluate", "whole.json", "broken.json", "--wide", in: folder)
      try write("four", "inspect", "lenet.onnx", in: folder)
      try write("five", "leaderboard", "a.json", "b.json", "--wide", "--label", "tab:five", in: folder)
      let text = """
        \\documentclass{article}\\usepackage{booktabs,threeparttable}\\usepackage{siunitx}
        \\begin{document}\\ref{tab:one} \\ref{tab:five}
        \\input{one}\\input{two}\\input{three}\\input{four}\\input{five}\\end{document}
        """
      let first = try Latex.set(text, in: folder)
      #expect(first.status == 0, "\(first.log.suffix(2000))")
      // References are known the second time.
      let (status, log) = try Latex.set(text, in: folder)
      #expect(status == 0 && !log.contains("undefined") && !log.contains("Missing character"), "\(log.suffix(2000))")
    }
  }

  @Test func whatIsNoLabelIsRefused() throws {
    try withTemporaryFolder { folder in
      try results(in: folder)
      for arguments in [["--label", "a b"], ["--label", "a}"], ["--label", ""]] {
        let run = try Tool.run(["table", "measure", "measures.json", "--format", "latex"] + arguments, in: folder)
        #expect(run.status == 64 && run.talk.contains("--label is letters"), "\(arguments): \(run.talk)")
      }
      #expect(try Tool.run(["table", "measure", "measures.json", "--wide"], in: folder).status == 64)
    }
  }

  /// The pages as they are, with boxes for figures and tables of other numbers.
  @Test(arguments: ["two-column", "thesis"]) func pagesAreSet(_ page: String) throws {
    try withTemporaryFolder { folder in
      try results(in: folder)
      try write("leaderboard", "leaderboard", "a.json", "b.json", "--label", "tab:leaderboard", in: folder)
      try write("measures", "measure", "measures.json", "--label", "tab:measures", in: folder)
      let source = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../../Documentation/\(page)/page.tex")
      let text = "\\PassOptionsToPackage{demo}{graphicx}" + (try String(contentsOf: source, encoding: .utf8))
      for round in 1...2 {
        let (status, log) = try Latex.set(text, in: folder)
        #expect(status == 0, "\(log.suffix(2000))")
        if round == 2 { #expect(!log.contains("undefined"), "\(log.suffix(2000))") }
      }
    }
  }
}
