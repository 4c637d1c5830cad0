import Foundation
import Storage
import Tensors
import TestSupport
import Testing

/// `relevance --data-out`: the images beside the relevance, row by row as its `index` counts.
@Suite struct ImageFileTests {
  static let fashion = "/usr/share/datasets/fashion-mnist"

  /// Tensors come back as they were, up to the last one asked for.
  @Test func tensors() throws {
    try Sample.withModelAndImages { folder in
      let outcome = try Tool.run(
        "relevance", "lenet.onnx", "--data", "hdf5:images.h5", "--limit", "13", "--out", "maps.h5", "--data-out", "data.h5",
        in: folder)
      #expect(outcome.status == 0, "\(outcome.talk)")
      let (old, new) = try (
        HDF5File.open(folder.appendingPathComponent("images.h5").path),
        HDF5File.open(folder.appendingPathComponent("data.h5").path)
      )
      #expect(try new.dataset("data").read(as: Float.self) == old.dataset("data").read(rows: 0..<13, as: Float.self))
      #expect(try new.dataset("label").read(as: UInt16.self) == old.dataset("label").read(rows: 0..<13, as: UInt16.self))
      #expect(try new.dataset("label").elementType == .uint16)
      let again = try Tool.run("evaluate", "lenet.onnx", "--data", "hdf5:data.h5", "--json", in: folder)
      #expect(again.status == 0 && again.output.contains("\"pictures\" : 13"), "\(again)")
      for (out, data) in [
        ("maps.h5", "./maps.h5"), ("new.h5", "images.h5"), ("new.h5", "lenet.onnx"), ("new.h5", "/proc/a.h5"),
      ] {
        let refused = try Tool.run(
          "relevance", "lenet.onnx", "--data", "hdf5:images.h5", "--out", out, "--data-out", data, in: folder)
        #expect(refused.failed(mentioning: data), "\(refused)")
      }
    }
  }

  /// Grey levels as they stand in the data set's own file, though the network gets them normalised; ViRelAy finds image and
  /// relevance of each row together.
  @Test(
    .enabled(if: FileManager.default.fileExists(atPath: fashion), "dataset-fashion-mnist is not installed"),
    .enabled(if: Python.isAvailable, "ESPALIER_PYTHON is not set"))
  func images() throws {
    try withTemporaryFolder { folder in
      try "channels = 1\nmean = [0.286]\nstd = [0.353]\n".write(
        to: folder.appendingPathComponent("preprocess.toml"), atomically: true, encoding: .utf8)
      #expect(try Tool.run("new", "lenet", "--preprocess", "preprocess.toml", "--out", "lenet.onnx", in: folder).status == 0)
      let outcome = try Tool.run(
        "relevance", "lenet.onnx", "--data", "fashion-mnist:test", "--per-class", "2", "--out", "maps.h5", "--data-out",
        "data.h5",
        in: folder)
      #expect(outcome.status == 0, "\(outcome.talk)")
      let figure = try Tool.run(
        "figure", "heatmap", "maps.h5", "--data", "hdf5:data.h5", "--out", "maps.png", in: folder)
      #expect(figure.status == 0, "\(figure.talk)")
      try Python.run(
        """
        import gzip, json, sys, types
        import h5py, numpy as np
        folder, fashion = sys.argv[1:]
        raw = gzip.open(fashion + '/t10k-images-idx3-ubyte.gz').read()
        images = np.frombuffer(raw, np.uint8, offset=16).reshape(-1, 1, 28, 28)
        labels = np.frombuffer(gzip.open(fashion + '/t10k-labels-idx1-ubyte.gz').read(), np.uint8, offset=8)
        with h5py.File(folder + '/maps.h5') as maps, h5py.File(folder + '/data.h5') as data:
            index = maps['index'][:]
            count = int(index.max()) + 1
            assert len(index) == 20 and data['data'].shape == (count, 1, 28, 28) and data['data'].dtype == np.uint8
            assert np.array_equal(data['data'][:], images[:count])
            assert data['label'].dtype == np.uint16 and np.array_equal(data['label'][:], labels[:count])
            attribution = maps['attribution'][:]
        sys.modules['matplotlib'] = types.ModuleType('matplotlib')
        sys.modules['matplotlib.cm'] = sys.modules['matplotlib'].cm = types.ModuleType('matplotlib.cm')
        from virelay.model import AttributionDatabase, Hdf5Dataset, LabelMap
        with open(folder + '/labels.json', 'w') as file:
            json.dump([{'index': i, 'word_net_id': f'n{i}', 'name': f'class {i}'} for i in range(10)], file)
        names = LabelMap(folder + '/labels.json')
        dataset = Hdf5Dataset('fashion', folder + '/data.h5', names)
        database = AttributionDatabase(folder + '/maps.h5', names)
        for row, position in enumerate(index):
            sample, relevance = dataset[int(position)], database.get_attribution(int(position))
            assert np.array_equal(sample.data, images[position].transpose(1, 2, 0)), position
            assert np.array_equal(np.asarray(relevance.data), attribution[row].transpose(1, 2, 0)), position
            names = [np.atleast_1d(x.labels)[0].name for x in (sample, relevance)]
            assert names == [f'class {labels[position]}'] * 2, names
        """, folder.path, Self.fashion)
    }
  }
}
