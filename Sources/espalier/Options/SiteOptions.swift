import Analysis
import ArgumentParser

/// Where in the network a verb looks.
struct SiteOptions: ParsableArguments {
  @Option(
    help:
      "Where in a layer: input (what it reads), linear (before its activation), activation (behind it) or block (the end of each block)."
  )
  var site = SiteKind.linear

  @Option(
    help: ArgumentHelp("Layers by name, with * and ?; may be repeated (default: all).", valueName: "glob"))
  var layers: [String] = []

  /// The sites that these options ask for.
  var request: SiteRequest { SiteRequest(site, matching: layers) }
}

extension SiteKind: ExpressibleByArgument {}
