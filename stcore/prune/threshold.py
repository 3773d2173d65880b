"""Which samples count as easy, and fair draws among them: what InfoBatch and ST-Prune share."""

import numpy as np

from stcore.prune.schedule import ScheduleOptions, budget, shape
from stcore.prune.strategy import Dynamic, Samples, Selection, everything

MOST = 0.9  # largest probability of being pruned; weights stay at most 10


def easy_by_mean(scores: np.ndarray) -> np.ndarray:
    """Samples [W] bool whose score is below the mean of all scores; unscored ones never are."""
    known = np.isfinite(scores)
    return known & (scores < scores[known].mean(dtype=np.float64)) if known.any() else known


def easy_by_budget(
    scores: np.ndarray, dropped: int, rng: np.random.Generator, most: float = MOST
) -> tuple[np.ndarray, float]:
    """The easiest samples [W] bool out of which ``dropped`` go with probability ``most``, and that probability.

    Where that many are not there, all samples count as easy and the probability rises.

    Ours: an exact budget by a quantile of the score. Equal scores are ordered by chance, unscored ones count as hard.
    """
    count = len(scores)
    easy = np.zeros(count, bool)
    if dropped == 0:
        return easy, 0.0
    size = min(count, max(dropped + 1, int(np.ceil(dropped / most))))
    shuffled = rng.permutation(count)
    easy[shuffled[np.argsort(np.nan_to_num(scores, nan=np.inf)[shuffled], kind="stable")[:size]]] = True
    return easy, dropped / size


def draw(probability: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A sample [K] bool of fixed size in which entry i is drawn with exactly ``probability`` [K][i].

    Systematic sampling over a random order (Madow 1949): the number drawn is the sum of the probabilities, rounded by
    chance, so a budget is met and inverse weights stay unbiased.
    """
    order = rng.permutation(len(probability))
    steps = np.floor(np.cumsum(probability[order], dtype=np.float64) + rng.random() + 1e-9)
    taken = np.zeros(len(probability), bool)
    taken[order] = np.diff(steps, prepend=0) > 0
    return taken


class Threshold(Dynamic):
    """Drops easy samples by chance, gives back full data at the end. Subclasses say which of the easy ones, and weights."""

    most = MOST  # the probability that an exact budget aims at: higher spares the harder ones, lower the weights

    def __init__(self, options: ScheduleOptions, samples: Samples, prune_probability: float) -> None:
        self.exact = options.keep is not None
        self.rate = prune_probability * shape(samples.epochs, options.anneal, options.tail)
        if self.exact:
            plan, notes = budget(samples.count, samples.epochs, options)
        else:
            plan, notes = np.full(samples.epochs, samples.count), []
        super().__init__(samples, plan, notes)

    def thin(self, easy: np.ndarray, probability: float, rng: np.random.Generator) -> Selection:
        """All hard samples and some of the ``easy`` [W] bool, which go with ``probability`` on average."""
        raise TypeError(f"{type(self).__name__} does not say which samples it keeps")

    def select(self, epoch: int) -> Selection:
        """This epoch's samples: by the mean and the native probability, or by a quantile and the exact budget."""
        rng, count = self.generator(epoch), self.samples.count
        if self.exact:
            easy, probability = easy_by_budget(self.scores, count - int(self.plan[epoch]), rng, self.most)
        else:
            easy, probability = easy_by_mean(self.scores), float(self.rate[epoch])
        self.report = {"easy": float(easy.mean())}
        if probability == 0 or not easy.any():
            return everything(count)
        self.report["threshold"] = float(self.scores[easy].max())
        return self.thin(easy, probability, rng)
