import Analysis
import Datasets
import Foundation
import Results
import Storage
import TestSupport
import Tensors
import Testing

/// Files of dissection and scores, written and read back, and read by Python.
@Suite struct FilterResultsTests {
  static let layers = [
    ResultLayer(name: "late", node: "/late", order: 7, channels: 3),
    ResultLayer(name: "early", node: "early", order: 2, channels: 3),
  ]
  static let vocabulary = ConceptVocabulary(
    categories: ["object", "colour"], concepts: [Concept(name: "cat", category: 0), Concept(name: "röd", category: 1)])
  static let result = DissectionResult(
    overlap: Tensor([0.5, 0, 0, 0.25, 0, 0], shape: [3, 2]), thresholds: Tensor([1, 2, .infinity], shape: [3]),
    votes: Tensor([3, 1, 0], shape: [3]), votesByConcept: Tensor([3, 0, 0, 1, 0, 0], shape: [3, 2]), images: 9)

  static let exemplars: Exemplars = {
    var random = Philox(seed: 5)
    let images = [2, 1].map { count in
      (0..<count).map { position -> Exemplars.Entry in
        var mask = BitMask(height: 3, width: 13)
        for row in 0..<3 { for column in 0..<13 { mask[row, column] = random.uniform() < 0.5 } }
        return Exemplars.Entry(image: 40 - position, activation: 2.5 - Float(position), mask: mask)
      }
    }
    return Exemplars(height: 3, width: 13, channels: [0, 2], images: images)
  }()

  private func withFile(_ body: (String) throws -> Void) throws {
    try withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("results.h5").path
      let writer = try FilterResultsWriter(path, provenance: ["model": "a.onnx"])
      try writer.write(FilterResultsTests.vocabulary)
      for layer in FilterResultsTests.layers {
        try writer.write(FilterResultsTests.result, of: layer)
        try writer.write(FilterResultsTests.exemplars, of: layer)
        try writer.write(Tensor([1, 2, 3], shape: [3]), criterion: "votes", of: layer)
      }
      try writer.commit()
      try body(path)
    }
  }

  @Test func whatIsWrittenIsRead() throws {
    try withFile { path in
      let reader = try FilterResultsReader(path)
      #expect(try reader.provenance("model") == "a.onnx" && reader.provenance("nothing") == nil)
      #expect(try reader.layers(of: "dissection") == ["early", "late"])
      #expect(try reader.criteria() == ["votes"])
      #expect(try reader.vocabulary() == FilterResultsTests.vocabulary)
      #expect(try reader.dissection(of: "late") == FilterResultsTests.result)
      #expect(try reader.exemplars(of: "early") == FilterResultsTests.exemplars)
      #expect(try reader.scores("votes", of: "late").elements == [1, 2, 3])
      for attempt in [
        { _ = try reader.dissection(of: "none") }, { _ = try reader.exemplars(of: "none") },
        { _ = try reader.scores("beauty", of: "late") }, { _ = try reader.scores("votes", of: "none") },
      ] as [() throws -> Void] {
        #expect { try attempt() } throws: { ($0 as? EspalierError)?.accepted?.isEmpty == false }
      }
    }
  }

  @Test(.enabled(if: Python.isAvailable, "needs ESPALIER_PYTHON"))
  func numpyUnpacksMasks() throws {
    try withFile { path in
      let text = try Python.run(
        """
        import sys, h5py, numpy
        group = h5py.File(sys.argv[1])['exemplars/late']
        masks = numpy.unpackbits(group['mask'][()], axis=-1)[..., :group.attrs['width']]
        print(group['filter'][()].tolist(), group['image'][()].tolist(), masks.shape)
        print(''.join(map(str, masks[0, 1].ravel())))
        """, path)
      let mask = FilterResultsTests.exemplars.images[0][1].mask
      let bits = (0..<39).map { mask[$0 / 13, $0 % 13] ? "1" : "0" }.joined()
      #expect(text == "[0, 2] [[40, 39], [40, -1]] (2, 2, 3, 13)\n\(bits)\n")
    }
  }

  @Test func damagedFilesAreRefused() throws {
    try withFile { path in
      func refused(_ change: (HDF5File) throws -> Void, _ read: (FilterResultsReader) throws -> Void) throws {
        let copy = path + ".changed"
        let file = try HDF5File.create(copy)
        try change(file)
        try file.commit()
        let reader = try FilterResultsReader(copy)
        #expect(throws: EspalierError.self) { try read(reader) }
      }
      try refused({ _ in }, { _ = try $0.exemplars(of: "late") })
      try refused(
        { file in
          try file.write(["a"], to: "concepts")
          try file.write(["x", "y"], to: "concept_categories")
        }, { _ = try $0.vocabulary() })
      try refused(
        { file in
          let group = try file.createGroup("exemplars/late")
          try group.setAttribute("width", Int64(13))
          try group.write(Tensor<Int64>([0], shape: [1]), to: "filter")
          try group.write(Tensor<Int64>([0, 1], shape: [1, 2]), to: "image")
          try group.write(Tensor<Float>([0, 1], shape: [1, 2]), to: "activation")
          try group.write(Tensor<UInt8>(repeating: 0, shape: [1, 2, 3, 1]), to: "mask")
        }, { _ = try $0.exemplars(of: "late") })
      try refused(
        { try $0.write(Tensor<Double>(repeating: 0, shape: [2, 2]), to: "scores/votes/late") },
        { _ = try $0.scores("votes", of: "late") })
    }
  }
}
