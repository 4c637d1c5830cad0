import Foundation
import TestSupport
import Testing

/// `relevance --virelay`: a project that ViRelAy's own classes open.
@Suite struct VirelayTests {
  private func command(_ more: String...) -> [String] {
    ["relevance", "lenet.onnx", "--data", "hdf5:images.h5", "--batch", "8", "--out", "maps.h5", "--quiet"] + more
  }

  @Test(.enabled(if: Python.isAvailable, "ESPALIER_PYTHON is not set")) func opensInViRelAy() throws {
    try Sample.withModelAndImages { folder in
      let talkative = command("--skip", "3", "--virelay", "deep/project").filter { $0 != "--quiet" }
      let outcome = try Tool.run(talkative, in: folder)
      #expect(outcome.status == 0 && outcome.talk.contains("virelay deep/project/project.yaml"), "\(outcome)")
      try Python.run(
        """
        import sys, types, h5py, numpy as np
        sys.modules['matplotlib'] = types.ModuleType('matplotlib')
        sys.modules['matplotlib.cm'] = sys.modules['matplotlib'].cm = types.ModuleType('matplotlib.cm')
        from virelay.model import Workspace
        workspace = Workspace()
        workspace.add_project(sys.argv[1] + '/deep/project/project.yaml')
        (name,) = workspace.get_project_names()
        assert name == 'lenet.onnx on hdf5:images.h5', name
        project = workspace.get_project(name)
        assert project.get_analysis_methods() == ['spectral']
        categories = project.get_analysis_categories('spectral')
        assert [c.name for c in categories] == ['%08d' % i for i in range(10)]
        assert [c.human_readable_name for c in categories] == ['class %d' % i for i in range(10)]
        clusterings = project.get_analysis_clustering_names('spectral')
        assert clusterings == ['kmeans-02'], clusterings
        assert project.get_analysis_embedding_names('spectral') == ['spectral']
        maps = h5py.File(sys.argv[1] + '/maps.h5')
        images = h5py.File(sys.argv[1] + '/images.h5')
        seen = []
        for category in categories:
            analysis = project.get_analysis('spectral', category.name, 'kmeans-02', 'spectral')
            count = len(analysis.attribution_indices)
            assert analysis.embedding.shape == (count, count) and analysis.clustering.shape == (count,)
            assert analysis.eigenvalues.shape == (count,) and (np.diff(analysis.eigenvalues) >= 0).all()
            assert np.allclose(np.linalg.norm(analysis.embedding, axis=1), 1, atol=1e-6)
            assert set(analysis.clustering) <= {0, 1}
            for index in analysis.attribution_indices:
                index = int(index)
                seen.append(index)
                attribution, sample = project.get_attribution(index), project.get_sample(index)
                for found in (attribution, sample):
                    assert [label.index for label in found.labels] == [int(category.name)]
                row = list(maps['index'][:]).index(index)
                assert np.array_equal(np.squeeze(attribution.data), maps['attribution'][row, 0])
        assert sorted(seen) == list(range(3, 40))
        """, folder.path)
      for workers in ["1", "3"] {
        let again = try Tool.run(command("--skip", "3", "--virelay", "again\(workers)", "--workers", workers), in: folder)
        #expect(again.status == 0)
        for file in ["analysis.h5", "label-map.json"] {
          #expect(
            try Data(contentsOf: folder.appendingPathComponent("again\(workers)/\(file)"))
              == Data(contentsOf: folder.appendingPathComponent("deep/project/\(file)")))
        }
      }
    }
  }

  @Test func whatIsWrongIsSaidInALine() throws {
    try Sample.withModelAndImages { folder in
      try Sample.images(in: folder, labels: nil, name: "unlabelled.h5")
      try Data().write(to: folder.appendingPathComponent("file"))
      for (arguments, words) in [
        (["--virelay", "file"], "folder cannot be made"), (["--virelay", "/proc/x"], "folder cannot be made"),
        (["--virelay", "project", "--maps", "none"], "needs maps"),
        (["--virelay", "project", "--limit", "20"], "no class has three images"),
        (["--virelay", "project", "--data", "hdf5:unlabelled.h5"], "have no labels"),
      ] {
        let data = arguments.contains("--data") ? [] : ["--data", "hdf5:images.h5"]
        let outcome = try Tool.run(
          ["relevance", "lenet.onnx", "--batch", "8", "--out", "maps.h5", "--quiet"] + data + arguments, in: folder)
        #expect(outcome.failed(mentioning: words), "\(arguments): \(outcome)")
        #expect(!FileManager.default.fileExists(atPath: folder.appendingPathComponent("project/project.yaml").path))
      }
    }
  }
}
