"""Random windows of the means of clusters of sensors. STemDist starts from such a set; here nothing is learned."""

from stcore.distil.random import Random


class ClusterMean(Random):
    """Random windows; the options choose clusters as sensors."""
