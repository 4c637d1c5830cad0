import Foundation
import Storage
import TestSupport
import Tensors
import Testing

/// The page of `dissect --report`, in the browser that people have.
@Suite struct ReportTests {
  /// Runs a script in the page behind its own, and returns what it writes into the element `probe`.
  private func probe(_ page: URL, hash: String = "", _ script: String) throws -> (text: String, complaints: [String]) {
    let html = try String(contentsOf: page, encoding: .utf8)
    let copy = page.deletingLastPathComponent().appendingPathComponent("probed.html")
    let end = try #require(html.range(of: "</body>", options: .backwards))
    let code = """
      <pre id="probe"></pre><script>
      (async () => {
        const put = value => { document.getElementById('probe').textContent = JSON.stringify(value); };
        try { \(script) } catch (error) { put('failed: ' + error); }
      })();
      </script>
      """
    try html.replacingCharacters(in: end, with: code + "</body>").write(to: copy, atomically: true, encoding: .utf8)
    let run = try Chromium.dump("file://\(copy.path)\(hash)", in: page.deletingLastPathComponent())
    let start = try #require(run.document.range(of: "<pre id=\"probe\">"), "\(run.talk.suffix(600))")
    let stop = try #require(run.document.range(of: "</pre>", range: start.upperBound..<run.document.endIndex))
    let text = String(run.document[start.upperBound..<stop.lowerBound]).replacingOccurrences(of: "&lt;", with: "<")
      .replacingOccurrences(of: "&amp;", with: "&").replacingOccurrences(of: "&gt;", with: ">")
    return (text, run.talk.split(separator: "\n").map(String.init).filter { $0.contains(":CONSOLE") })
  }

  private struct Card: Decodable, Equatable {
    var unit: Int
    var iou: Double
    var votes: Double
    var label: String
  }

  private struct Findings: Decodable {
    var heading: String
    var orders: [String: [Card]]
    var reversed: [Card]
    var detectors: [Card]
    var drawn: [String]
    var inside: [Int]
  }

  /// Masks with names that a page must not take for markup.
  private static let names = ["</script><b>square", "rest & \"more\""]

  private func concepts(in folder: URL) throws {
    var elements = [UInt8](repeating: 0, count: 40 * 2 * 28 * 28)
    for image in 0..<40 {
      let (top, left) = (image % 10 / 5 * 14 + 2, image % 5 * 5)
      for position in 0..<784 {
        let isInside = top..<top + 8 ~= position / 28 && left..<left + 5 ~= position % 28
        elements[(image * 2 + (isInside ? 0 : 1)) * 784 + position] = 1
      }
    }
    let file = try HDF5File.create(folder.appendingPathComponent("concepts.h5").path)
    try file.write(Tensor(elements, shape: [40, 2, 28, 28]), to: "concepts")
    try file.write(ReportTests.names, to: "concept_names")
    try file.write(["object", "texture"], to: "concept_categories")
    try file.commit()
  }

  private func withReport(_ arguments: [String] = [], _ body: (URL, URL) throws -> Void) throws {
    try Sample.withModelAndImages { folder in
      try concepts(in: folder)
      let run = try Tool.run(
        [
          "dissect", "lenet.onnx", "--data", "hdf5:images.h5", "--concepts", "hdf5:concepts.h5", "--quantile", "0.05", "--out",
          "out.h5", "--report", "report",
        ] + arguments, in: folder)
      #expect(run.status == 0 && run.talk.contains("report/index.html: "), "\(run.talk)")
      let page = folder.appendingPathComponent("report/index.html")
      #expect(try FileManager.default.contentsOfDirectory(atPath: page.deletingLastPathComponent().path) == ["index.html"])
      try body(folder, page)
    }
  }

  @Test func thePageNeedsNothingBesideItself() throws {
    try withReport { folder, page in
      let html = try String(contentsOf: page, encoding: .utf8)
      for text in ["http:", "https:", "src=\"", "<link", "@import", "url(", "<b>square"] {
        #expect(!html.contains(text), "\(text)")
      }
      #expect(html.contains("default-src 'none'"))
      // The same command writes the same bytes, by whatever number of workers.
      let again = try Tool.run(
        "dissect", "lenet.onnx", "--data", "hdf5:images.h5", "--concepts", "hdf5:concepts.h5", "--quantile", "0.05", "--out",
        "out.h5", "--report", "report", "--workers", "3", in: folder)
      #expect(again.status == 0)
      #expect(try String(contentsOf: page, encoding: .utf8) == html)
    }
  }

  @Test(.enabled(if: Chromium.isAvailable, "needs Debian package chromium"))
  func filtersAreSortedWhenAPersonClicks() throws {
    try withReport(["--report-filters", "30", "--report-images", "4"]) { folder, page in
      let found = try probe(
        page, hash: "#conv2",
        """
        const cards = () => [...document.querySelectorAll('.card')].map(card => ({ unit: +card.dataset.unit,
          iou: +card.dataset.iou, votes: +card.dataset.votes, label: card.dataset.label }));
        const orders = { start: cards() };
        const click = selector => document.querySelector(selector).click();
        for (const name of ['votes', 'label', 'unit', 'iou']) { click(`[data-sort=${name}]`); orders[name] = cards(); }
        click('[data-sort=iou]');
        const reversed = cards();
        click('[data-check=detectors]');
        const detectors = cards();
        const canvases = [...document.querySelectorAll('.card:first-child canvas')];
        for (let tries = 0; tries < 100 && canvases.some(canvas => !canvas.dataset.drawn); tries++) {
          await new Promise(next => setTimeout(next, 50));
        }
        // Pixels of the shade (16, 16, 20 over a grey image) are bluer than grey; inside the mask they are grey.
        const inside = canvases.map(canvas => {
          const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
          let count = 0;
          for (let at = 0; at < pixels.length; at += 4) count += pixels[at] === pixels[at + 2];
          return count;
        });
        put({ heading: document.querySelector('h1').textContent, orders, reversed, detectors,
          drawn: canvases.map(canvas => canvas.dataset.drawn), inside });
        """)
      #expect(found.complaints.isEmpty, "\(found.complaints)")
      let findings = try JSONDecoder().decode(Findings.self, from: Data(found.text.utf8))
      #expect(findings.heading == "conv2")

      // What the page shows is what the file holds.
      let file = try HDF5File.open(folder.appendingPathComponent("out.h5").path)
      let overlap: Tensor<Float> = try file.dataset("dissection/conv2/iou").read()
      let votes: Tensor<Double> = try file.dataset("dissection/conv2/votes").read()
      let shown: Tensor<Int64> = try file.dataset("exemplars/conv2/filter").read()
      let best = (0..<50).map { max(overlap[$0, 0], overlap[$0, 1]) }
      // Of both concepts the best fifteen, where there are as many; then those of the greatest IoU.
      let order = (0..<50).sorted { (best[$0], $1) > (best[$1], $0) }
      let concepts = [0, 1].map { concept in order.filter { best[$0] > 0 && (overlap[$0, 1] > overlap[$0, 0] ? 1 : 0) == concept }
      }
      let few = concepts.map { min($0.count, 15) }
      let taken = Set(zip(concepts, [30 - few[1], 30 - few[0]]).flatMap { $0.prefix(max($1, 15)) })
      let expected = order.filter { taken.contains($0) }
      #expect(expected.count == 30 && concepts.allSatisfy { !$0.isEmpty })
      #expect(shown.elements.map { Int($0) } == expected.sorted())
      let start = try #require(findings.orders["start"])
      #expect(start.map(\.unit) == expected)
      for card in start {
        #expect(Float(card.iou) == best[card.unit])
        #expect(card.votes == votes.elements[card.unit])
        let name = ReportTests.names[overlap[card.unit, 1] > overlap[card.unit, 0] ? 1 : 0]
        #expect(card.label == (best[card.unit] > 0 ? name : ""))
      }
      func isOrdered(_ name: String, _ rises: (Card, Card) -> Bool) throws -> Bool {
        let cards = try #require(findings.orders[name])
        #expect(Set(cards.map(\.unit)) == Set(start.map(\.unit)))
        return zip(cards, cards.dropFirst()).allSatisfy(rises)
      }
      #expect(try isOrdered("unit") { $0.unit < $1.unit })
      #expect(try isOrdered("votes") { $0.votes >= $1.votes })
      #expect(try isOrdered("iou") { $0.iou >= $1.iou })
      let labels = try #require(findings.orders["label"]).map(\.label)
      #expect(labels.enumerated().allSatisfy { $0 == 0 || labels[$0 - 1] == $1 || !labels[..<$0].contains($1) })
      #expect(findings.reversed.map(\.unit) == start.map(\.unit).reversed())
      #expect(findings.detectors == findings.reversed.filter { $0.iou > 0.04 })

      // The images of the first card that is left are drawn, with as much inside the mask as the file says.
      #expect(!findings.drawn.isEmpty && findings.drawn.allSatisfy { $0 == "masked" })
      let first = try #require(findings.detectors.first)
      let row = try #require(shown.elements.firstIndex(of: Int64(first.unit)))
      let masks: Tensor<UInt8> = try file.dataset("exemplars/conv2/mask").read(rows: row..<row + 1)
      let bytes = masks.count / 4
      for (image, count) in findings.inside.enumerated() {
        let fires = masks.elements[image * bytes..<(image + 1) * bytes].reduce(0) { $0 + $1.nonzeroBitCount }
        // Of 6×6 pixels each, those at the mask's edge are coloured.
        #expect(count <= 36 * fires && Double(count) >= 0.3 * Double(36 * fires), "image \(image): \(count) of \(36 * fires)")
      }
    }
  }

  private struct Widths: Decodable {
    var window: Int
    var page: [Int]
    var current: [Bool]
    var count: String
    var lead: String
  }

  /// Nothing sticks out of a window, be it as narrow as a telephone; the strip of layers shows the one that is shown, and a cut
  /// list says so.
  @Test(.enabled(if: Chromium.isAvailable, "needs Debian package chromium"), arguments: [400, 800, 1400])
  func nothingSticksOut(width: Int) throws {
    try withReport(["--report-filters", "12"]) { folder, page in
      let found = try probe(
        page, hash: "#fc1",
        """
        // A window of Chromium is never narrower than 500 pixels: the page is viewed in a frame.
        const frame = document.createElement('iframe');
        frame.style.cssText = 'position:absolute;border:0;left:0;top:0;height:900px;width:\(width)px';
        const own = document.documentElement.cloneNode(true);
        own.querySelector('#probe').remove();
        [...own.querySelectorAll('script')].at(-1).remove();
        document.body.append(frame);
        const load = hash => new Promise(next => {
          frame.onload = next;
          frame.srcdoc = own.outerHTML;
        });
        await load('');
        const inside = frame.contentWindow, view = frame.contentDocument;
        const pages = [], current = [];
        let count = '', lead = '';
        for (const name of ['', ...[...view.querySelectorAll('nav a')].slice(1).map(link => link.hash.slice(1))]) {
          const link = [...view.querySelectorAll('nav a')].find(link => link.hash.slice(1) === name);
          inside.location.hash = link.hash;
          await new Promise(next => setTimeout(next, 100));
          const root = view.documentElement;
          pages.push(root.scrollWidth);
          const [strip, here] = ['nav', 'nav [aria-current]'].map(part => view.querySelector(part).getBoundingClientRect());
          current.push(here.left >= strip.left - 1 && here.right <= strip.right + 1 && here.width > 0);
          const counted = view.querySelector('[data-count]');
          if (counted && name === 'conv2') { count = counted.textContent; lead = view.querySelector('.lead').textContent; }
        }
        put({ window: frame.clientWidth, page: pages, current, count, lead });
        """)
      #expect(found.complaints.isEmpty, "\(found.complaints)")
      let widths = try JSONDecoder().decode(Widths.self, from: Data(found.text.utf8))
      #expect(widths.window == width)
      #expect(widths.page.count == 5 && widths.page.allSatisfy { $0 <= width }, "\(widths.page)")
      #expect(widths.current.allSatisfy { $0 }, "\(widths.current)")
      #expect(widths.count == "12 of 50 filters shown" && widths.lead.contains("12 of 50 shown"), "\(widths)")
    }
  }

  @Test func whatCannotBeReportedIsSaidInALine() throws {
    try Sample.withModelAndImages { folder in
      try concepts(in: folder)
      try Data().write(to: folder.appendingPathComponent("taken"))
      let run = try Tool.run(
        "dissect", "lenet.onnx", "--data", "hdf5:images.h5", "--concepts", "hdf5:concepts.h5", "--quiet", "--out", "out.h5",
        "--report", "taken", in: folder)
      #expect(run.failed(mentioning: "taken/index.html"), "\(run.talk)")
      let none = try Tool.run(
        "dissect", "lenet.onnx", "--data", "hdf5:images.h5", "--concepts", "hdf5:concepts.h5", "--out", "out.h5",
        "--report", "report", "--report-filters", "0", in: folder)
      #expect(none.status == 64 && none.talk.contains("--report-filters is 1 to 100000"))
    }
  }
}

/// Chromium without a window.
enum Chromium {
  /// The browser; `ESPALIER_CHROMIUM` names another.
  static let executable: String? = {
    let environment = ProcessInfo.processInfo.environment
    let folders = (environment["PATH"] ?? "").split(separator: ":")
    let candidates = [environment["ESPALIER_CHROMIUM"]] + folders.map { "\($0)/chromium" }
    return candidates.compactMap { $0 }.first { FileManager.default.isExecutableFile(atPath: $0) }
  }()

  /// Whether there is one.
  static var isAvailable: Bool { executable != nil }

  /// Opens a page, lets its scripts run to their end, and returns the document as it is then, and what the browser said.
  static func dump(_ url: String, in folder: URL) throws -> (document: String, talk: String) {
    let (out, talk) = (folder.appendingPathComponent("document.txt"), folder.appendingPathComponent("talk.txt"))
    for file in [out, talk] { try Data().write(to: file) }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: try #require(executable))
    process.arguments = [
      "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--window-size=1400,1000",
      "--user-data-dir=\(folder.appendingPathComponent("profile").path)", "--enable-logging=stderr",
      "--virtual-time-budget=20000",
      "--dump-dom", url,
    ]
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try FileHandle(forWritingTo: out)
    process.standardError = try FileHandle(forWritingTo: talk)
    try process.run()
    process.waitUntilExit()
    return (try String(contentsOf: out, encoding: .utf8), try String(contentsOf: talk, encoding: .utf8))
  }
}
