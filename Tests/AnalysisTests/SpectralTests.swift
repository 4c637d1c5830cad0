import Analysis
import Foundation
import TestSupport
import Tensors
import Testing

/// Spectral embedding and k-means against what `Tests/Peers/make_spectral.py` computed, and on data whose answer is plain.
@Suite struct SpectralTests {
  private struct Peer: Decodable {
    var samples: GoldenTensor
    var neighbours: Int
    var eigenvalues, products: GoldenTensor
    var labels: [Int]
    var inertia: Double
  }

  private static func peer() throws -> Peer {
    try JSONDecoder().decode(Peer.self, from: Data(contentsOf: testResource("spectral.json")))
  }

  /// The same numbers for the same cluster, whatever it is called.
  private func renamed(_ labels: [Int]) -> [Int] {
    var names: [Int: Int] = [:]
    for label in labels where names[label] == nil { names[label] = names.count }
    return labels.map { names[$0]! }
  }

  @Test func embeddingAndClusters() throws {
    let peer = try SpectralTests.peer()
    let (samples, eigenvalues) = (peer.samples.tensor, peer.eigenvalues.tensor.elements)
    let (count, width) = (samples.shape[0], samples.shape[1])
    let embedding = try SpectralEmbedding(
      samples.elements.map(Float.init), width: width, neighbours: peer.neighbours, dimensions: eigenvalues.count)
    expectClose(embedding.eigenvalues, eigenvalues, Tolerance(absolute: 1e-11))
    let dimensions = embedding.dimensions
    let products = (0..<count * count).map { pair in
      (0..<dimensions).reduce(0.0) {
        $0 + embedding.positions[pair / count * dimensions + $1] * embedding.positions[pair % count * dimensions + $1]
      }
    }
    expectClose(products, peer.products.tensor.elements, Tolerance(absolute: 1e-9))
    for dimension in 0..<dimensions {
      let column = (0..<count).map { embedding.positions[$0 * dimensions + dimension] }
      #expect(column.contains { $0 > 0 })
    }
    let clusters = KMeans(embedding.positions, width: dimensions, clusters: 3)
    #expect(clusters.labels == renamed(peer.labels))
    #expect(abs(clusters.inertia - peer.inertia) < 1e-8)
  }

  /// As many clusters as samples, one cluster, and samples that are all alike.
  @Test func edges() throws {
    let samples = [0.0, 0, 3, 4, -1, 7, 0, 0]
    #expect(KMeans(samples, width: 2, clusters: 1).labels == [0, 0, 0, 0])
    let apart = KMeans(samples, width: 2, clusters: 3)
    #expect(apart.labels == [0, 1, 2, 0] && apart.inertia == 0)
    #expect(KMeans([1, 1, 1, 1], width: 1, clusters: 4).labels.allSatisfy { 0..<4 ~= $0 })
    let alike = try SpectralEmbedding([Float](repeating: 2, count: 40), width: 4)
    #expect(alike.dimensions == 10 && alike.positions.allSatisfy(\.isFinite) && alike.eigenvalues.allSatisfy(\.isFinite))
    let two = try SpectralEmbedding([1, 2, 3, 4], width: 2, neighbours: 32, dimensions: 32)
    expectClose(two.eigenvalues, [0, 2], Tolerance(absolute: 1e-12))
    for bad in [[1, 2], [1, .nan, 2, 3], []] as [[Float]] {
      #expect(throws: EspalierError.self) { try SpectralEmbedding(bad, width: 2) }
    }
  }
}
