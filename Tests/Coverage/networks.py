"""Which networks are covered: torchvision's, and one or two small ones of each of timm's families.

`COUNTED` are the 85 of torchvision that Torch-Pruning tells its coverage of (its `torchvision_pruning.py`: 68 classifiers, 6 of
segmentation, 10 detectors, RAFT); the table marks the others of `torchvision.models.list_models()`, quantised ones left out.
"""

from dataclasses import dataclass

VIT = "vit_b_16 vit_b_32 vit_l_16 vit_l_32 vit_h_14"
CONVNEXT = "convnext_tiny convnext_small convnext_base convnext_large"
EFFICIENTNET = (
    "efficientnet_b0 efficientnet_b1 efficientnet_b2 efficientnet_b3 efficientnet_b4 efficientnet_b5 efficientnet_b6 "
    "efficientnet_b7 efficientnet_v2_s efficientnet_v2_m efficientnet_v2_l")
REGNET_Y = (
    "regnet_y_400mf regnet_y_800mf regnet_y_1_6gf regnet_y_3_2gf regnet_y_8gf regnet_y_16gf regnet_y_32gf regnet_y_128gf")
REGNET_X = "regnet_x_400mf regnet_x_800mf regnet_x_1_6gf regnet_x_3_2gf regnet_x_8gf regnet_x_16gf regnet_x_32gf"
RESNET = "resnet18 resnet34 resnet50 resnet101 resnet152 resnext50_32x4d resnext101_32x8d wide_resnet50_2 wide_resnet101_2"
SMALL = (
    "squeezenet1_1 squeezenet1_0 shufflenet_v2_x0_5 shufflenet_v2_x1_0 shufflenet_v2_x1_5 shufflenet_v2_x2_0 mnasnet0_5 "
    "mnasnet0_75 mnasnet1_0 mnasnet1_3 mobilenet_v2 mobilenet_v3_small mobilenet_v3_large googlenet inception_v3 "
    "densenet121 densenet169 densenet201 densenet161")
VGG = "alexnet vgg11 vgg11_bn vgg13 vgg13_bn vgg16 vgg16_bn vgg19 vgg19_bn"
SWIN = "swin_t swin_s swin_b"

CLASSIFIERS = " ".join((SMALL, RESNET, REGNET_Y, EFFICIENTNET, SWIN, CONVNEXT, VIT, VGG)).split()
OTHER_CLASSIFIERS = f"{REGNET_X} swin_v2_t swin_v2_s swin_v2_b maxvit_t resnext101_64x4d".split()
SEGMENTATION = (
    "lraspp_mobilenet_v3_large deeplabv3_mobilenet_v3_large fcn_resnet50 deeplabv3_resnet50 fcn_resnet101 "
    "deeplabv3_resnet101").split()
DETECTION = (
    "ssdlite320_mobilenet_v3_large fasterrcnn_mobilenet_v3_large_320_fpn fasterrcnn_mobilenet_v3_large_fpn "
    "fcos_resnet50_fpn retinanet_resnet50_fpn_v2 fasterrcnn_resnet50_fpn fasterrcnn_resnet50_fpn_v2 "
    "keypointrcnn_resnet50_fpn maskrcnn_resnet50_fpn_v2 ssd300_vgg16").split()
OTHER_DETECTION = "retinanet_resnet50_fpn maskrcnn_resnet50_fpn".split()
FLOW = ["raft_large"]
OTHER_FLOW = ["raft_small"]
VIDEO = "r3d_18 mc3_18 r2plus1d_18 s3d swin3d_t swin3d_s swin3d_b mvit_v1_b mvit_v2_s".split()

COUNTED = {*CLASSIFIERS, *SEGMENTATION, *DETECTION, *FLOW}

# More than some 250 million parameters: done last, and without a reference in double precision.
HEAVY = {"regnet_y_128gf", "vit_h_14", "vit_l_16", "vit_l_32"}

# Convolutions before everything, then a little or much attention, then what has none of both.
TIMM_CONVOLUTIONAL = """
resnet10t resnet18 resnet26d resnet26t seresnext26d_32x4d ecaresnet26t resnetaa50d resnetblur18 resnetrs50 resnetv2_18d
resnetv2_50 resnetv2_50d_gn resnetv2_50x1_bit legacy_seresnet18 skresnet18 resnest14d res2net50_26w_4s res2next50 mobileone_s0
repvgg_a0 gernet_s resnet33ts gcresnext26ts eca_resnext26ts bat_resnext26ts regnetz_b16 convmixer_768_32 convnext_atto
convnext_atto_rms convnextv2_atto cs3darknet_focus_s cspresnet50 darknet17 cspnext_tiny cpubone_nano densenet121
densenetblur121d dla46_c dla60_res2net dpn48b efficientnet_b0 efficientnet_b0_gn efficientnet_lite0 tf_efficientnet_b0
tf_efficientnetv2_b0 mnasnet_small mobilenetv2_050 spnasnet_100 fbnetc_100 tinynet_e mixnet_s tf_mixnet_s fasternet_t0
ghostnet_050 ghostnetv2_100 ghostnetv3_050 hardcorenas_a hgnet_tiny hgnetv2_b0 hrnet_w18_small inception_next_atto
inception_resnet_v2 inception_v3 inception_v4 lcnetv2_small lcnet_050 mobilenetv3_small_050 tf_mobilenetv3_small_100
mobilenetv4_conv_small_050 mobilenetv5_base fbnetv3_b nf_regnet_b0 nf_resnet26 eca_nfnet_l0 dm_nfnet_f0 rdnet_tiny regnetv_040
regnetx_002 regnety_002 regnetz_005 repghostnet_050 repvit_m0_9 rexnet_100 rexnetr_100 selecsls42b starnet_s050 tresnet_m
ese_vovnet19b_slim_dw vovnet39a xception41p legacy_xception mambaout_femto pnasnet5large nasnetalarge vgg11_bn
""".split()
TIMM_ATTENTION = """
vit_tiny_patch16_224 deit_tiny_patch16_224 deit_tiny_distilled_patch16_224 deit3_small_patch16_224 beit_base_patch16_224
cait_xxs24_224 coat_tiny coat_lite_tiny convit_tiny crossvit_9_240 csatv2 davit_tiny edgenext_xx_small efficientformer_l1
efficientformerv2_s0 efficientvim_m1 efficientvit_b0 efficientvit_m0 eva02_tiny_patch14_224 fastvit_t8 flexivit_small
focalnet_tiny_srf gcvit_xxtiny hiera_tiny_224 sam2_hiera_tiny iformer_t levit_128s levit_conv_128s lowformer_b0
coatnet_nano_rw_224 maxvit_rmlp_pico_rw_256 caformer_s18 convformer_s18 poolformer_s12 poolformerv2_s12 mixer_s32_224
gmlp_ti16_224 gmixer_12_224 resmlp_12_224 mobilevit_xxs mobilevitv2_050 mobilenetv4_hybrid_medium mvitv2_tiny
naflexvit_base_patch16_gap nest_tiny nextvit_small pit_ti_224 pvt_v2_b0 sequencer2d_s shvit_s1 swiftformer_xs
swin_tiny_patch4_window7_224 swinv2_tiny_window8_256 swinv2_cr_tiny_224 tiny_vit_5m_224 tnt_s_patch16_224 twins_svt_small
twins_pcpvt_small visformer_tiny vit_tiny_r_s16_p8_224 vit_relpos_small_patch16_224 samvit_base_patch16_224 vitamin_small_224
volo_d1_224 xcit_nano_12_p16_224 botnet26t_256 halonet26t lambda_resnet26t
""".split()


@dataclass(frozen=True)
class Network:
    name: str
    library: str  # "torchvision" or "timm"
    group: str  # The row of the summary that it counts for.
    counted: bool = True  # One of the 85, or of timm's list.

    @property
    def heavy(self) -> bool:
        return self.library == "torchvision" and self.name in HEAVY


def torchvision_networks() -> list[Network]:
    groups = (
        ("classifiers", CLASSIFIERS), ("segmentation", SEGMENTATION), ("detection", DETECTION), ("optical flow", FLOW),
        ("classifiers", OTHER_CLASSIFIERS), ("detection", OTHER_DETECTION), ("optical flow", OTHER_FLOW), ("video", VIDEO))
    return [Network(name, "torchvision", group, name in COUNTED) for group, names in groups for name in names]


def timm_networks() -> list[Network]:
    return ([Network(name, "timm", "convolutional", True) for name in TIMM_CONVOLUTIONAL]
            + [Network(name, "timm", "attention, MLP, metaformer", True) for name in TIMM_ATTENTION])


def ordered(networks: list[Network]) -> list[Network]:
    """Those that take long or much memory last."""
    return sorted(networks, key=lambda network: network.heavy)
