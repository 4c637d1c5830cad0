// swift-tools-version: 6.1
import PackageDescription

let package = Package(
  name: "espalier",
  products: [
    .executable(name: "espalier", targets: ["espalier"]),
    .library(
      name: "Espalier",
      targets: [
        "Networks", "ONNX", "Engine", "Datasets", "Training", "Analysis", "Compression", "Pruning", "Results", "Plotting",
        "Experiments",
      ]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
    .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
    .package(url: "https://github.com/LebJe/TOMLKit", from: "0.6.0"),
  ],
  targets: [
    // C libraries: module maps and `static inline` shims only.
    .systemLibrary(name: "COneDNN", providers: [.apt(["libdnnl-dev"])]),
    .systemLibrary(name: "CHDF5", pkgConfig: "hdf5", providers: [.apt(["libhdf5-dev"])]),
    .systemLibrary(name: "CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"])]),
    .systemLibrary(name: "CTurboJPEG", pkgConfig: "libturbojpeg", providers: [.apt(["libturbojpeg0-dev"])]),
    .systemLibrary(name: "CWebP", pkgConfig: "libwebp", providers: [.apt(["libwebp-dev"])]),
    .systemLibrary(name: "CCairo", pkgConfig: "pangocairo", providers: [.apt(["libcairo2-dev", "libpango1.0-dev"])]),
    .systemLibrary(name: "CLAPACK", providers: [.apt(["libopenblas-dev", "liblapacke-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),

    // The core, in the order in which data flows.
    .target(name: "Tensors"),
    .target(name: "Files", dependencies: ["Tensors"]),
    .target(name: "Scheduling", dependencies: ["Tensors"]),
    .target(name: "Images", dependencies: ["Tensors", "Files", "CPNG", "CTurboJPEG", "CWebP"]),
    .target(name: "Storage", dependencies: ["Tensors", "Files", "CHDF5"]),
    .target(
      name: "Networks",
      dependencies: [
        "Tensors", .product(name: "OrderedCollections", package: "swift-collections"),
        .product(name: "HeapModule", package: "swift-collections"),
      ]),
    .target(
      name: "ONNX",
      dependencies: [
        "Tensors", "Files", "Networks", .product(name: "OrderedCollections", package: "swift-collections"),
        .product(name: "SwiftProtobuf", package: "swift-protobuf"),
      ],
      exclude: ["Schema/onnx-subset.proto"]),
    .target(name: "Engine", dependencies: ["Tensors", "Networks", "COneDNN"]),
    .target(
      name: "Datasets",
      dependencies: [
        "Tensors", "Files", "Images", "Storage", "Scheduling", "CZlib", .product(name: "TOMLKit", package: "TOMLKit"),
      ]),
    .target(
      name: "Training",
      dependencies: ["Tensors", "Files", "Networks", "ONNX", "Engine", "Datasets", "Storage", "Scheduling"]),
    .target(
      name: "Analysis",
      dependencies: [
        "Tensors", "Files", "Networks", "Engine", "Datasets", "Scheduling", "CLAPACK",
        .product(name: "TOMLKit", package: "TOMLKit"),
      ]),
    .target(
      name: "Compression",
      dependencies: ["Tensors", "Files", "Scheduling", "Networks", "ONNX", "Engine"]),
    .target(
      name: "Pruning",
      dependencies: ["Tensors", "Networks", "Engine", "Scheduling", "Analysis", "Compression", "CLAPACK"]),
    .target(name: "Results", dependencies: ["Tensors", "Files", "Storage", "Datasets", "Analysis"]),
    .target(name: "Plotting", dependencies: ["Tensors", "Files", "Images", "CCairo"]),
    .target(
      name: "Experiments",
      dependencies: [
        "Tensors", "Files", "Scheduling", "Images", "Storage", "Networks", "ONNX", "Engine", "Datasets", "Training", "Analysis",
        "Compression", "Pruning", "Results", "Plotting", .product(name: "TOMLKit", package: "TOMLKit"),
      ]),
    .executableTarget(
      name: "espalier",
      dependencies: ["Experiments", "Compression", .product(name: "ArgumentParser", package: "swift-argument-parser")]),
    .executableTarget(
      name: "espalier-bench",
      dependencies: ["Tensors", "Scheduling", "Networks", "ONNX", "Engine", "Datasets", "Analysis"],
      path: "Benchmarks/Driver"),
    .executableTarget(
      name: "espalier-toy",
      dependencies: ["Tensors", "Scheduling", "Networks", "ONNX", "Engine", "Training", "Analysis", "Pruning", "Experiments"],
      path: "Benchmarks/Toy"),
    .target(name: "TestSupport", dependencies: ["Tensors", "Files", "Storage", "Networks", "ONNX"]),
    .executableTarget(name: "espalier-fuzz", dependencies: ["TestSupport"], path: "Tests/Fuzz"),

    .testTarget(
      name: "AnalysisTests",
      dependencies: [
        "Tensors", "Scheduling", "Images", "Storage", "Networks", "ONNX", "Engine", "Datasets", "Analysis", "TestSupport",
      ],
      exclude: ["Resources"]),
    .testTarget(
      name: "CommandTests",
      dependencies: [
        "espalier", "Experiments", "Compression", "Tensors", "Images", "Storage", "Networks", "ONNX", "Datasets", "Analysis",
        "Pruning", "Results", "TestSupport",
      ],
      exclude: ["Resources", "renew-help"]),
    .testTarget(
      name: "CompressionTests",
      dependencies: ["Tensors", "Files", "Scheduling", "Networks", "ONNX", "Compression", "TestSupport"]),
    .testTarget(
      name: "DatasetsTests", dependencies: ["Tensors", "Files", "Scheduling", "Images", "Storage", "Datasets", "TestSupport"]),
    .testTarget(
      name: "EngineTests", dependencies: ["Tensors", "Scheduling", "Networks", "Engine", "TestSupport"], exclude: ["Resources"]),
    .testTarget(name: "FilesTests", dependencies: ["Tensors", "Files", "TestSupport"]),
    .testTarget(name: "ImagesTests", dependencies: ["Tensors", "Images", "TestSupport"], exclude: ["Resources"]),
    .testTarget(name: "NetworksTests", dependencies: ["Tensors", "Networks", "TestSupport"], exclude: ["Resources"]),
    .testTarget(name: "ONNXTests", dependencies: ["Tensors", "Networks", "ONNX", "TestSupport"], exclude: ["Resources"]),
    .testTarget(name: "PlottingTests", dependencies: ["Tensors", "Images", "Plotting", "TestSupport"], exclude: ["Resources"]),
    .testTarget(
      name: "PruningTests",
      dependencies: [
        "Tensors", "Scheduling", "Networks", "ONNX", "Engine", "Analysis", "Compression", "Pruning", "TestSupport",
      ],
      exclude: ["Resources"]),
    .testTarget(
      name: "ResultsTests", dependencies: ["Tensors", "Storage", "Datasets", "Analysis", "Results", "TestSupport"],
      exclude: ["Resources"]),
    .testTarget(name: "SchedulingTests", dependencies: ["Tensors", "Scheduling"]),
    .testTarget(name: "StorageTests", dependencies: ["Tensors", "Storage", "TestSupport"]),
    .testTarget(name: "TensorsTests", dependencies: ["Tensors"]),
    .testTarget(
      name: "TestSupportTests", dependencies: ["Tensors", "Storage", "Networks", "ONNX", "TestSupport"], exclude: ["Resources"]),
    .testTarget(
      name: "TrainingTests",
      dependencies: ["Tensors", "Scheduling", "Storage", "Networks", "Engine", "ONNX", "Datasets", "Training", "TestSupport"],
      exclude: ["Resources"]),
  ],
  swiftLanguageModes: [.v6]
)
