import ArgumentParser
import Experiments

/// `espalier catalogue`.
struct CatalogueCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "catalogue", abstract: "List the methods of the survey that can be run.",
    discussion: """
      The survey: Alqahtani, Xie, Jones, "Literature review of deep network compression", Informatics 8(4), 2021. A deviation says \
      how what is computed differs from what is published.

        espalier catalogue
        espalier catalogue --json | jq -r '.[].id'
      """)

  @Flag(help: "Print JSON: id, group, verb, reference, deviation.")
  var json = false

  func run() throws {
    if json { return try StandardOutput.json(SurveyCatalog.all) }
    let table = Table(
      columns: [("id", .left), ("group", .left), ("verb", .left), ("reference", .left), ("deviation", .left)],
      rows: SurveyCatalog.all.map { [$0.id, $0.group, $0.verb, $0.reference, $0.deviation] })
    try StandardOutput.line(table.text)
  }
}
