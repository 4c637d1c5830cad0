import Foundation
import Storage
import Tensors
import TestSupport
import Testing

/// Files exchanged with h5py and xarray.
@Suite(.enabled(if: Python.isAvailable)) struct PeerTests {
  @Test func h5pyReadsWhatWeWrite() throws {
    try withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("a.h5").path
      let file = try HDF5File.create(path)
      let maps = try file.createDataset("attribution", of: .float16, shape: [0, 2, 2], grows: true, gzip: 4)
      try maps.append(Tensor([1, -0.5, 2, 4, 0.25, 8, -16, 0] as [Float], shape: [2, 2, 2]))
      try file.write(Tensor([3, 9] as [UInt16], shape: [2]), to: "label")
      try file.write(["T-shirt/top", "Löwe"], to: "names")
      try file.write(["T-shirt/top", "Löwe"], to: "fixed", fixedLength: true)
      let layer = try file.write(Tensor([1.5, 2.5] as [Double], shape: [2]), to: "relevance/conv1")
      try layer.setAttribute("node", "/conv1/Conv")
      try layer.setAttribute("order", 3)
      try file.commit()
      try Python.run(
        """
        import sys, h5py, numpy as np
        f = h5py.File(sys.argv[1])
        a = f['attribution']
        assert a.dtype == np.float16 and a.maxshape == (None, 2, 2) and a.compression == 'gzip', (a.dtype, a.maxshape)
        assert a[:].ravel().tolist() == [1, -0.5, 2, 4, 0.25, 8, -16, 0]
        assert f['label'].dtype == np.uint16 and f['label'][:].tolist() == [3, 9]
        assert f['names'].asstr()[:].tolist() == ['T-shirt/top', 'Löwe']
        assert f['fixed'].asstr()[:].tolist() == ['T-shirt/top', 'Löwe'], f['fixed'][:]
        r = f['relevance/conv1']
        assert r.dtype == np.float64 and r[:].tolist() == [1.5, 2.5]
        assert r.attrs['node'] == '/conv1/Conv' and r.attrs['order'] == 3 and r.attrs['order'].shape == ()
        """, path)
    }
  }

  /// HDF5 crashes over damaged chunks of some filters, which are refused whole or not.
  @Test func rareFiltersAreRefused() throws {
    try withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("a.h5").path
      try Python.run(
        """
        import sys, h5py, numpy as np
        from h5py import h5d, h5p, h5s, h5t, h5z
        with h5py.File(sys.argv[1], 'w') as f:
          f.create_dataset('scaled', data=np.arange(512).reshape(8, 64), chunks=(4, 64), scaleoffset=12)
          # Sets that the child process which reads ahead passes over.
          f.create_dataset('large', data=np.arange(1 << 19).reshape(512, 1024), chunks=(512, 1024), scaleoffset=20)
          kind, chunks = h5t.STD_U32LE.copy(), h5p.create(h5p.DATASET_CREATE)
          kind.set_precision(20)
          chunks.set_chunk((512, 1024))
          chunks.set_filter(h5z.FILTER_NBIT, h5z.FLAG_MANDATORY)
          packed = h5d.create(f.id, b'packed', kind, h5s.create_simple((512, 1024)), chunks)
          packed.write(h5s.ALL, h5s.ALL, np.arange(1 << 19, dtype=np.uint32).reshape(512, 1024))
          f.create_dataset('usual', data=np.arange(512.).reshape(8, 64), chunks=(4, 64), compression='gzip', shuffle=True,
                           fletcher32=True)
        """, path)
      let file = try HDF5File.open(path)
      for (name, filter) in [("scaled", "scale-offset"), ("large", "scale-offset"), ("packed", "n-bit")] {
        let error = #expect(throws: EspalierError.self) { try file.dataset(name) }
        #expect(error?.description.hasPrefix("\(path): /\(name): is packed by the filter \(filter) (accepted: gzip") == true)
      }
      #expect(try file.dataset("usual").read(as: Double.self).elements == (0..<512).map(Double.init))
    }
  }

  @Test func weReadWhatH5pyWrites() throws {
    try withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("a.h5").path
      try Python.run(
        """
        import sys, h5py, numpy as np
        with h5py.File(sys.argv[1], 'w') as f:
          f['half'] = np.array([1, 0.5, -3], np.float16)
          f['big'] = np.array([1, 2, 3], '>f8')
          f['bool'] = np.array([True, False])
          f['int8'] = np.array([-3, 4], np.int8)
          f.create_dataset('texts', data=['a', 'Löwe'], dtype=h5py.string_dtype())
          f['bytes'] = np.array([b'ab', b'c'])
          f.create_dataset('chunked', data=np.arange(30.).reshape(10, 3), chunks=(4, 3), compression='gzip', maxshape=(None, 3))
          f['compound'] = np.zeros(2, [('a', 'f4'), ('b', 'i4')])
          f.attrs['text'] = 'Löwe'
          f.attrs['numbers'] = [1, 2]
          f.attrs['bytes'] = np.bytes_('ab')
        """, path)
      let file = try HDF5File.open(path)
      func read(_ name: String) throws -> [Float] { try file.dataset(name).read().elements }
      #expect(try read("half") == [1, 0.5, -3])
      #expect(try read("big") == [1, 2, 3])
      #expect(try read("bool") == [1, 0])
      #expect(try read("int8") == [-3, 4])
      #expect(try file.dataset("texts").readTexts() == ["a", "Löwe"])
      #expect(try file.dataset("bytes").readTexts() == ["ab", "c"])
      #expect(try file.dataset("chunked").read(rows: 3..<6, as: Double.self).elements == (9..<18).map(Double.init))
      #expect(try file.dataset("compound").elementType == .other)
      #expect(throws: EspalierError.self) { try read("compound") }
      #expect(try file.text(attribute: "text") == "Löwe")
      #expect(try file.text(attribute: "bytes") == "ab")
      #expect(try file.numbers(attribute: "numbers", as: Int.self)?.elements == [1, 2])
    }
  }

  @Test func xarrayKnowsTheAxes() throws {
    try withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("a.h5").path
      let file = try HDF5File.create(path)
      let sample = try file.write(Tensor([5, 7] as [UInt32], shape: [2]), to: "sample")
      let channel = try file.write(["a", "b", "c"], to: "channel")
      try sample.makeScale()
      try channel.makeScale()
      let data = try file.write(Tensor((0..<6).map(Float.init), shape: [2, 3]), to: "relevance")
      try data.attach(sample, axis: 0)
      try data.attach(channel, axis: 1)
      try data.describe(units: "1", "relevance per channel")
      try file.commit()
      try Python.run(
        """
        import sys, xarray
        engines = xarray.backends.list_engines()
        d = xarray.open_dataset(sys.argv[1], engine='h5netcdf' if 'h5netcdf' in engines else None)
        assert d['relevance'].dims == ('sample', 'channel'), d
        assert d['relevance'].sel(sample=7).values.tolist() == [3, 4, 5]
        assert d['channel'].values.tolist() == ['a', 'b', 'c'], d['channel']
        assert d['relevance'].attrs['units'] == '1'
        """, path)
    }
  }
}
