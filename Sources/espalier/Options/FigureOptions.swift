import ArgumentParser

/// Where a figure goes.
struct FigureOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The file to write, PNG or PDF.", valueName: "file"), completion: .file(extensions: ["png", "pdf"]))
  var out: String

  func validate() throws {
    guard [".png", ".pdf"].contains(where: { out.lowercased().hasSuffix($0) }) else {
      throw ValidationError("--out ends in .png or .pdf, not '\(out)'")
    }
  }
}
