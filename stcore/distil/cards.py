"""The cards of the methods of distillation, with what the methods cost. No torch here.

A matching step takes slopes on a batch of real windows, and on all synthetic ones slopes of slopes; between two steps the
surrogate is trained on the set.
"""

from math import ceil

from stcore.distil.options import (
    FEWEST_CLUSTERS,
    CRAIGOptions,
    GradientOptions,
    KCenterOptions,
    MatchingOptions,
    PickOptions,
    RandomOptions,
    STemDistOptions,
    with_schedule,
)
from stcore.registry import DistilCost, DistillerCard, DistilShape
from stcore.training.cost import PRODUCT
from stcore.training.features import SKETCH

SLOPES = 3  # how much more slopes of slopes cost than slopes
COMPARED = 4e-9  # seconds in which CRAIG compares two windows


# ---- what they cost ----------------------------------------------------------------------------------------------------
def matching_cost(options: MatchingOptions, shape: DistilShape) -> DistilCost:
    """Rounds of matching steps and of the epochs of training between them; the start is validated, too."""
    rounds, steps = options.rounds or 1, options.steps or 1
    small = shape.small_windows * shape.small_sensors
    subsets = options.subsets if isinstance(options, STemDistOptions) else 1
    trained = (steps - 1) * (options.inner or 0) if isinstance(options, GradientOptions) else 0
    cells = steps * (options.batch * shape.small_sensors + SLOPES * small) + trained * small
    made = (steps * (1 + SLOPES) + trained) * subsets
    return DistilCost(rounds * made, rounds * cells, validations=1 + ceil(rounds / (options.check or 1)))


def comparing_cost(options: PickOptions, shape: DistilShape) -> DistilCost:
    """Every window is compared with every one that is picked."""
    return DistilCost(seconds=shape.small_windows * shape.windows * SKETCH * PRODUCT)


def craig_cost(options: CRAIGOptions, shape: DistilShape) -> DistilCost:
    """A short training on all windows, their slopes, and all windows compared with all."""
    cells = (options.pilot + 1) * shape.windows * shape.sensors
    return DistilCost(
        real_steps=cells / shape.batch / shape.sensors, real_cells=cells, seconds=shape.windows**2 * COMPARED
    )


# ---- how many clusters they need ---------------------------------------------------------------------------------------
def two_clusters(options: MatchingOptions) -> int:
    """Matching needs two."""
    return FEWEST_CLUSTERS


def stemdist_fewest(options: STemDistOptions) -> int:
    """Two for each subset."""
    return FEWEST_CLUSTERS * options.subsets


# ---- the cards ---------------------------------------------------------------------------------------------------------
CARDS = (
    DistillerCard(
        "stemdist",
        "Learns windows of clusters of sensors whose slopes in a model are those of the real windows, subset by subset.",
        "arXiv 2603.10410; from the authors' code, small deviations are told in the module",
        "stcore.distil.stemdist:STemDist",
        STemDistOptions,
        title="STemDist",
        learns=True,
        decide=with_schedule,
        fewest=stemdist_fewest,
        cost=matching_cost,
    ),
    DistillerCard(
        "cluster-mean",
        "Random windows of the means of clusters of sensors: where the paper's STemDist begins.",
        "location clustering of arXiv 2603.10410",
        "stcore.distil.cluster_mean:ClusterMean",
        PickOptions,
    ),
    DistillerCard(
        "random",
        "Random windows of random sensors.",
        "the control of every choice",
        "stcore.distil.random:Random",
        RandomOptions,
    ),
    DistillerCard(
        "stride",
        "Every k-th window of the means of clusters of sensors.",
        "the usual thinning of overlapping windows; clusters as in arXiv 2603.10410",
        "stcore.distil.stride:Stride",
        PickOptions,
    ),
    DistillerCard(
        "k-center",
        "Windows far from each other in their values, of sensors far from each other in theirs.",
        "Sener, Savarese 2018, arXiv 1708.00489; both at once as in arXiv 2603.10410",
        "stcore.distil.k_center:KCenter",
        KCenterOptions,
        cost=comparing_cost,
    ),
    DistillerCard(
        "herding",
        "Windows whose mean is that of all, of the means of clusters of sensors.",
        "Welling 2009; clusters as in arXiv 2603.10410",
        "stcore.distil.herding:Herding",
        PickOptions,
        cost=comparing_cost,
    ),
    DistillerCard(
        "craig",
        "Medoids of the windows' slopes after a short training, of the means of clusters of sensors.",
        "Mirzasoleiman et al. 2020, arXiv 1906.01827; clusters as in arXiv 2603.10410",
        "stcore.distil.craig:CRAIG",
        CRAIGOptions,
        title="CRAIG",
        cost=craig_cost,
    ),
    DistillerCard(
        "gradient-matching",
        "Learns windows of clusters of sensors whose slopes in a model are those of the real windows, all clusters at once.",
        "Zhao et al. 2021, arXiv 2006.05929; on clusters of sensors as in arXiv 2603.10410",
        "stcore.distil.gradient_matching:GradientMatching",
        GradientOptions,
        title="Gradient matching (DC)",
        learns=True,
        decide=with_schedule,
        fewest=two_clusters,
        cost=matching_cost,
    ),
    DistillerCard(
        "distribution-matching",
        "Learns windows of clusters of sensors whose mean is that of the real windows under models with random weights.",
        "Zhao, Bilen 2023, arXiv 2110.04181; for forecasting, and on clusters of sensors, it is our reading",
        "stcore.distil.distribution_matching:DistributionMatching",
        MatchingOptions,
        title="Distribution matching (DM)",
        learns=True,
        decide=with_schedule,
        fewest=two_clusters,
        cost=matching_cost,
    ),
)
