/// What files Espalier reads, told in one position: `espalier help formats`.
public enum FormatGuide {
  /// The parts of the guide, each with its title; no line is longer than 78 columns.
  public static let sections: [(title: String, text: String)] = [
    ("Data: --data", data), ("Class files: --classes", classes), ("Preprocessing: --preprocess", preprocessing),
    ("Masks of objects", masks), ("Concepts: --concepts", concepts), ("Limits", limits),
  ]

  /// The whole guide.
  public static var text: String {
    sections.map { "\($0.title)\n\n\($0.text)" }.joined(separator: "\n\n") + "\n"
  }

  private static let data = """
    folder:DIR    A folder of images. Each folder in it is a class, numbered from
                  0 in the order of the names, as by torchvision's ImageFolder;
                  images may lie deeper, and folders and images may be links. A
                  folder without images is an error, hidden folders are left out.
                  Where all names are numbers, they are the class numbers, and may
                  have gaps. --classes FILE numbers folders otherwise. A folder of
                  images without folders has no labels. --masks DIR names a
                  folder of index masks, a PNG of each image's path and name: the
                  class of each pixel, 0 to 254, and 255 for none.
    image:FILE    One image, without a label unless --classes names it.
    csv:FILE      A list. The first line names the columns, in any order: path
                  (relative to the list's folder) and label are needed, mask and
                  mask-kind are not. A label is a number, or a name with
                  --classes; several, joined by ; are all right; an empty one is
                  none. With --task regression labels are numbers. Cells may be
                  quoted.
    hdf5:FILE     data, numbers [N, C, H, W], taken as they are; bytes (uint8) of
                  1 or 3 channels are prepared as images where --preprocess is
                  given. label, if it is there, holds integers [N] or [N, 1], or
                  [N, K] of 0 and 1 with a 1 for each label that is right. For a
                  network that answers for pixels it is integers [N, H, W], or of
                  the shape of the output's positions, 255 or below 0 for no
                  class; with --task regression numbers, [N] or [N, K].
    idx:IMAGES,LABELS
                  The files of MNIST and its kin, plain or gzip: bytes [N, H, W]
                  or [N, H, W, C] and labels [N].
    fashion-mnist:train, fashion-mnist:test
                  Debian's package dataset-fashion-mnist.

    A path alone stands for folder:, or for csv:, hdf5: (.h5, .hdf5) or image: by
    the end of its name. Images are PNG, JPEG, WebP or BMP files; pixels come as
    Pillow's Image.open gives them. Other files in a folder are left out and
    counted.
    """

  private static let classes = """
    The labels that names of folders, images and labels stand for, and the names
    of classes in reports. UTF-8, any line ends. One of:

    tench
        a name a line, in the order of the class numbers
    n01440764 tench, Tinca tinca
        the same with WordNet ids (synset_words.txt, LOC_synset_mapping.txt)
    tench 0
        name, class number and, if wanted, a longer name; tabs or blanks between
    ["tench", "goldfish"]
        JSON: names in the order of the class numbers
    {"tench": 0, "birds/duck.png": [97, 98]}
        JSON: the label, or all labels that are right, of a name or a path
    {"0": ["n01440764", "tench"]}
        Keras' imagenet_class_index.json
    {"0": "tench, Tinca tinca"}
        Hugging Face's id2label, alone or in a config.json
    [{"index": 0, "word_net_id": "n01440764", "name": "tench"}]
        ViRelAy's label map

    In texts, lines that are empty or begin with # are skipped. Of several names
    with commas between them each stands for the class. A name that several
    classes have is refused where data use it. Images of folders that no line
    names are left out, and said; a folder of images without folders then has no
    labels, and predictions have names.
    """

  private static let preprocessing = """
    A TOML file; all keys may be left out. They apply in this order:

    background = 128              the grey behind transparent pixels, 0 to 255
    crop-share = 0.875            the middle square of this share of the shorter
                                  side is cut out, above 0 to 1
    resize = 256                  the shorter side, or [height, width]; at most
                                  16384
    interpolation = "bilinear"    or "bicubic", "nearest": as Pillow's resize,
                                  byte for byte
    crop = 224                    the middle square is cut out, or [height,
                                  width]; at most 16384
    channels = 3                  or 1, grey
    color = "rgb"                 or "bgr"
    scale = 0.00392156862745098   raw values of 0 to 255 are multiplied by it:
                                  1/255; 1 leaves them
    mean = [0.485, 0.456, 0.406]  taken off then: one number, or one a channel in
                                  the network's order
    std = [0.229, 0.224, 0.225]   the rest is divided by it
    layout = "nchw"               or "nhwc"

    Without --preprocess, what the model's metadata say under
    espalier.preprocessing holds, as JSON with these keys; otherwise raw values
    over 255 at the size of the network's input.
    """

  private static let masks = """
    Which pixels show the object, for measures such as mass-accuracy: a file of
    the image's size in a column mask of a csv list, otherwise the image's
    transparency. What the file's values mean is told by the column mask-kind, or
    found out:

    alpha   what is more opaque than half the most opaque pixel; any file with
            transparency
    index   numbers of classes or instances, 8 or 16 bits: all but 0 and the
            void, which is 255 (65535 where there are numbers beyond 255; in
            colours white and VOC's 224, 224, 192); a file with a palette of
            colours whose first is black, or grey values all below 100 beside 255
    grey    what is brighter than half the brightest pixel; a JPEG, or many
            values most of which are bright

    A mask with one value beside 0 is the object where it is not 0, of whatever
    kind. Where two kinds would differ, the file is refused until mask-kind tells.
    """

  private static let concepts = """
    hdf5:FILE     concepts, bytes [N, concepts, H, W], not 0 where a concept is,
                  in the order of the data and at the size of the network's
                  input; concept_names and concept_categories, a text a concept.
    folder:DIR    A folder a concept, of masks as above named as the images, or a
                  folder a category with a file names.txt and maps whose pixels
                  tell the concept. A line of it is a value (0 to 65535) or a
                  colour (#RRGGBB), a blank and a name. 0 and the void are no
                  concept unless a line names them.
    broden:DIR    The tree of Network Dissection: index.csv, label.csv, images/.
    alpha         Opaque pixels are the concept of the image's class.
    foreground:T  Pixels above a raw value are the concept of the image's class.
    """

  private static let limits = """
    An image has at most 89,478,485 pixels, as in Pillow; the environment variable
    ESPALIER_MAX_PIXELS sets another limit, up to 268,435,456. Image files have at
    most 1 GiB, lists and class files 256 MiB, TOML files 1 MiB with keys of at
    most 32 parts and 32 brackets deep; class numbers are below 1,048,576; IDX
    images take at most half the machine's memory. Data are regular files: pipes
    and devices are refused.
    """
}
