"""Experiments: methods x budgets x seeds over a dataset with their controls, as ordinary runs, resumable."""

from stcore.evidence.experiment.experiment import Experiment, create_experiment, experiments_in, open_experiment
from stcore.evidence.experiment.options import ExperimentOptions, read_file

__all__ = ["Experiment", "ExperimentOptions", "create_experiment", "experiments_in", "open_experiment", "read_file"]
