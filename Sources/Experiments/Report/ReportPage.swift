import Datasets
import Files
import Foundation
import Images
import Tensors

/// A dissection as one page of HTML that needs nothing beside itself: images, masks and numbers are in it.
///
/// Every image is there once, however many filters show it; masks are run lengths that the page's script draws. The page forbids
/// itself the network (its content security policy).
struct ReportPage {
  private let title: String
  private let content: ReportContent

  /// Gathers what the page shows.
  ///
  /// - Throws: `EspalierError` if an image cannot be read; `CancellationError` if the run was asked to stop.
  init(_ report: FilterReport, _ data: PreparedData, _ provenance: [String: String], _ context: RunContext) throws {
    let model = provenance["model"].map { Path.name(of: $0) } ?? "network"
    title = "Dissection of \(model)"
    let images = try ReportImages(of: report.layers.compactMap(\.exemplars), data, context)
    content = ReportContent(report, images, title: title, facts: ReportPage.facts(report, data, provenance))
  }

  /// Writes the page; nothing stands at the path before it is whole.
  ///
  /// - Throws: `EspalierError` if it cannot be written.
  func write(to path: String) throws { try naming(file: path) { try AtomicFile.write(Array(html.utf8), to: path) } }

  /// The page.
  var html: String {
    get throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      // A script element ends at the first `</`, whatever is around it.
      let json = String(decoding: try encoder.encode(content), as: UTF8.self).replacingOccurrences(of: "<", with: "\\u003c")
      return """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'; \
        script-src 'unsafe-inline'">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>\(ReportPage.escaped(title))</title>
        <style>
        \(ReportStyle.text)
        </style>
        </head>
        <body>
        <nav id="layers" aria-label="Layers"></nav>
        <main id="main"><noscript>This page draws its images and sorts its filters with a script of its own.</noscript></main>
        <script type="application/json" id="data">\(json)</script>
        <script>
        \(ReportScript.text)
        </script>
        </body>
        </html>

        """
    }
  }

  private static func facts(_ report: FilterReport, _ data: PreparedData, _ provenance: [String: String]) -> [[String]] {
    let vocabulary = report.vocabulary
    let shown = report.layers.compactMap { layer in layer.exemplars.map { ($0.channels.count, layer.layer.channels) } }
    func percent(_ name: String) -> String { String(format: "%g", 100 * (Double(provenance[name] ?? "") ?? 0)) }
    let isCut = shown.contains { $0.0 < $0.1 }
    return [
      ["Network", provenance["model"] ?? ""], ["Images", "\(report.images) of \(data.request.spec)"],
      [
        "Concepts",
        "\(vocabulary?.concepts.count ?? 0) (\(vocabulary?.categories.joined(separator: ", ") ?? "")), "
          + "masks from \(provenance["concepts_spec"] ?? "")",
      ],
      [
        "A filter fires",
        "above its threshold, the \(String(format: "%g", 1 - (Double(provenance["quantile"] ?? "") ?? 0))) quantile",
      ],
      ["Thresholds", provenance["thresholds"] ?? ""],
      ["Votes", "for the best \(percent("vote_share")) % of a layer’s filters on each image and concept"],
      ["Shown", isCut ? "at most \(shown.map(\.0).max() ?? 0) filters a layer, of every concept the best" : "all filters"],
      ["Written by", "Espalier \(provenance["espalier"] ?? "")"],
    ]
  }

  private static func escaped(_ text: String) -> String {
    text.replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "<", with: "&lt;")
  }
}
