import Datasets
import Files
internal import TOMLKit
import Tensors

extension Study {
  /// The names of the tables of a file, in which all else stands.
  static let tables = ["data", "network", "method", "factor", "chain", "controls", "report"]

  /// Reads a study's file.
  ///
  /// Paths in it are taken as on the command line, from the folder that the tool runs in.
  ///
  /// - Throws: `EspalierError` naming the file, the table and the key that is not known or does not fit.
  public init(file path: String) throws {
    self = try naming(file: path) {
      var table = StudyTable(try TOMLTable.parsed(RegularFile.text(path, most: RegularFile.largestSettings)))
      let study = try Study(&table, name: Path.name(of: path))
      try table.finish()
      return study
    }
  }

  private init(_ table: inout StudyTable, name: String) throws {
    title = try table.text("title") ?? name
    seeds = try table.texts("seeds").map { try $0.map { try Study.seed($0, table) } } ?? [0]
    guard Set(seeds).count == seeds.count else { throw table.error("a seed is listed twice", accepted: "seeds = [1, 2, 3]") }
    batch = try table.integer("batch", in: 1...4096) ?? 32
    data = try Study.each(table.tables("data")) { try Data(&$0) }
    guard !data.isEmpty else { throw table.error("it has no data", accepted: "[data] with train and validation") }
    try Study.requireNames(data.map(\.name), "data", table)
    let dataNames = data.map(\.name)
    networks = try Study.each(table.tables("network")) { try Network(&$0, data: dataNames) }
    guard !networks.isEmpty else {
      throw table.error("it has no network", accepted: "[[network]] with name and file or architecture")
    }
    try Study.requireNames(networks.map(\.name), "network", table)
    let files = networks.map { Study.fileName([$0.name]) }
    if let position = files.indices.first(where: { files[$0].isEmpty || files.firstIndex(of: files[$0]) != $0 }) {
      throw table.error(
        "the files of network '\(networks[position].name)' would have no name, or that of another",
        accepted: "names that differ in letters a to z or digits")
    }
    methods = try Study.each(table.tables("method")) { try Method(&$0) }
    try Study.requireNames(methods.map(\.name), "method", table)
    var listed = try table.table("factor")
    factors =
      try listed.map { $0.keys }.map { names in
        try names.map { name in
          guard name.wholeMatch(of: /[A-Za-z][A-Za-z0-9-]*/) != nil, !["seed", "method"].contains(name) else {
            throw EspalierError(
              "'\(name)' cannot be a factor's name", location: "factor", accepted: "letters, digits and -, not seed or method")
          }
          return (name, try listed?.texts(name) ?? [])
        }
      } ?? []
    chains = try Study.each(table.tables("chain")) { try Chain(&$0) }
    guard !chains.isEmpty else {
      throw table.error("it has no chain", accepted: "[[chain]] with a [[chain.step]] for each step")
    }
    if chains.count > 1 {
      guard chains.allSatisfy({ $0.name != nil }) else {
        throw table.error("one of several chains has no name", accepted: "name = \"…\" in each [[chain]]")
      }
      try Study.requireNames(chains.compactMap(\.name), "chain", table)
    }
    (controls, scratch) = try Study.controls(table.table("controls"))
    report =
      try table.table("report").map { table in
        var table = table
        let report = try Report(&table)
        try table.finish()
        return report
      } ?? Report()
  }

  private static func controls(_ table: StudyTable?) throws -> ([Control], scratch: [String: String]?) {
    guard var table else { return ([], nil) }
    let controls = try (table.texts("arms", mayBeEmpty: true) ?? []).map { name in
      guard let control = Control(rawValue: name) else {
        throw EspalierError(unknown: "control", name, among: Control.allCases.map(\.rawValue), location: "controls")
      }
      return control
    }
    let scratch = try table.table("scratch").map { try settings($0) }
    try table.finish()
    return (controls, scratch)
  }

  private static func each<Value>(_ tables: [StudyTable], _ read: (inout StudyTable) throws -> Value) throws -> [Value] {
    try tables.map { table in
      var table = table
      let value = try read(&table)
      try table.finish()
      return value
    }
  }

  private static func requireNames(_ names: [String], _ kind: String, _ table: StudyTable) throws {
    var seen: Set<String> = []
    if let twin = names.first(where: { !seen.insert($0).inserted }) {
      throw table.error("there are two of \(kind) '\(twin)'", accepted: "names that differ")
    }
  }

  private static func seed(_ text: String, _ table: StudyTable) throws -> UInt64 {
    guard let number = Int(text), number >= 0 else {
      throw table.error("'\(text)' is no seed", accepted: "whole numbers, 0 or more")
    }
    return UInt64(number)
  }

  /// All of a table as settings of a step.
  fileprivate static func settings(_ table: StudyTable) throws -> [String: String] {
    var table = table
    var settings: [String: String] = [:]
    for key in table.keys { settings[key] = try table.text(key) }
    return settings
  }
}

extension Study.Data {
  fileprivate init(_ table: inout StudyTable) throws {
    name = try table.text("name") ?? "data"
    let (classes, preprocessing, masks) = (try table.text("classes"), try table.text("preprocess"), try table.text("masks"))
    let task = try table.text("task").map { text in
      guard let task = LearningTask(rawValue: text) else {
        throw EspalierError(unknown: "task", text, among: LearningTask.allCases.map(\.rawValue), location: table.title)
      }
      return task
    }
    let title = table.title
    func request(_ text: String, _ key: String) throws -> DataRequest {
      do {
        return DataRequest(try DataSpec(text), classes: classes, preprocessing: preprocessing, task: task, masks: masks)
      } catch var error as EspalierError {
        error.location = [title, key].compactMap { $0 }.joined(separator: ", ")
        throw error
      }
    }
    train = try request(table.required("train", "train = \"fashion-mnist:train\""), "train")
    validation = try request(table.required("validation", "validation = \"fashion-mnist:test\""), "validation")
    validation.limit = try table.integer("validation-limit", in: 1 ... .max)
    skip = try table.integer("skip", in: 0 ... .max) ?? 0
    limit = try table.integer("limit", in: 1 ... .max)
    perClass = try table.integer("per-class", in: 1 ... .max)
    train.limit = try table.integer("train-limit", in: 1 ... .max)
    let draw = try table.integer("draw", in: 0 ... .max).map(UInt64.init)
    (train.draw, validation.draw) = (draw, draw)
  }
}

extension Study.Network {
  fileprivate init(_ table: inout StudyTable, data: [String]) throws {
    name = try table.required("name", "name = \"VGG\"")
    let own = try table.text("data")
    if let own, !data.contains(own) { throw EspalierError(unknown: "data", own, among: data, location: table.title) }
    guard let used = own ?? (data.count == 1 ? data[0] : nil) else {
      throw table.error("it does not say which data it is of", accepted: "data = \"\(data[0])\", say")
    }
    self.data = used
    output = try table.text("output")
    let (file, architecture) = (try table.text("file"), try table.text("architecture"))
    let input = try table.text("input").map { text in
      let lengths = text.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
      guard lengths.count == 3, lengths.allSatisfy({ $0.map { $0 > 0 } ?? false }) else {
        throw EspalierError("'\(text)' is no shape of an image", location: table.title, accepted: "input = \"3,32,32\"")
      }
      return lengths.compactMap { $0 }
    }
    let classes = try table.integer("classes", in: 1...1_000_000)
    let training = try table.table("train").map { try Study.settings($0) }
    let each = try table.flag("each-seed")
    switch (file, architecture) {
    case (let file?, nil):
      guard input == nil, classes == nil, training == nil, each == nil else {
        throw table.error("input, classes, train and each-seed are of architectures", accepted: "file alone")
      }
      source = .file(file)
    case (nil, let name?):
      source = .architecture(name, input: input, classes: classes, training: training, each: each ?? false)
    default: throw table.error("it has \(file == nil ? "neither" : "both") file and architecture", accepted: "one of the two")
    }
  }
}

extension Study.Method {
  fileprivate init(_ table: inout StudyTable) throws {
    name = try table.required("name", "name = \"LRP\"")
    settings = [:]
    for key in table.keys { settings[key] = try table.text(key) }
  }
}

extension Study.Chain {
  fileprivate init(_ table: inout StudyTable) throws {
    name = try table.text("name")
    steps = try table.tables("step").map { table in
      var table = table
      let name = try table.required("name", "name = \"prune\"")
      var settings: [String: Study.Setting] = [:]
      for key in table.keys { settings[key] = try table.setting(key) }
      return Study.Step(name: name, settings: settings)
    }
    guard !steps.isEmpty else { throw table.error("it has no steps", accepted: "a [[chain.step]] for each") }
  }
}

extension Study.Report {
  fileprivate init(_ table: inout StudyTable) throws {
    drift = try table.integer("drift", in: 0...1_000_000) ?? 0
    driftComposite = try table.text("drift-composite")
    bootstrap = try table.integer("bootstrap", in: 100...100_000) ?? 2000
    timesNetworks = try table.flag("latency") ?? true
  }
}
