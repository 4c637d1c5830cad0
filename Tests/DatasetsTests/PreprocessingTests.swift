import Datasets
import Foundation
import Images
import Tensors
import TestSupport
import Testing

@Suite struct PreprocessingTests {
  /// An image whose pixels all differ.
  private func ramp(width: Int, height: Int, channels: Int = 3) -> Image {
    Image(pixels: Tensor((0..<width * height * channels).map { UInt8($0 * 7 % 256) }, shape: [height, width, channels]))
  }

  private func expect(_ actual: Tensor<Float>, _ shape: Shape, _ expected: (Int) -> Double) {
    #expect(actual.shape == shape)
    let tolerance = Tolerance(absolute: 1e-6, relative: 1e-6)
    #expect(actual.elements.enumerated().allSatisfy { tolerance.accepts(Double($1), expected: expected($0)) })
  }

  @Test func torchvisionsNumbers() throws {
    let image = ramp(width: 3, height: 2)
    let raw = image.pixels
    expect(try Preprocessing(mean: [0.1, 0.2, 0.3], deviation: [0.5, 0.25, 2])(image), [3, 2, 3]) { position in
      let (c, y, x) = (position / 6, position / 3 % 2, position % 3)
      return (Double(raw[y, x, c]) / 255 - [0.1, 0.2, 0.3][c]) / [0.5, 0.25, 2][c]
    }
  }

  @Test func rawNumbersInAnyOrder() throws {
    let image = ramp(width: 3, height: 2)
    let raw = image.pixels
    expect(try Preprocessing(layout: .nhwc, scale: 1)(image), [2, 3, 3]) { Double(raw.elements[$0]) }
    expect(try Preprocessing(colorOrder: .bgr, layout: .nhwc, scale: 1, mean: [127], deviation: [128])(image), [2, 3, 3]) {
      (Double(raw.elements[$0 / 3 * 3 + 2 - $0 % 3]) - 127) / 128
    }
    let grey = ramp(width: 2, height: 2, channels: 1)
    expect(try Preprocessing(scale: 1)(grey), [3, 2, 2]) { Double(grey.pixels.elements[$0 % 4]) }
    expect(try Preprocessing.fashionMNIST(grey), [1, 2, 2]) { (Double(grey.pixels.elements[$0]) / 255 - 0.2860) / 0.3530 }
  }

  @Test func sizes() throws {
    let image = ramp(width: 40, height: 30)
    #expect(try Preprocessing.imageNet(image).shape == [3, 224, 224])
    #expect(try Preprocessing(resize: .exact(height: 5, width: 9))(image).shape == [3, 5, 9])
    #expect(try Preprocessing(resize: .shortSide(15)).fitted(image).pixels.shape == [15, 20, 3])
    let lite = Preprocessing(cropShare: 0.875, resize: .exact(height: 8, width: 8), interpolation: .bicubic)
    #expect(try lite.fitted(image) == image.centerCropped(width: 26, height: 26).resized(width: 8, height: 8, method: .bicubic))
    #expect(throws: EspalierError.self) { try Preprocessing(resize: .shortSide(16384)).fitted(ramp(width: 1, height: 20000)) }
  }

  @Test func transparencyLiesOnGrey() throws {
    let image = Image(width: 1, height: 1, filledWith: [200, 100, 0, 0])
    expect(try Preprocessing(scale: 1)(image), [3, 1, 1]) { _ in 128 }
  }

  @Test func textForms() throws {
    let settings = try Preprocessing(
      toml: """
        resize = 256
        crop = [224, 192]
        crop-share = 0.875
        interpolation = "bicubic"
        color = "bgr"
        layout = "nhwc"
        scale = 1
        mean = 127
        std = [128, 128.5, 129]
        """)
    #expect(
      settings
        == Preprocessing(
          cropShare: 0.875, resize: .shortSide(256), interpolation: .bicubic,
          crop: Preprocessing.CropSize(height: 224, width: 192), colorOrder: .bgr, layout: .nhwc, scale: 1, mean: [127],
          deviation: [128, 128.5, 129]))
    for settings in [settings, .imageNet, .fashionMNIST, Preprocessing(resize: .exact(height: 3, width: 4), channels: 1)] {
      #expect(try Preprocessing(json: settings.json) == settings)
    }
    #expect(try Preprocessing(toml: "") == Preprocessing())
    #expect(
      Preprocessing.fashionMNIST.json
        == #"{"background":128,"channels":1,"color":"rgb","interpolation":"bilinear","layout":"nchw","mean":[0.286],"scale":0.00392156862745098,"std":[0.353]}"#
    )
  }

  @Test(arguments: [
    ("size = 3", "size: is no setting of a preprocessing"), ("resize = 0", "resize: is not a size"),
    ("resize = [1, 2, 3]", "resize: is not a size"), ("crop = \"x\"", "crop: is not a size"),
    ("channels = 2", "channels: is 2"), ("mean = [1, 2]", "mean: does not fit"), ("std = 0", "std: has a 0"),
    ("[*]", "line 1: a table's name does not begin with a key"), ("crop = 2\r\n\t[[ .a]]", "line 2: a table's name"),
    ("[", "line 1: a table's name does not begin with a key"), ("[\n]", "line 1: a table's name"), ("[]", "line 1"),
    ("mean = nan", "has a value that is no finite number"),
    ("layout = \"chw\"", "layout: is not known; did you mean 'nchw'? (accepted: nchw, nhwc)"),
    ("crop-share = 0", "crop-share: is 0.0"), ("background = 256", "background: is out of range (accepted: 0 to 255)"),
    ("a = 1\nb = ", "line 2: "), ("[[\r]]", "line 1: a table's name"), ("mean = [16,}", "line 1: brackets do not pair"),
    ("a = }", "line 1: brackets do not pair"), ("a = 2020-01-01T:", "line 1: a date"),
    ("\na = [2020-01-01 1,1", "line 2: a date"),
  ])
  func wrongSettingsAreNamed(toml: String, start: String) {
    let text = message { _ = try Preprocessing(toml: toml) }
    #expect(text.hasPrefix(start))
  }
}

/// Inputs that would take memory or stack without bounds, and numbers that cannot be meant.
@Suite struct PreprocessingLimitTests {
  @Test func deepAndLongSettingsAreRefused() throws {
    let parts = String(repeating: "a.", count: 500_000) + "a = 1"
    #expect(message { _ = try Preprocessing(toml: parts) } == "line 1: a key has too many parts (accepted: at most 32)")
    let header = "scale = 1\n[" + String(repeating: "a.", count: 40) + "a]"
    #expect(message { _ = try Preprocessing(toml: header) } == "line 2: a key has too many parts (accepted: at most 32)")
    let nested = "scale = " + String(repeating: "[", count: 100_000)
    #expect(message { _ = try Preprocessing(toml: nested) } == "line 1: values lie too deep in brackets (accepted: at most 32)")
    let long = "# " + String(repeating: "x", count: 1 << 20)
    #expect(message { _ = try Preprocessing(toml: long) } == "is 1048578 bytes long (accepted: at most 1048576)")
    let quoted =
      "# " + String(repeating: ".", count: 99) + "\nscale = 1.5 # ok\n\"" + String(repeating: ".", count: 99) + "\" = 1"
    #expect(message { _ = try Preprocessing(toml: quoted) }.contains("is no setting of a preprocessing"))
    let text = "color = '" + String(repeating: "[.", count: 99) + "'\n"
    #expect(message { _ = try Preprocessing(toml: text) } == "color: is not known (accepted: rgb, bgr)")
  }

  /// Whatever stands in a text, it is read or refused: parts of the grammar in random order.
  @Test func textsOfRandomPartsAreReadOrRefused() {
    let parts = [
      "[", "]", "[[", "]]", "{", "}", "=", ",", "\n", "\r\n", "\r", "#", "\"", "'", "\"\"\"", "'''", ".", "a", "b", "rules", "1",
      "16",
      "0.5", "-", "+", "_", "1e9", "0x1", "inf", "nan", "true", "2020-01-01", "T", "07:32:00", "\\", "\\u", "\t", " ", "*", "@",
      "\u{FEFF}", "\u{0}", "\u{1F}", "\u{7F}", "é", "\u{2028}", "\u{A0}", "a = ", "a = [", "[a]\n", "[[a]]\n",
      "kind = \"conv\"\n",
      "{a=1}", "\"x\"", "1_0", "_1", "1.", "00", "2020-", "-01", ":", "Z",
    ]
    var (random, refused) = (Philox(seed: 5), 0)
    for _ in 0..<30_000 {
      let text = (0..<Int.random(in: 1...12, using: &random)).map { _ in parts.randomElement(using: &random)! }.joined()
      do { _ = try Preprocessing(toml: text) } catch { refused += 1 }
    }
    #expect(refused > 20_000)
  }

  @Test func numbersThatDoNotFitAreSaid() throws {
    func doubts(_ toml: String) throws -> [String] { try Preprocessing(toml: toml).doubts }
    for good in [
      "", "scale = 1", "mean = [0.485, 0.456, 0.406]\nstd = [0.229, 0.224, 0.225]", "mean = 0.5\nstd = 0.5",
      "scale = 1\nmean = [123.675, 116.28, 103.53]\nstd = [58.395, 57.12, 57.375]", "scale = 1\nmean = [103.9, 116.8, 123.7]",
      "scale = 0.00784313725490196\nmean = 1", "channels = 1\nmean = 0.286\nstd = 0.353",
    ] { #expect(try doubts(good) == [], "\(good)") }
    #expect(
      try doubts("scale = 1\nmean = [0.485, 0.456, 0.406]\nstd = [0.229, 0.224, 0.225]") == [
        "preprocessing: std 0.229 spreads the values over 1113.537: raw values of 0 to 255 times scale are 0 to 255 (for mean and "
          + "std of values from 0 to 1, scale = 0.00392156862745098)"
      ])
    #expect(try doubts("mean = [123.675, 116.28, 103.53]\nstd = [58.395, 57.12, 57.375]")[0].contains("scale = 1)"))
    #expect(try doubts("mean = 2").count == 1 && doubts("std = 1e-300").count == 1 && doubts("scale = 1e300").count == 1)
  }
}
