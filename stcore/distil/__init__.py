"""Distillation: a small dataset that trains models like the big one.

One method a file. The cards stand here, apart from the code, so that listing methods loads no torch.
"""

from stcore.distil.options import (
    CRAIGOptions,
    GradientOptions,
    KCenterOptions,
    MatchingOptions,
    PickOptions,
    RandomOptions,
    STemDistOptions,
)
from stcore.registry import Card

CARDS = (
    Card(
        "stemdist",
        "Learns windows of clusters of sensors whose slopes in a model are those of the real windows, subset by subset.",
        "arXiv 2603.10410; from the authors' code, small deviations are told in the module",
        "stcore.distil.stemdist:STemDist",
        STemDistOptions,
        title="STemDist",
    ),
    Card(
        "cluster-mean",
        "Random windows of the means of clusters of sensors: where the paper's STemDist begins.",
        "location clustering of arXiv 2603.10410",
        "stcore.distil.cluster_mean:ClusterMean",
        PickOptions,
    ),
    Card(
        "random",
        "Random windows of random sensors.",
        "the control of every choice",
        "stcore.distil.random:Random",
        RandomOptions,
    ),
    Card(
        "stride",
        "Every k-th window of the means of clusters of sensors.",
        "the usual thinning of overlapping windows; clusters as in arXiv 2603.10410",
        "stcore.distil.stride:Stride",
        PickOptions,
    ),
    Card(
        "k-center",
        "Windows far from each other in their values, of sensors far from each other in theirs.",
        "Sener, Savarese 2018, arXiv 1708.00489; both at once as in arXiv 2603.10410",
        "stcore.distil.k_center:KCenter",
        KCenterOptions,
    ),
    Card(
        "herding",
        "Windows whose mean is that of all, of the means of clusters of sensors.",
        "Welling 2009; clusters as in arXiv 2603.10410",
        "stcore.distil.herding:Herding",
        PickOptions,
    ),
    Card(
        "craig",
        "Medoids of the windows' slopes after a short training, of the means of clusters of sensors.",
        "Mirzasoleiman et al. 2020, arXiv 1906.01827; clusters as in arXiv 2603.10410",
        "stcore.distil.craig:CRAIG",
        CRAIGOptions,
        title="CRAIG",
    ),
    Card(
        "gradient-matching",
        "Learns windows of clusters of sensors whose slopes in a model are those of the real windows, all clusters at once.",
        "Zhao et al. 2021, arXiv 2006.05929; on clusters of sensors as in arXiv 2603.10410",
        "stcore.distil.gradient_matching:GradientMatching",
        GradientOptions,
        title="Gradient matching (DC)",
    ),
    Card(
        "distribution-matching",
        "Learns windows of clusters of sensors whose mean is that of the real windows under models with random weights.",
        "Zhao, Bilen 2023, arXiv 2110.04181; for forecasting, and on clusters of sensors, it is our reading",
        "stcore.distil.distribution_matching:DistributionMatching",
        MatchingOptions,
        title="Distribution matching (DM)",
    ),
)
