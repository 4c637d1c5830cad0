import Networks
import Tensors

/// What the channels of every group are at positions drawn in each image, as rows with one number a channel.
struct ClassSamples: Sendable {
  /// What a number is.
  enum Form: Sendable {
    /// What the reading layer sees: the activation.
    case activation
    /// What the channel adds to one output of the reading layer, drawn with its position: Σ_{u,v} W[n,c,u,v] x_c.
    case contribution
  }

  /// For every group, by its number, rows of each layer that reads it (of each value, for activations).
  var rows: [Int: [[Float]]] = [:]

  /// The products of channels, Σ over rows of xᵢ xⱼ, summed over the layers that read the group.
  func gram(of group: ChannelGroup) -> [Double] {
    let width = group.channels.count
    var sum = [Double](repeating: 0, count: width * width)
    for rows in rows[group.id] ?? [] { for (i, value) in Algebra.gram(rows, width: width).enumerated() { sum[i] += value } }
    return sum
  }

  /// The number of rows of a group.
  func count(of group: ChannelGroup) -> Int {
    (rows[group.id] ?? []).reduce(0) { $0 + $1.count } / max(group.channels.count, 1)
  }

  fileprivate struct Task: Sendable {
    var group: Int
    var positions: [[Int]]
    var channels: LinearChannels
    var weights: Tensor<Float>
    var geometry: PatchGeometry
    var seed: UInt64
  }

  /// Draws the rows.
  ///
  /// - Parameters:
  ///   - positions: the rows an image and layer, or as many as there are.
  /// - Throws: `EspalierError` if images cannot be read or the network cannot be run.
  init(_ network: ScoredNetwork, _ images: CriterionImages, _ form: Form, positions: Int, seed: UInt64) throws {
    let map = network.groups.map
    var tasks: [Int: [(position: Int, task: Task)]] = [:]
    var count = 0
    for group in network.groups.removable {
      var seen: Set<String> = []
      for reader in network.readers(of: group) {
        let node = reader.layer.node
        guard let geometry = try PatchGeometry(node, map), geometry.channels == reader.channels.inputs.count else { continue }
        let value = node.inputs[LayerPass.data(of: node, map.graph)] ?? ""
        guard form == .contribution || seen.insert(value).inserted else { continue }
        let stream = Philox.stream(named: "\(form) \(node.label) \(group.id)")
        tasks[node.id, default: []].append(
          (
            count,
            Task(
              group: group.id, positions: reader.positions, channels: reader.channels, weights: reader.layer.weights,
              geometry: geometry, seed: seed ^ stream)
          ))
        count += 1
      }
    }
    guard count > 0 else { return }
    let all = tasks
    let empty = [[Float]](repeating: [], count: count)
    let found = try LayerPass(map, images, layers: Set(tasks.keys)).reduce(
      { empty },
      observe: { state, view, shard in
        for (position, task) in all[view.node] ?? [] {
          let size = view.input.count / max(view.input.shape[0], 1)
          for (row, turn) in view.turns {
            var random = Philox(seed: task.seed ^ turn, stream: UInt64(bitPattern: Int64(shard.indices[view.images[row]])))
            let image = view.input.elements[row * size..<(row + 1) * size]
            switch form {
            case .activation: task.appendActivations(image, positions, &random, to: &state[position])
            case .contribution: task.appendContributions(image, positions, &random, to: &state[position])
            }
          }
        }
      }, merge: { state, later in for position in state.indices { state[position] += later[position] } })
    for tasks in all.sorted(by: { $0.value[0].position < $1.value[0].position }).map(\.value) {
      for (position, task) in tasks { rows[task.group, default: []].append(found[position]) }
    }
  }
}

extension ClassSamples.Task {
  fileprivate func appendActivations(
    _ image: ArraySlice<Float>, _ count: Int, _ random: inout Philox, to rows: inout [Float]
  ) {
    let area = geometry.height * geometry.width
    let parts = positions.first?.count ?? 0
    for choice in sampled(count, below: area * parts, using: &random) {
      for own in positions { rows.append(image[image.startIndex + own[choice / area] * area + choice % area]) }
    }
  }

  fileprivate func appendContributions(
    _ image: ArraySlice<Float>, _ count: Int, _ random: inout Philox, to rows: inout [Float]
  ) {
    let (filters, width, taps) = (weights.shape[0], weights.shape[1], geometry.taps)
    let groups = max(channels.group, 1)
    let inputs = geometry.channels / groups
    var patch: [Float] = []
    for choice in sampled(count, below: geometry.positions * filters, using: &random) {
      let (position, filter) = (choice / filters, choice % filters)
      patch.removeAll(keepingCapacity: true)
      geometry.append(image, at: position, to: &patch)
      let group = filter / max(filters / groups, 1)
      for own in positions {
        var sum = 0.0
        for input in own where input / inputs == group {
          for tap in 0..<taps {
            sum += Double(weights.elements[filter * width + input % inputs * taps + tap]) * Double(patch[input * taps + tap])
          }
        }
        rows.append(Float(sum))
      }
    }
  }
}
