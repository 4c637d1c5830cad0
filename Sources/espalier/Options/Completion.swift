import Analysis
import ArgumentParser
import Datasets
import Foundation
import Networks
import Plotting
import Pruning

/// What a shell completes the values of options with.
extension CompletionKind {
  /// Names of criteria.
  static var criteria: CompletionKind { .list(CriterionCatalog.names + ScoreCatalog.names) }
  /// Names of criteria that one pass yields, and all of them.
  static var scores: CompletionKind { .list(["all"] + ScoreCatalog.names) }
  /// Names of statistics.
  static var statistics: CompletionKind { .list(StatisticCatalog.all.map { $0.name }) }
  /// Names of attributors.
  static var attributors: CompletionKind { .list(AttributorCatalog.all.map { $0.name }) }
  /// Names of measures.
  static var measures: CompletionKind { .list(MeasureCatalog.all.map { $0.name }) }
  /// Names of colour maps.
  static var colours: CompletionKind { .list(Colormap.names) }
  /// Names of styles, and files of them.
  static var styles: CompletionKind {
    .custom { _, _, word in StylePreset.names + PathCompletion.paths(word, endings: ["toml"]) }
  }
  /// Names of architectures.
  static var architectures: CompletionKind { .list(ArchitectureCatalog.all.map(\.name)) }

  /// Names of composites, and files of rules.
  static var composites: CompletionKind {
    .custom { _, _, word in CompositeCatalog.names + PathCompletion.paths(word, endings: ["toml"]) }
  }

  /// Attributors and composites, an attributor with each composite behind its stroke, and files of rules.
  static var methods: CompletionKind {
    .custom { _, _, word in
      let attributors = AttributorCatalog.all.map { $0.name }
      if let stroke = word.firstIndex(of: "/"), attributors.contains(String(word[..<stroke].prefix { $0 != ":" })) {
        return CompositeCatalog.names.map { word[...stroke] + $0 }
      }
      return attributors + CompositeCatalog.names.filter { !attributors.contains($0) }
        + PathCompletion.paths(word, endings: ["toml"])
    }
  }

  /// Forms of data, with paths behind them.
  static var data: CompletionKind {
    .custom { _, _, word in
      PathCompletion.forms(
        word, complete: ["fashion-mnist:train", "fashion-mnist:test"],
        paths: ["folder": nil, "csv": ["csv"], "hdf5": ["h5", "hdf5"], "idx": []])
    }
  }

  /// Forms of concepts, with paths behind them.
  static var concepts: CompletionKind {
    .custom { _, _, word in
      PathCompletion.forms(
        word, complete: ["alpha", "foreground:0"], paths: ["folder": nil, "broden": nil, "hdf5": ["h5", "hdf5"]])
    }
  }

  /// Kinds of a budget, to be followed by a share.
  static var budgets: CompletionKind { .list(Budget.Kind.allCases.map { $0.rawValue + "=" }) }

  /// Whose relevance.
  static var targets: CompletionKind { .list(["label", "predicted"]) }
}

/// Paths as a shell would complete them, for values that are not paths alone.
enum PathCompletion {
  /// The paths that begin with a word: folders, with a stroke behind them, and files with one of some endings.
  ///
  /// - Parameter endings: the endings of files; empty for all files, nil for none.
  static func paths(_ word: String, endings: [String]?) -> [String] {
    let folder = word.lastIndex(of: "/").map { String(word[...$0]) } ?? ""
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.isEmpty ? "." : folder)) ?? []
    return names.sorted().filter { !$0.hasPrefix(".") }.compactMap { name in
      let path = folder + name
      guard path.hasPrefix(word) else { return nil }
      var isFolder: ObjCBool = false
      guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else { return nil }
      if isFolder.boolValue { return path + "/" }
      guard let endings else { return nil }
      return endings.isEmpty || endings.contains { name.lowercased().hasSuffix("." + $0) } ? path : nil
    }
  }

  /// Values that begin with the name of a form and a colon.
  ///
  /// - Parameters:
  ///   - complete: values that need nothing more.
  ///   - paths: the forms that a path follows, with the endings of its files as for ``paths(_:endings:)``.
  static func forms(_ word: String, complete: [String], paths: [String: [String]?]) -> [String] {
    let halves = word.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    if halves.count == 2, let endings = paths[halves[0]] {
      return PathCompletion.paths(halves[1], endings: endings).map { halves[0] + ":" + $0 }
    }
    return complete + paths.keys.sorted().map { $0 + ":" }
  }
}
