"""The cards of the distillers, with their costs. No torch here.

A matching step computes gradients on a batch of real windows, and gradients of gradients on all synthetic ones. Between two
steps the surrogate is trained on the set.
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

# Gradients of gradients cost so many times as much as gradients.
SECOND_ORDER = 3
# Seconds that CRAIG takes to compare two windows.
CRAIG_PAIR_SECONDS = 4e-9


# ---- what they cost ----------------------------------------------------------------------------------------------------
def matching_cost(options: MatchingOptions, shape: DistilShape) -> DistilCost:
    """Rounds of matching steps and of the training between them. The start is validated as well."""
    rounds, steps = options.rounds or 1, options.steps or 1
    small = shape.small_windows * shape.small_sensors
    subsets = options.subsets if isinstance(options, STemDistOptions) else 1
    trained = (steps - 1) * (options.inner or 0) if isinstance(options, GradientOptions) else 0
    cells = steps * (options.batch * shape.small_sensors + SECOND_ORDER * small) + trained * small
    work = (steps * (1 + SECOND_ORDER) + trained) * subsets
    return DistilCost(rounds * work, rounds * cells, validations=1 + ceil(rounds / (options.check or 1)))


def comparing_cost(options: PickOptions, shape: DistilShape) -> DistilCost:
    """Every window is compared with every picked one."""
    return DistilCost(seconds=shape.small_windows * shape.windows * SKETCH * PRODUCT)


def craig_cost(options: CRAIGOptions, shape: DistilShape) -> DistilCost:
    """A short training on all windows, their gradients, and a comparison of all windows with each other."""
    cells = (options.pilot + 1) * shape.windows * shape.sensors
    return DistilCost(
        real_steps=cells / shape.batch / shape.sensors, real_cells=cells, seconds=shape.windows**2 * CRAIG_PAIR_SECONDS
    )


# ---- how many clusters they need ---------------------------------------------------------------------------------------
def two_clusters(options: MatchingOptions) -> int:
    """Matching needs two clusters."""
    return FEWEST_CLUSTERS


def stemdist_fewest(options: STemDistOptions) -> int:
    """Two clusters for each subset."""
    return FEWEST_CLUSTERS * options.subsets


# ---- the cards ---------------------------------------------------------------------------------------------------------
CARDS = (
    DistillerCard(
        "stemdist",
        "Learns windows of clusters of sensors whose gradients in a model are those of the real windows, subset by subset.",
        "arXiv 2603.10410; from the authors' code, the module names small deviations",
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
        "Medoids of the windows' gradients after a short training, of the means of clusters of sensors.",
        "Mirzasoleiman et al. 2020, arXiv 1906.01827; clusters as in arXiv 2603.10410",
        "stcore.distil.craig:CRAIG",
        CRAIGOptions,
        title="CRAIG",
        cost=craig_cost,
    ),
    DistillerCard(
        "gradient-matching",
        "Learns windows of clusters of sensors whose gradients in a model are those of the real windows, all clusters at once.",
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
