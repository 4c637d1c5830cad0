import ArgumentParser

/// The tool: reads the command line, runs the verb, and turns what goes wrong into one line and an exit status.
@main
struct Espalier: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "espalier",
    abstract: "See what a convolutional network looks at, filter by filter.",
    discussion: """
      Results go to standard output, talk and progress to standard error. Files are written beside their place and renamed \
      when they are whole; a file that is there already is replaced. Exit status: 0 done, 1 failed, 64 wrong usage, 130 \
      stopped by Ctrl-C, 143 and 129 by the signals TERM and HUP; what a stopped run has done is saved.

      A first look at relevance maps, on pictures of the Debian package dataset-fashion-mnist:

        espalier train vgg-like --data fashion-mnist:train --out vgg.onnx
        espalier relevance vgg.onnx --data fashion-mnist:test --out maps.h5
        espalier figure heatmap maps.h5 --data fashion-mnist:test --out maps.png
      """,
    version: "0.1.0", subcommands: VerbCatalog.all)

  static func main() {
    StandardStreams.prepare()
    useOneHeap()
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch {
      Exit.finish(error, in: self)
    }
  }
}
