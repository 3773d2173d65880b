"""Random windows of the means of clusters of sensors: where STemDist begins, without anything learned."""

from stcore.distil.random import Random


class ClusterMean(Random):
    """As Random, of clusters."""
