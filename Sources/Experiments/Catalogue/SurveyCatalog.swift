/// A method of the survey that can be run.
public struct SurveyMethod: Sendable, Encodable {
  /// Its name, as criteria, steps and architectures have it where it is one of them.
  public let id: String
  /// What kind of method it is.
  public let group: String
  /// The verb that runs it, with the option that says so.
  public let verb: String
  /// Where it is published.
  public let reference: String
  /// How what is computed differs from that; empty where it does not.
  public let deviation: String

  init(_ id: String, _ group: Group, _ verb: String, _ reference: String, _ deviation: String = "") {
    (self.id, self.group, self.verb, self.reference, self.deviation) = (id, group.rawValue, verb, reference, deviation)
  }

  enum Group: String {
    case filters, weights, control
  }
}

/// The methods of the survey that can be run.
///
/// The survey: A. Alqahtani, X. Xie, M. W. Jones, "Literature review of deep network compression", Informatics 8(4), 2021.
public enum SurveyCatalog {
  /// All methods; every criterion of `espalier prune` is one, or a form of one.
  public static let all = [
    SurveyMethod(
      "lrp", .filters, "prune --criterion lrp|lrp-pixel|lrp-sample|lrp-final",
      "Yeom, Seegerer, Lapuschkin, Binder, Wiedemann, Müller, Samek, Pattern Recognition 115, 2021; Hatefi et al., 2024",
      "coupled filters are scored and removed together; lrp-final is ours"),
    SurveyMethod(
      "iou", .filters, "prune --criterion iou --concepts SPEC", "Alqahtani, Xie, Jones, Essa, Informatics 8(3), 2021",
      "our reading: greatest IoU of a filter with any concept"),
    SurveyMethod(
      "votes", .filters, "prune --criterion votes --concepts SPEC", "Alqahtani, Xie, Jones, Essa, Informatics 8(3), 2021",
      "our reading: a share of a layer's filters gets a vote on each image and concept"),
    SurveyMethod(
      "neuron-votes", .filters, "prune --criterion neuron-votes", "Alqahtani, Xie, Essa, Jones, ICPR 2020",
      "votes are counted once, of a trained network, not while it trains; the top half of a layer gets one"),
    SurveyMethod(
      "onorm", .filters, "prune --criterion onorm", "He, Fan, Qian, Tan, Yu, ICASSP 2014",
      "for convolutions weights of all taps count; coupled filters score alike"),
    SurveyMethod("inorm", .filters, "prune --criterion inorm", "He, Fan, Qian, Tan, Yu, ICASSP 2014"),
    SurveyMethod(
      "binary-entropy", .filters, "prune --criterion binary-entropy[:threshold=T]", "He, Fan, Qian, Tan, Yu, ICASSP 2014",
      "the threshold is 0, for ReLU; the paper's, for sigmoids, is 0.5"),
    SurveyMethod(
      "data-free", .filters, "prune --criterion data-free", "Srinivas, Babu, BMVC 2015",
      "batch norms are folded in first; filters of convolutions are nodes"),
    SurveyMethod(
      "divnet", .filters, "prune --criterion divnet", "Mariet, Sra, ICLR 2016",
      "a greedy choice beside the sampled one; feature maps by positions; a ridge"),
    SurveyMethod(
      "l1", .filters, "prune --criterion l1 [--widths LAYER=WIDTH]", "Li, Kadav, Durdanovic, Samet, Graf, ICLR 2017",
      "filters are ranked once, in the network as it is (the paper's independent pruning)"),
    SurveyMethod(
      "l2", .filters, "prune --criterion l2", "He, Kang, Dong, Fu, Yang, IJCAI 2018",
      "filters are removed, not set to zero while the network trains"),
    SurveyMethod(
      "mean-gradient", .filters, "prune --criterion mean-gradient", "Liu, Wu, ICIP 2019", "without the paper's order of layers"),
    SurveyMethod(
      "variance", .filters, "prune --criterion variance [--reconstruct kernels]", "Polyak, Wolf, IEEE Access 3, 2015",
      "filters go at their output; the paper's inbound pruning takes away single kernels"),
    SurveyMethod("entropy", .filters, "prune --criterion entropy", "Luo, Wu, arXiv 1706.05791, 2017"),
    SurveyMethod(
      "apoz", .filters, "prune --criterion apoz [--threshold mean-1sd]", "Hu, Peng, Tai, Tang, arXiv 1607.03250, 2016"),
    SurveyMethod(
      "thinet", .filters, "prune --criterion thinet --scope layer --reconstruct scales", "Luo, Wu, Lin, ICCV 2017; TPAMI 2019",
      "all layers at once, from the whole network's inputs, not one after the other"),
    SurveyMethod(
      "group-fisher", .filters, "prune --criterion group-fisher [--steps N --tune E]", "Liu et al., ICML 2021",
      "many channels a step, with the savings of the network before it, where the paper removes one every 25 updates"),
    SurveyMethod(
      "taylor", .filters, "prune --criterion taylor-2017|taylor-2019|taylor-signed|taylor-2017-flops [--steps N --tune E]",
      "Molchanov, Tyree, Karras, Aila, Kautz, ICLR 2017; Molchanov et al., CVPR 2019",
      "many filters a step, where the paper removes one or a hundred at a time"),
    SurveyMethod(
      "fpgm", .filters, "prune --criterion fpgm --scope layer", "He, Liu, Wang, Hu, Yang, CVPR 2019",
      "of a trained network, not while it trains"),
    SurveyMethod(
      "obd", .weights, "prune --criterion obd", "LeCun, Denker, Solla, NIPS 1989", "summed over the weights of a filter"),
    SurveyMethod(
      "random", .control, "prune --criterion random[:seed=N]", "Blalock, Ortiz, Frankle, Guttag, MLSys 2020",
      "filters, where the paper's control draws weights"),
  ]
}
