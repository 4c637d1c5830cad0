import Analysis
import Datasets
import Files
import Foundation
import Networks
import Results
import Scheduling
import Storage
import Tensors

/// A project that ViRelAy 0.6 opens (`virelay DIR/project.yaml`): images, relevance, and what kinds of maps there are of each
/// class.
///
///     project.yaml      what belongs together; paths are relative to it
///     label-map.json    index, word_net_id and name of every class
///     images.h5       the images (``ImageFile``), unless they are written elsewhere
///     analysis.h5       a group a class, called by its word_net_id:
///       index               [n]      uint32, the images' positions in the data set
///       embedding/spectral  [n, E]   float32, with the attribute eigenvalue [E]
///       cluster/kmeans-KK   [n]      uint32, with the attributes embedding, k and index
///
/// As CoRelAy's script does it, maps are summed over channels, divided by their sum, embedded (``SpectralEmbedding``, 32
/// neighbours and dimensions) and clustered (``KMeans``, 2 … 30 clusters, but fewer than a class has images). A map whose sum is
/// 0 is not divided.
struct VirelayProject {
  private static let mostClusters = 30
  /// The fewest images of a class that is analysed.
  private static let fewestImages = 3
  /// The most images of a class, and the most numbers in their maps, so that a class takes at most two GiB.
  private static let mostImages = 8192
  private static let mostNumbers = 1 << 28

  private let folder: String
  /// The images' file, if it was asked for elsewhere.
  private let elsewhere: String?

  init(_ folder: String, imagesAt elsewhere: String?) {
    self.folder = folder
    self.elsewhere = elsewhere
  }

  /// The images' file.
  var images: String { elsewhere ?? folder + "/images.h5" }

  /// The files of the project itself.
  var files: [String] { ["project.yaml", "label-map.json", "analysis.h5"].map { "\(folder)/\($0)" } }

  /// Checks that everything can be written, before anything long is computed.
  ///
  /// - Throws: `EspalierError` naming what cannot.
  func prepare(notReplacing inputs: @autoclosure () -> [String]) throws {
    for file in files { try OutputPath.prepare(file, notReplacing: inputs()) }
  }

  /// Checks that there is a class to be analysed.
  ///
  /// - Throws: `EspalierError` naming the data.
  static func check(_ data: PreparedData) throws {
    try data.requireLabels()
    var counts: [Int: Int] = [:]
    for index in 0..<data.dataset.count { if let label = try data.dataset.labels(index).first { counts[label, default: 0] += 1 } }
    guard counts.values.contains(where: { $0 >= fewestImages }) else {
      throw EspalierError(
        "no class has three images", location: "\(data.request.spec)", accepted: "more images of a class for --virelay")
    }
  }

  /// Writes the project of a relevance file.
  ///
  /// - Throws: `EspalierError`; `CancellationError` if it was asked to stop.
  func write(_ relevance: String, model: String, _ context: RunContext) throws {
    let reader = try RelevanceReader(relevance)
    let labels = try reader.labels(0..<reader.count)
    var rows = [[Int]](repeating: [], count: ClassScores.labels(ofOutputs: reader.schema.classes))
    for (row, label) in labels.enumerated() where Int(label) < rows.count { rows[Int(label)].append(row) }
    let width = reader.schema.map[1] * reader.schema.map[2]
    let most = min(VirelayProject.mostImages, max(2, VirelayProject.mostNumbers / max(width, 1)))
    for (label, all) in rows.enumerated() where all.count > most {
      context.note("class \(label): the first \(most) of \(all.count) images are analysed")
      rows[label] = Array(all.prefix(most))
    }
    let classes = rows.indices.filter { rows[$0].count >= VirelayProject.fewestImages }
    for label in rows.indices where !rows[label].isEmpty && rows[label].count < VirelayProject.fewestImages {
      context.note("class \(label): too few images to be analysed (\(rows[label].count) of \(VirelayProject.fewestImages))")
    }
    // ViRelAy takes the names of all classes' clusterings from the first.
    let clusters = min(VirelayProject.mostClusters, classes.map { rows[$0].count - 1 }.min() ?? 2)
    let chosen = classes.map { rows[$0] }
    let scheduler = BlockScheduler(
      width: context.workers, cancellation: context.cancellation,
      progress: { pass in
        context.progress(RunProgress(activity: "analysis", unit: "classes", done: pass.done, total: classes.count))
      }, shardName: { "class \(classes[$0])" })
    let greatest = classes.map { rows[$0].count }.max() ?? 0
    let groups = try naming(file: relevance) {
      try scheduler.map(
        shards: 0..<classes.count, bytesPerWorker: 16 * greatest * greatest + 4 * greatest * width, makeWorker: { _ in },
        body: { _, position in try Group(reader, chosen[position], clusters: clusters) })
    }
    try write(groups, of: classes, to: files[2])
    try write(json: reader.schema, to: files[1])
    try write(yaml(relevance, reader.schema, model), to: files[0])
  }

  /// What is found out about a class.
  private struct Group: Sendable {
    var indices: [UInt32]
    var embedding: SpectralEmbedding
    /// The clusters of the images, for 2, 3, … clusters.
    var clusterings: [[Int]]

    init(_ reader: RelevanceReader, _ rows: [Int], clusters: Int) throws {
      var (samples, width) = ([Float](), 0)
      indices = []
      for row in rows {
        indices += try reader.indices(row..<row + 1)
        let map = try reader.maps(row..<row + 1)
        width = map.shape[2] * map.shape[3]
        var sums = [Double](repeating: 0, count: width)
        for (position, value) in map.elements.enumerated() { sums[position % width] += Double(value) }
        let total = sums.reduce(0, +)
        samples += sums.map { Float(total == 0 ? $0 : $0 / total) }
      }
      embedding = try SpectralEmbedding(samples, width: width)
      let (positions, dimensions) = (embedding.positions, embedding.dimensions)
      clusterings = (2...max(2, clusters)).map { KMeans(positions, width: dimensions, clusters: $0).labels }
    }
  }

  private func write(_ groups: [Group], of classes: [Int], to path: String) throws {
    let file = try HDF5File.create(path)
    for (label, group) in zip(classes, groups) {
      let (name, count, width) = (VirelayProject.identifier(label), group.indices.count, group.embedding.dimensions)
      try file.write(Tensor(group.indices, shape: [count]), to: "\(name)/index")
      let embedding = try file.write(
        Tensor(group.embedding.positions.map(Float.init), shape: [count, width]), to: "\(name)/embedding/spectral")
      try embedding.setAttribute("eigenvalue", group.embedding.eigenvalues.map(Float.init))
      for (position, labels) in group.clusterings.enumerated() {
        let number = position + 2
        let digits = number < 10 ? "0\(number)" : "\(number)"
        let clustering = try file.write(
          Tensor(labels.map { UInt32($0) }, shape: [count]), to: "\(name)/cluster/kmeans-\(digits)")
        try clustering.setAttribute("embedding", "spectral")
        try clustering.setAttribute("k", Int64(number))
        try clustering.setAttribute("index", (0..<UInt32(width)).map { $0 })
      }
    }
    try file.commit()
  }

  /// What a class is called where ViRelAy asks for an identifier of WordNet's.
  private static func identifier(_ label: Int) -> String {
    let digits = "\(label)"
    return String(repeating: "0", count: max(0, 8 - digits.count)) + digits
  }

  private struct Label: Encodable {
    var index: Int
    var word_net_id: String
    var name: String
  }

  private func write(json schema: RelevanceSchema, to path: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    let labels = (0..<ClassScores.labels(ofOutputs: schema.classes)).map { label in
      Label(
        index: label, word_net_id: VirelayProject.identifier(label),
        name: label < schema.classNames.count ? schema.classNames[label] : "class \(label)")
    }
    try write(String(decoding: encoder.encode(labels), as: UTF8.self) + "\n", to: path)
  }

  private func yaml(_ relevance: String, _ schema: RelevanceSchema, _ model: String) -> String {
    func text(_ key: String) -> String { VirelayProject.quoted(schema.provenance[key] ?? "") }
    let method = [schema.provenance["attributor"], schema.provenance["composite"]].compactMap { $0 }.joined(separator: ", ")
    return """
      project:
        name: \(VirelayProject.quoted("\(Path.name(of: model)) on \(schema.provenance["data"] ?? "")"))
        model: \(text("model"))
        label_map: label-map.json
        dataset:
          name: \(text("data"))
          type: hdf5
          path: \(VirelayProject.quoted(relative(images)))
          input_width: \(schema.map[2])
          input_height: \(schema.map[1])
          up_sampling_method: none
          down_sampling_method: none
        attributions:
          attribution_method: \(VirelayProject.quoted(method))
          attribution_strategy: \(schema.provenance["target"] == "predicted" ? "predicted_label" : "true_label")
          sources:
            - \(VirelayProject.quoted(relative(relevance)))
        analyses:
          - analysis_method: spectral
            sources:
              - analysis.h5

      """
  }

  /// A path as seen from the project's folder.
  private func relative(_ path: String) -> String {
    let (from, to) = (URL(fileURLWithPath: folder), URL(fileURLWithPath: path))
    let (start, goal) = (from.standardizedFileURL.pathComponents, to.standardizedFileURL.pathComponents)
    let shared = zip(start, goal).prefix { $0 == $1 }.count
    return (Array(repeating: "..", count: start.count - shared) + goal[shared...]).joined(separator: "/")
  }

  /// A text in YAML, which takes JSON's.
  private static func quoted(_ text: String) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .withoutEscapingSlashes
    return (try? encoder.encode(text)).map { String(decoding: $0, as: UTF8.self) } ?? "\"\""
  }

  private func write(_ text: String, to path: String) throws { try AtomicFile.write(Data(text.utf8), to: path) }
}
