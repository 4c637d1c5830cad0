import Analysis
import Datasets
import Scheduling
import Tensors

extension AnalysisRun {
  /// The longest side of the images and masks in reports.
  static let longestThumbnail = 112

  /// The size of images and masks in reports: that of the network's input, or less where that is large.
  ///
  /// - Throws: `EspalierError` if the data are no images.
  func thumbnailSize() throws -> (height: Int, width: Int) {
    let shape = try data.loader(batch: 1).epoch().batch(0).input.shape
    guard shape.rank == 4, shape.count > 0 else {
      throw EspalierError("a sample has shape \(shape): no image to show", location: "\(data.request.spec)")
    }
    let (height, width) = data.preprocessing.layout == .nhwc ? (shape[1], shape[2]) : (shape[2], shape[3])
    let longest = max(height, width)
    guard longest > AnalysisRun.longestThumbnail else { return (height, width) }
    func scaled(_ side: Int) -> Int { max(1, (side * AnalysisRun.longestThumbnail + longest / 2) / longest) }
    return (scaled(height), scaled(width))
  }

  /// The images that excite the filters that fit concepts best, with the filters' masks, from a pass over those images alone.
  ///
  /// - Parameters:
  ///   - plan: of the forward phase.
  ///   - layers: the sites' findings, with their dissections and top images.
  /// - Throws: `EspalierError`; `RunInterrupted` if it was asked to stop.
  func exemplars(_ plan: AnalysisPlan, _ layers: [FilterReport.Layer], _ request: ReportRequest) throws -> [Exemplars] {
    let (height, width) = try thumbnailSize()
    let chosen = layers.map { ChosenFilters($0, request) }
    let choices = zip(layers, chosen).map { layer, chosen in
      ExemplarAccumulator.Choice(
        thresholds: layer.dissection?.thresholds.elements ?? [Float](repeating: .infinity, count: layer.layer.channels),
        channels: chosen.byImage, height: height, width: width)
    }
    let images = Set(chosen.flatMap(\.byImage.keys)).sorted()
    let positions = Dictionary(uniqueKeysWithValues: data.dataset.indices.enumerated().map { ($0.element, $0.offset) })
    let epoch = data.loader(batch: 1).epoch()
    let batch = plan.request.batch
    let shapes = plan.sites.map(\.shape)
    let pass = AnalysisPass(
      plan, shards: (images.count + batch - 1) / batch,
      read: { shard in
        let part = Array(images[shard * batch..<min((shard + 1) * batch, images.count)])
        var elements: [Float] = []
        var others: [String: Tensor<Float>] = [:]
        var axes: [Int] = []
        for image in part {
          guard let position = positions[image] else { preconditionFailure("image \(image) is not in the data") }
          let one = try epoch.batch(position)
          let input = one.input
          for (name, row) in one.others {
            let rows = (others[name]?.elements ?? []) + row.elements
            others[name] = Tensor(rows, shape: row.shape.replacing(axis: 0, with: rows.count / max(row.count, 1)))
          }
          axes = Array(input.shape.dimensions.dropFirst())
          elements += input.elements
        }
        return AnalysisShard(
          input: Tensor(elements, shape: Shape([part.count] + axes)), others: others,
          images: ShardImages(indices: part, labels: Array(repeating: [], count: part.count)),
          targets: Array(repeating: .predicted, count: part.count))
      },
      fresh: {
        AnalysisState(
          zip(shapes, choices).map { SiteAccumulators([(phase: .forward, accumulator: ExemplarAccumulator($0, $1))]) })
      })
    let state: AnalysisState
    do {
      state = try naming(file: "\(data.request.spec)") {
        try pass.run(context.scheduler(activity: "report", batch: batch, images: images.count))
      }
    } catch is CancellationError {
      throw RunInterrupted(
        "stopped; what the passes before had saved is kept, the report's own pass begins anew with the same command")
    }
    return zip(chosen, state.sites).map { chosen, site in
      let masks = site.all[0] as? ExemplarAccumulator
      return Exemplars(
        height: height, width: width, channels: chosen.filters.map(\.channel),
        images: chosen.filters.map { filter in
          filter.images.compactMap { image in
            masks?.mask(of: filter.channel, on: image.index).map {
              Exemplars.Entry(image: image.index, activation: image.activation, mask: $0)
            }
          }
        })
    }
  }
}

/// The filters of a layer that are shown, and the images that excite each of them most.
private struct ChosenFilters {
  var filters: [(channel: Int, images: [(index: Int, activation: Float)])]

  init(_ layer: FilterReport.Layer, _ request: ReportRequest) {
    func values(_ name: String) -> Tensor<Double>? { layer.statistics.first { $0.name == name }?.values }
    let best = ChosenFilters.best(layer, request.filters)
    filters = best.map { channel in
      guard let indices = values("top-images"), let maxima = values("top-maxima") else { return (channel, []) }
      let top = indices.shape[1]
      let images = (channel * top..<(channel + 1) * top).prefix(request.images).compactMap { position in
        indices.elements[position] >= 0
          ? (index: Int(indices.elements[position]), activation: Float(maxima.elements[position])) : nil
      }
      return (channel, images)
    }
  }

  /// So many filters, rising: the best of every concept, then the second of every concept, and so on; of one rank, and of those
  /// that fit none, the greatest IoU first, of equals the lower filter.
  private static func best(_ layer: FilterReport.Layer, _ count: Int) -> [Int] {
    let fits = (0..<layer.layer.channels).map { layer.dissection?.best($0) }
    let overlap = fits.map { $0?.overlap ?? 0 }
    let order = fits.indices.sorted { (overlap[$0], $1) > (overlap[$1], $0) }
    var taken: [Int: Int] = [:]
    let ranked = order.map { channel -> (rank: Int, channel: Int) in
      guard let concept = fits[channel]?.concept else { return (.max, channel) }
      taken[concept, default: 0] += 1
      return (taken[concept]!, channel)
    }
    let chosen = ranked.enumerated().sorted { ($0.element.rank, $0.offset) < ($1.element.rank, $1.offset) }
    return chosen.prefix(count).map(\.element.channel).sorted()
  }

  var byImage: [Int: Set<Int>] {
    var channels: [Int: Set<Int>] = [:]
    for filter in filters { for image in filter.images { channels[image.index, default: []].insert(filter.channel) } }
    return channels
  }
}
