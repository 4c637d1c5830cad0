import Foundation
import TestSupport
import Testing

/// Completion scripts, the manual page, and what `make install` puts where.
@Suite struct InstallTests {
  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  private static let files = [
    "bin/espalier", "share/man/man1/espalier.1", "share/bash-completion/completions/espalier",
    "share/zsh/site-functions/_espalier", "share/fish/vendor_completions.d/espalier.fish",
  ]

  private func run(_ program: String, _ arguments: [String], in folder: URL) throws -> (status: Int32, output: String) {
    let out = folder.appendingPathComponent("\(UUID().uuidString).txt")
    try Data().write(to: out)
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    process.currentDirectoryURL = folder
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try FileHandle(forWritingTo: out)
    process.standardError = process.standardOutput
    try process.run()
    process.waitUntilExit()
    return (process.terminationStatus, try String(contentsOf: out, encoding: .utf8))
  }

  @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/make"), "make is not installed"))
  func everythingIsInstalledAndRemoved() throws {
    try withTemporaryFolder { folder in
      let common = ["-C", InstallTests.root.path, "ESPALIER=\(Tool.url.path)", "DESTDIR=\(folder.path)/stage", "PREFIX=/usr"]
      let install = try run("/usr/bin/make", ["install"] + common, in: folder)
      #expect(install.status == 0, "\(install.output)")
      let prefix = folder.appendingPathComponent("stage/usr")
      for file in InstallTests.files {
        let size = try FileManager.default.attributesOfItem(atPath: prefix.appendingPathComponent(file).path)[.size] as? Int
        #expect(size ?? 0 > 1000, "\(file)")
      }
      let uninstall = try run("/usr/bin/make", ["uninstall"] + common, in: folder)
      #expect(uninstall.status == 0, "\(uninstall.output)")
      for file in InstallTests.files {
        #expect(!FileManager.default.fileExists(atPath: prefix.appendingPathComponent(file).path), "\(file)")
      }
    }
  }

  @Test func manualPageNamesEveryVerbAndOption() throws {
    try withTemporaryFolder { folder in
      let page = try Tool.run("--generate-manual", in: folder)
      #expect(page.status == 0 && page.output.hasPrefix(".TH ESPALIER 1 "))
      for text in [
        ".SS \"espalier relevance <model>", ".SS \"espalier figure heatmap <file>", "\\-\\-composite <name[:key=value,…]>",
        ".B espalier help criteria", ".SH EXIT STATUS",
      ] { #expect(page.output.contains(text), "\(text)") }
      #expect(!page.output.contains("generate\\-manual <"))
      // Neither text nor examples are taken for requests.
      let requests: Set<Substring> = [".TH", ".SH", ".SS", ".TP", ".PP", ".B", ".I", ".RS", ".RE", ".EX", ".EE"]
      for line in page.output.split(separator: "\n") where line.hasPrefix(".") || line.hasPrefix("'") {
        #expect(requests.contains(line.prefix { $0 != " " }), "\(line)")
      }
    }
  }

  /// The words that bash offers, asked as its completion does.
  @Test func bashCompletes() throws {
    try withTemporaryFolder { folder in
      let script = try Tool.run("--generate-completion-script", "bash", in: folder)
      #expect(script.status == 0)
      try Data(script.output.utf8).write(to: folder.appendingPathComponent("espalier.bash"))
      try Data().write(to: folder.appendingPathComponent("net.onnx"))
      try Data().write(to: folder.appendingPathComponent("rules.toml"))
      for (words, offered) in [
        ("espalier rel", "relevance"), ("espalier new resnet2", "resnet20"),
        ("espalier prune net.onnx --criterion tay", "taylor-2019"),
        ("espalier relevance net.onnx --composite epsilon_g", "epsilon_gamma_box"),
        ("espalier relevance net.onnx --composite ru", "rules.toml"),
        ("espalier relevance net.onnx --attributor smo", "smoothgrad"),
        ("espalier measure net.onnx --measure po", "pointing-game"),
        ("espalier stats net.onnx --statistic qua", "quantiles"), ("espalier inspect n", "net.onnx"),
        ("espalier prune net.onnx --scope g", "global"),
      ] {
        let list = words.split(separator: " ").map { "'\($0)'" }.joined(separator: " ")
        let line = """
          PATH='\(Tool.url.deletingLastPathComponent().path)':$PATH
          source espalier.bash
          COMP_WORDS=(\(list)); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); COMP_LINE='\(words)'; COMP_POINT=${#COMP_LINE}; COMP_TYPE=9
          _espalier espalier "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}" 2>/dev/null
          printf '%s\\n' "${COMPREPLY[@]}"
          """
        let outcome = try run("/bin/bash", ["-c", line], in: folder)
        #expect(
          outcome.output.split(separator: "\n").contains { $0.trimmingCharacters(in: .whitespaces) == offered },
          "\(words): \(outcome)")
      }
    }
  }
}
