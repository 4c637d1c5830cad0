import Datasets
import Files
import Foundation
import Images
import Storage
import Tensors
import TestSupport
import Testing

/// The text of what is thrown.
func message(_ body: () throws -> Void) -> String {
  do {
    try body()
    return "no error"
  } catch { return String(describing: error) }
}

/// The bytes of an IDX file.
func idx(_ lengths: [Int], _ elements: [UInt8], type: UInt8 = 8) -> [UInt8] {
  [0, 0, type, UInt8(lengths.count)] + lengths.flatMap { length in (0..<4).map { UInt8(length >> (24 - 8 * $0) & 255) } }
    + elements
}

extension URL {
  /// Writes bytes to a file in this folder and returns its path.
  func write(_ bytes: [UInt8], _ name: String) throws -> String {
    let file = appendingPathComponent(name)
    try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(bytes).write(to: file)
    return file.path
  }

  /// Writes a text to a file in this folder and returns its path.
  func write(_ text: String, _ name: String) throws -> String { try write(Array(text.utf8), name) }

  /// Writes a small PNG to a file in this folder.
  func writeImage(_ name: String, _ color: [UInt8] = [1, 2, 3], width: Int = 4, height: Int = 3) throws {
    _ = try write(Image(width: width, height: height, filledWith: color).encodedPNG(), name)
  }
}

@Suite struct FormatTests {
  @Test func idxFiles() throws {
    try withTemporaryFolder { folder in
      let images = try folder.write(idx([2, 2, 3], Array(0..<12)), "images")
      let labels = try folder.write(idx([2], [7, 3]), "labels")
      let data = try DataSpec("idx:\(images),\(labels)").open()
      #expect(data.count == 2)
      #expect(try data.labels(1) == [3])
      guard case .image(let image) = try data.sample(1).content else { throw EspalierError("no image") }
      #expect(image.pixels == Tensor(Array(6..<12), shape: [2, 3, 1]))
      #expect(data.description == "2 images of 2×3 from \(images)")

      func problem(_ bytes: [UInt8]) throws -> String {
        let path = try folder.write(bytes, "damaged")
        return message { _ = try IDXDataset(images: path, labels: labels) }.replacingOccurrences(of: path, with: "FILE")
      }
      #expect(try problem([]) == "FILE: is not an IDX file")
      #expect(try problem(idx([2, 2, 3], Array(0..<11))) == "FILE: ends after 11 elements of shape 2×2×3")
      #expect(try problem(idx([2, 2, 300], Array(0..<11))) == "FILE: claims shape 2×2×300, more than it can hold")
      #expect(try problem(idx([2, 2, 3], Array(0..<13))) == "FILE: is longer than its header says")
      #expect(try problem(idx([1 << 31, 1 << 31, 3], [])).hasPrefix("FILE: shape [2147483648"))
      #expect(
        try problem(idx([2, 2, 3], Array(0..<12), type: 13))
          == "FILE: has type 13 and 3 axes (accepted: type 8, unsigned bytes, with 1 to 4 axes)")
      #expect(try problem(idx([3, 1, 1], [1, 2, 3])) == "\(labels): holds 2 labels, but FILE 3 images")
      #expect(try problem(idx([2, 0, 3], [])).contains("holds shape 2×0×3"))
      // Headers are compared before a bomb is unpacked.
      #expect(try problem(idx([9, 1, 1], [1])) == "\(labels): holds 2 labels, but FILE 9 images")
      #expect(
        message { _ = try IDXDataset(images: "/no/file", labels: labels) }
          == "/no/file: no such file or directory")
    }
  }

  /// Counts and sums as NumPy finds them in the Debian package's files.
  @Test(.enabled(if: FashionMNIST.isInstalled)) func fashionMNIST() throws {
    let data = try DataSpec("fashion-mnist:test").open()
    #expect(data.count == 10_000)
    #expect(data.classNames?[9] == "Ankle boot")
    #expect(try (0..<10).map { try data.labels($0)[0] } == [9, 2, 1, 1, 6, 1, 4, 6, 5, 7])
    var counts = [Int](repeating: 0, count: 10)
    for index in 0..<data.count { counts[try data.labels(index)[0]] += 1 }
    #expect(counts == [Int](repeating: 1000, count: 10))
    guard case .image(let image) = try data.sample(0).content else { throw EspalierError("no image") }
    #expect(image.pixels.shape == [28, 28, 1])
    #expect(image.pixels.elements.reduce(0) { $0 + Int($1) } == 33_456)
    let subset = try Subset(data, limit: 25, perClass: 3)
    #expect(subset.count == 25)
    #expect(Array(subset.indices.prefix(5)) == [0, 1, 2, 3, 4])
    #expect(subset.indices == subset.indices.sorted())
    // Drawn ones: as many of each class, other ones for each seed, in the set's order.
    let drawn = try (1...2).map { try Subset(data, perClass: 3, draw: UInt64($0)) }
    for subset in drawn {
      #expect(subset.indices == subset.indices.sorted() && Set(subset.indices).count == 30)
      let labels = try (0..<subset.count).map { try subset.labels($0)[0] }
      #expect((0..<10).allSatisfy { label in labels.count { $0 == label } == 3 })
    }
    #expect(drawn[0].indices != drawn[1].indices && drawn[0].indices.max() ?? 0 > 2000)
    #expect(try Subset(data, perClass: 3, draw: 1).indices == drawn[0].indices)
    #expect(try Subset(data, skip: 9990, limit: 4, draw: 1).indices.allSatisfy { $0 >= 9990 })
    #expect(try Subset(data, skip: 9998, limit: 25).indices == [9998, 9999])
    #expect(try Subset(data, skip: 10_000).count == 0 && Subset(data, skip: .max).count == 0)
  }

  @Test func hdf5Sets() throws {
    try withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("a.h5").path
      func make(_ labels: Tensor<UInt16>?, _ shape: Shape = [3, 1, 2, 2], fifth: Float = 4) throws {
        let file = try HDF5File.create(path)
        try file.write(Tensor((0..<shape.count).map { $0 == 4 ? fifth : Float($0) }, shape: shape), to: "data")
        if let labels { try file.write(labels, to: "label") }
        try file.write(["x"], to: "prediction")
        try file.commit()
      }
      try make(Tensor([4, 1, 0], shape: [3]))
      let data = try DataSpec("hdf5:\(path)").open()
      #expect(data.count == 3)
      #expect(try (0..<3).map { try data.labels($0) } == [[4], [1], [0]])
      guard case .tensor(let tensor) = try data.sample(2).content else { throw EspalierError("no tensor") }
      #expect(tensor == Tensor([8, 9, 10, 11], shape: [1, 2, 2]))
      try make(Tensor([0, 1, 1, 0, 1, 1], shape: [3, 2]))
      #expect(try (0..<3).map { try HDF5Samples(path).labels($0) } == [[1], [0], [0, 1]])
      // Keras' form is labels, not one class of several.
      try make(Tensor([4, 0, 1], shape: [3, 1]))
      #expect(try (0..<3).map { try HDF5Samples(path).labels($0) } == [[4], [0], [1]])
      let forms = "(accepted: integers N or N×1, or N×K of 0 and 1)"
      try make(Tensor([0, 1, 0, 0, 1, 0], shape: [3, 2]))
      #expect(message { _ = try HDF5Samples(path) } == "\(path): /label: has shape 3×2, and row 1 holds no 1 \(forms)")
      try make(Tensor([0, 1, 1, 0, 2, 7], shape: [3, 2]))
      #expect(
        message { _ = try HDF5Samples(path) }
          == "\(path): /label: has shape 3×2, and row 2 holds numbers other than 0 and 1 \(forms)")
      try make(nil)
      #expect(try HDF5Samples(path).labels(0) == [])
      try make(Tensor([1], shape: [1]))
      #expect(message { _ = try HDF5Samples(path) } == "\(path): /label: holds 1 labels, but data 3 samples")
      try make(nil, [3, 4])
      #expect(try HDF5Samples(path).count == 3)
      for number in [Float.nan, .infinity] {
        try make(nil, fifth: number)
        let damaged = try HDF5Samples(path)
        #expect(try damaged.sample(0).labels == [])
        #expect(
          message { _ = try damaged.sample(1) } == "\(path): /data: row 1 holds NaN or infinity (accepted: finite numbers)")
      }
    }
  }

  /// Bytes are images where a preprocessing is asked for; what cannot be prepared is refused.
  @Test func hdf5Images() throws {
    try withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("a.h5").path
      func make<Scalar: HDF5Scalar>(_ data: Tensor<Scalar>) throws {
        let file = try HDF5File.create(path)
        try file.write(data, to: "data")
        try file.commit()
      }
      try make(Tensor((0..<24).map { UInt8($0 * 10) }, shape: [2, 3, 2, 2]))
      let raw = try HDF5Samples(path)
      guard case .tensor(let tensor) = try raw.sample(0).content else { throw EspalierError("no tensor") }
      #expect(tensor.elements == (0..<12).map { Float($0 * 10) })
      #expect(raw.notes.count == 1 && raw.notes[0].contains("--preprocess"))
      let preprocessing = Preprocessing(mean: [0.5], deviation: [0.25])
      let data = try DataSpec("hdf5:\(path)").open(preprocessing: preprocessing)
      #expect(data.notes.isEmpty)
      let batch = try Loader(data, preprocessing: preprocessing, batch: 2).epoch().batch(0)
      #expect(batch.input.shape == [2, 3, 2, 2])
      let expected = (0..<24).map { (index: Int) -> Float in
        let share = Double(index * 10) / 255
        return Float((share - 0.5) / 0.25)
      }
      #expect(batch.input.elements == expected)
      try make(Tensor((0..<24).map(Float.init), shape: [2, 3, 2, 2]))
      #expect(
        message { _ = try HDF5Samples(path, preprocessing: preprocessing) }
          == "\(path): /data: holds float32 of shape 2×3×2×2, which --preprocess cannot prepare: it is taken as it is (accepted: "
          + "uint8 N×C×H×W with 1 or 3 channels, or no --preprocess)")
      #expect(try HDF5Samples(path, preprocessing: Preprocessing(layout: .nhwc)).count == 2)
    }
  }

  @Test func folders() throws {
    try withTemporaryFolder { folder in
      for name in ["cat/b.png", "cat/a.PNG", "apple/z.png", "apple/.hidden.png", "apple/notes.txt"] {
        try folder.writeImage(name)
      }
      let data = try DataSpec("folder:\(folder.path)").open()
      #expect(data.classNames == ["apple", "cat"])
      #expect(try (0..<data.count).map { try data.sample($0).name } == ["apple/z.png", "cat/a.PNG", "cat/b.png"])
      #expect(try (0..<data.count).map { try data.labels($0) } == [[0], [1], [1]])
      let classes = try ClassMap(#"{"cat": 281, "cat/b.png": [282, 285]}"#)
      let mapped = try ImageFolder.open(folder.path, classes: classes)
      #expect(mapped.description == "2 of 3 images from \(folder.path)")
      #expect((0..<2).map(mapped.labels) == [[281], [282, 285]])
      #expect(mapped.classNames?[281] == "cat")
      #expect(
        message { _ = try ImageFolder.open(folder.path, classes: try ClassMap(#"["dog"]"#)) }.contains(
          "no image of a known class"))
      #expect(message { _ = try ImageFolder.open("/no/folder") } == "/no/folder: is not a folder")
      let flat = folder.appendingPathComponent("cat")
      #expect(try ImageFolder.open(flat.path).labels(0) == [])
      _ = try folder.write("no image", "cat/c.png")
      #expect(message { _ = try ImageFolder.open(folder.path).sample(3) }.contains("cat/c.png: "))
    }
  }

  @Test func csvFiles() throws {
    try withTemporaryFolder { folder in
      try folder.writeImage("a.png")
      try folder.writeImage("a,b.png", width: 2)
      try folder.writeImage("mask.png", [255])
      let text = "path,label,mask\r\na.png,3,mask.png\n\n\"a,b.png\",3;5,\na.png,,\n"
      let path = try folder.write(text, "list.csv")
      let data = try DataSpec("csv:\(path)").open()
      #expect(data.count == 3)
      #expect(try (0..<3).map { try data.labels($0) } == [[3], [3, 5], []])
      #expect(try data.sample(0).mask?.pixels == Tensor(repeating: 255, shape: [3, 4, 1]))
      #expect(try data.sample(1).name == "a,b.png")

      func problem(_ text: String, _ classes: ClassMap? = nil) throws -> String {
        let path = try folder.write(text, "damaged.csv")
        return message { _ = try CSV.open(path, classes: classes).sample(0) }.replacingOccurrences(of: path, with: "FILE")
      }
      #expect(try problem("").hasPrefix("FILE: is empty (accepted: columns path, label, optional mask"))
      #expect(
        try problem("file,label\n").hasPrefix("FILE: has columns file, label (accepted: path, label, optional mask"))
      #expect(try problem("path,label\n") == "FILE: names no images")
      #expect(try problem("path,label\na.png\n") == "FILE: line 2: has 1 cells (accepted: 2, as the first line)")
      #expect(try problem("path,label\na.png,cat\n") == "FILE: line 2: has label cat (accepted: a number; names need --classes)")
      #expect(try problem("path,label\n\"a.png,1\n") == "FILE: line 2: has a quote that does not end")
      #expect(try problem("path,label,mask\n\"a,b.png\",1,mask.png\n").contains("is a mask of 4×3 pixels for an image of 2×3"))
      #expect(try problem("path,label\na.png,cat\n", ClassMap("dog\ncat\n")) == "no error")
    }
  }

  @Test func classFiles() throws {
    let list = try ClassMap(
      #"[{"index": 1, "word_net_id": "n01", "name": "goldfish"}, {"index": 0, "word_net_id": "n00", "name": "tench"}]"#)
    #expect(list.names == ["tench", "goldfish"])
    #expect(try list.labels(named: "n01") == [1] && list.labels(named: "goldfish") == [1])
    let text = try ClassMap("# comment\ncat\t2\tdomestic cat\ndog\t0\n")
    #expect(text.names == ["dog", "class 1", "domestic cat"])
    #expect(try text.labels(named: "cat") == [2])
    #expect(try ClassMap("Ankle boot\nBag\n").names == ["Ankle boot", "Bag"])
    #expect(message { _ = try ClassMap(#"{"cat": "x"}"#) } == "cat: is not a label (accepted: a number or a list of numbers)")
    #expect(message { _ = try ClassMap(#"{"cat": -1}"#) }.hasPrefix("cat: label [-1] is out of range"))
    #expect(message { _ = try ClassMap("cat 1\ndog\n") } == "line 2: is not NAME LABEL, as the first line is")
    #expect(message { _ = try ClassMap("") } == "names no classes")
    #expect(message { _ = try ClassMap("{") } == "is not valid JSON")
  }

  @Test func specifications() throws {
    #expect(try DataSpec("idx:a,b") == .idx(images: "a", labels: "b"))
    #expect(
      message { _ = try DataSpec("cifar") }
        == "--data: cifar is neither a form of data nor a path that exists (accepted: \(DataSpec.forms))")
    #expect(message { _ = try DataSpec("zip:x") } == "--data: zip is no kind of data (accepted: \(DataSpec.forms))")
    #expect(
      message { _ = try DataSpec("fashion-mnist:all") } == "--data: fashion-mnist has no part all (accepted: train or test)")
    #expect(message { _ = try DataSpec("idx:a") } == "--data: idx:a does not name two files (accepted: idx:IMAGES,LABELS)")
  }

  /// The examples of FIPS 180-4, and one that needs two blocks for its end.
  @Test func hashes() {
    func hash(_ text: String) -> String {
      var hash = SHA256()
      hash.update(Array(text.utf8))
      return hash.hexadecimal
    }
    #expect(hash("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    #expect(hash("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    #expect(
      hash("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")
        == "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1")
    #expect(hash(String(repeating: "a", count: 1_000_000)) == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
  }
}
