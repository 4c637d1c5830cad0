import ArgumentParser
import Experiments

/// The tool: reads the command line, runs the verb, and turns what goes wrong into one line and an exit status.
@main
struct Espalier: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "espalier",
    abstract: "See what a convolutional network looks at, filter by filter.",
    discussion: """
      Results go to standard output, talk and progress to standard error. Files are written beside their position and renamed \
      when they are whole; a file that is there already is replaced. Exit status: 0 done, 1 failed, 64 wrong usage, 130 \
      stopped by Ctrl-C, 143 and 129 by the signals TERM and HUP; what a stopped run has done is saved.

      A first look at relevance maps, on images of the Debian package dataset-fashion-mnist:

        espalier train vgg-like --data fashion-mnist:train --out vgg.onnx
        espalier relevance vgg.onnx --data fashion-mnist:test --out maps.h5
        espalier figure heatmap maps.h5 --data fashion-mnist:test --out maps.png

      `espalier help TOPIC` explains \(TopicCatalog.names.joined(separator: ", ")).

      Completion, for bash (zsh and fish likewise; `make install` does it):

        espalier --generate-completion-script bash > ~/.local/share/bash-completion/completions/espalier
      """,
    version: Release.version, subcommands: VerbCatalog.all)

  static func main() {
    StandardStreams.prepare()
    useOneHeap()
    let arguments = Array(CommandLine.arguments.dropFirst())
    if let topic = TopicCatalog.topic(of: arguments) { Exit.print(topic.text()) }
    if arguments == ["--generate-manual"] { Exit.printManual(of: self) }
    var command: any ParsableCommand
    do {
      try VerbCatalog.check(arguments)
      command = try parseAsRoot()
    } catch {
      Exit.finish(parsing: error, in: self, arguments)
    }
    do { try command.run() } catch { Exit.finish(error, in: self, arguments) }
  }
}
