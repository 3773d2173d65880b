"""What every pruning strategy promises."""

from typing import Any

import numpy as np

from stcore.options import OptionError
from stcore.prune.strategy import ChoosesInBatch, Selection
from stcore.registry import Card
from stcore.testing.promise import Promise, Promises, card_of, expect
from stcore.testing.trials import SCORES, StrategyTrial, all_same, columns, run_pilot, same, train, visits
from stcore.training.scores import WIDTHS

PROMISES = Promises[StrategyTrial]("strategies", "strategy")


# ---- promises of all strategies ----------------------------------------------------------------------------------------
@PROMISES()
def _columns_exist(trial: StrategyTrial) -> None:
    """It asks only for columns that training measures."""
    strategy = trial.make()
    wanted = {*strategy.needs, *(strategy.pilot.needs if strategy.pilot else ())}
    expect(wanted <= set(WIDTHS), f"{', '.join(sorted(wanted - set(WIDTHS)))} are none of {', '.join(WIDTHS)}")


@PROMISES()
def _selections_are_well_formed(trial: StrategyTrial) -> None:
    """A selection has at least one sample, ascending int64 positions, and a float32 weight above 0 and up to 10 for each."""
    for count in (1, 2, 500):
        keep: dict[str, Any] = {500: {}, 2: {"keep": 0.75}, 1: {"keep": 1.0}}[count]
        for kind in SCORES:
            for epoch, (indices, weights) in enumerate(train(trial.make(count, **keep), kind)):
                where = f"of {count} samples whose scores are {kind}, in epoch {epoch}, "
                expect(indices.dtype == np.int64, f"{where}positions are {indices.dtype}")
                expect(len(indices), f"{where}nothing was selected")
                expect((np.diff(indices) > 0).all(), f"{where}positions do not ascend, or one comes twice")
                expect(indices[0] >= 0 and indices[-1] < count, f"{where}a position is outside 0..{count - 1}")
                expect(weights.dtype == np.float32, f"{where}weights are {weights.dtype}")
                expect(weights.shape == indices.shape, f"{where}there are {len(weights)} weights of {len(indices)}")
                expect((weights > 0).all(), f"{where}a weight is {weights.min()}")
                expect(weights.max() <= 10.001, f"{where}a weight is {weights.max()}")


@PROMISES(when=lambda trial: "keep" in trial.fields)
def _budget_is_met(trial: StrategyTrial) -> None:
    """The share ``keep`` of all visits is met within 1 %."""
    for keep in (0.3, 0.5, 0.75):
        for kind in ("lognormal", "equal"):
            share = visits(train(trial.make(1000, 20, keep=keep), kind)).sum() / 20_000
            expect(abs(share - keep) <= 0.01 * keep, f"with keep = {keep} and {kind} scores the share is {share:.4f}")


@PROMISES()
def _plan_says_the_visits(trial: StrategyTrial) -> None:
    """``plan`` says the visits of each epoch within 2; without a budget it is an upper bound."""
    if "keep" not in trial.fields:
        most = int(trial.make(1000, 20).plan.max())
        expect(most <= 1000, f"the plan has {most} visits to 1000 samples in an epoch")
        return
    strategy = trial.make(1000, 20, keep=0.4)
    made = visits(train(strategy))
    expect(len(made) == len(strategy.plan), f"the plan has {len(strategy.plan)} epochs, the run had {len(made)}")
    off = int(np.abs(made - strategy.plan).max())
    expect(off <= 2, f"an epoch had {off} visits more or fewer than planned")


@PROMISES()
def _equal_seeds_select_the_same(trial: StrategyTrial) -> None:
    """Equal seeds and equal errors give equal selections."""
    first, again = (train(trial.make(seed=0)) for _ in range(2))
    expect(all_same(first, again), "two runs with seed 0 differ")


@PROMISES(when=lambda trial: trial.by_chance)
def _another_seed_draws_others(trial: StrategyTrial) -> None:
    """Another seed draws other samples (``by_chance`` is True)."""
    first, *others = (train(trial.make(seed=seed, keep=0.5)) for seed in range(4))
    seen = "seeds 0 to 3 selected the same; write by_chance = False in the class if scores alone decide"
    expect(not all(all_same(first, other) for other in others), seen)


@PROMISES(when=lambda trial: not trial.by_chance)
def _scores_alone_decide(trial: StrategyTrial) -> None:
    """The seed changes nothing where scores differ (``by_chance`` is False)."""
    first, other = (train(trial.make(seed=seed, keep=0.5)) for seed in (0, 1))
    expect(all_same(first, other), "seeds 0 and 1 selected different samples; leave by_chance = False out")


@PROMISES()
def _resumed_is_uninterrupted(trial: StrategyTrial) -> None:
    """``state_dict`` holds all that resuming needs, as arrays: a strategy that goes on from it selects the same."""
    choices: list[dict[str, Any]] = [{}, {"keep": 0.5}]
    for options in choices:
        whole = trial.make(**options)
        train(whole, until=6)
        state = {key: np.array(array) for key, array in whole.state_dict().items()}
        kinds = {key: type(array).__name__ for key, array in whole.state_dict().items()}
        expect(set(kinds.values()) <= {"ndarray"}, f"the state is {kinds}")
        rest = range(6, len(whole.plan))
        after = [whole.select(epoch) for epoch in rest]
        resumed = trial.make(**options)  # without a pilot: what it taught must be in the state
        resumed.load_state_dict(state)
        for epoch, expected in zip(rest, after, strict=True):
            expect(same(resumed.select(epoch), expected), f"epoch {epoch} after resuming at 6 selects other samples")


@PROMISES()
def _scores_are_numbers(trial: StrategyTrial) -> None:
    """``score`` gives a number for each visited sample [W], NaN for the others, and never infinity."""
    strategy = trial.make()
    train(strategy, until=1)
    score = strategy.score()
    expect(score.shape == (500,), f"the shape is {score.shape} for 500 samples")
    expect(not np.isinf(score).any(), "a score is infinite")
    expect(np.isfinite(score).any(), "after an epoch no sample has a score")


@PROMISES(when=lambda trial: trial.decides == "once")
def _one_choice_stands(trial: StrategyTrial) -> None:
    """What is chosen once stays: every epoch selects the same (``decides`` is "once")."""
    first, *others = train(trial.make())
    changed = [epoch for epoch, other in enumerate(others, 1) if not same(first, other)]
    expect(not changed, f"epochs {changed} select other samples than epoch 0")


@PROMISES(when=lambda trial: isinstance(trial.make(), ChoosesInBatch))
def _batch_choice_is_well_formed(trial: StrategyTrial) -> None:
    """``choose`` gives ascending positions in the candidate batch, at least one."""
    strategy = trial.make()
    train(strategy, until=2)
    expect(isinstance(strategy, ChoosesInBatch), "it has no choose")
    if isinstance(strategy, ChoosesInBatch):
        chosen = np.asarray(strategy.choose(np.arange(100, 164), columns(np.linspace(0, 1, 64))))
        expect(len(chosen) and (np.diff(chosen) > 0).all(), f"the positions are {chosen}")
        expect(chosen[0] >= 0 and chosen[-1] < 64, f"of 64 candidates it chose {chosen}")


# ---- promises of those that decide anew and take the options that Dynamic shares ------------------------------------------
def rank_and_select(trial: StrategyTrial, epochs: int, **options: Any) -> list[tuple[Selection, int, np.ndarray]]:
    """Selections of 1000 samples whose errors are ranks, 0 to 1, the visits planned, and the errors [1000]."""
    strategy = trial.make(1000, 20, trim=0.1, **options)
    error = np.random.default_rng(2).permutation(1000) / 1000
    steps = []
    for epoch in range(epochs):
        steps.append((strategy.select(epoch), int(strategy.plan[epoch]), error))
        strategy.observe(epoch, np.arange(1000), columns(error))
    return steps


@PROMISES(when=lambda trial: trial.annealed)
def _trim_leaves_out_the_hardest(trial: StrategyTrial) -> None:
    """``trim`` leaves out the hardest samples in every epoch that prunes."""
    for epoch, (selection, planned, error) in enumerate(rank_and_select(trial, 20, keep=0.5)):
        hardest = error[selection.indices].max()
        expect(not epoch or planned == 1000 or hardest < 0.9, f"epoch {epoch} visits a sample of rank {hardest}")


@PROMISES(when=lambda trial: trial.annealed and not trial.needs_keep)
def _trim_works_without_a_budget(trial: StrategyTrial) -> None:
    """``trim`` leaves out the hardest by a paper's own rule, too, where ``keep`` is none."""
    for epoch, (selection, _, error) in enumerate(rank_and_select(trial, 3, keep=None)):
        hardest = error[selection.indices].max()
        expect(not epoch or hardest < 0.9, f"epoch {epoch} visits a sample of rank {hardest}")
        expect(len(selection.indices) > 100, f"epoch {epoch} visits {len(selection.indices)} of 1000 samples")


@PROMISES(when=lambda trial: "floor" in trial.fields)
def _floor_keeps_every_hour(trial: StrategyTrial) -> None:
    """``floor`` keeps samples of every hour of the week, within the budget."""
    count = 168 * 50
    hour = np.arange(count) % 168
    strategy = trial.make(count, 20, keep=0.5, floor=0.2)
    strategy.select(0)
    strategy.observe(0, np.arange(count), columns(hour + 0.01))  # some hours are always easy
    for epoch in (1, 2, 3):
        kept = np.bincount(hour[strategy.select(epoch).indices], minlength=168) / 50
        least = 0.2 * (strategy.plan[epoch] / (0.5 * count) if trial.decides == "round" else 1)
        expect(kept.min() > 0, f"epoch {epoch} has no sample of hour {kept.argmin()}")
        expect(
            np.sort(kept)[:17].mean() > 0.5 * least,
            f"epoch {epoch} keeps {np.sort(kept)[:17].mean():.3f} of the rarest",
        )
        total = kept.sum() * 50
        expect(
            abs(total - strategy.plan[epoch]) <= 2, f"epoch {epoch} makes {total:.0f} visits of {strategy.plan[epoch]}"
        )


@PROMISES(when=lambda trial: trial.annealed)
def _pruning_gives_way_to_full_data(trial: StrategyTrial) -> None:
    """The ``tail`` sees everything, and no epoch after the first prunes harder than the one before it."""
    for anneal in ("step", "cosine", "linear"):
        made = visits(train(trial.make(keep=0.6, anneal=anneal, tail=0.25)))
        expect((made[9:] == 500).all(), f"with {anneal} the last 3 of 12 epochs make {made[9:]} visits to 500 samples")
        expect(np.diff(made[1:]).min() >= -2, f"with {anneal} the visits are {made}")
        fades = made[1] < made[8] - 50
        expect(fades == (anneal != "step"), f"with {anneal} the visits are {made}")


@PROMISES(when=lambda trial: trial.annealed)
def _a_shorter_tail_is_noted(trial: StrategyTrial) -> None:
    """``notes`` say where the tail is shorter than asked, and are empty where all is as asked."""
    notes = trial.make(1000, 8, keep=0.35, tail=0.5).notes
    expect(notes and "not 4" in notes[0], f"the notes on a tail of 4 epochs that cannot be are {notes}")
    expect(not (notes := trial.make(1000, 8, keep=0.8).notes), f"the notes on a plain run are {notes}")


@PROMISES(when=lambda trial: trial.annealed)
def _an_impossible_share_is_refused(trial: StrategyTrial) -> None:
    """A share that cannot be met is refused with an OptionError that ends with the smallest share; that one is met."""
    count, epochs = 1000, 2
    try:
        trial.make(count, epochs, keep=0.2)
    except OptionError as error:
        possible = min(float(str(error).rsplit(" ", 1)[1]) + 0.0005, 1.0)  # three digits are said
        share = visits(train(trial.make(count, epochs, keep=possible))).sum() / (count * epochs)
        expect(abs(share - possible) <= 0.01 * possible, f"the smallest share {possible:.4f} is met with {share:.4f}")
    else:
        share = visits(train(trial.make(count, epochs, keep=0.2))).sum() / (count * epochs)
        expect(abs(share - 0.2) <= 0.002, f"0.2 in two epochs was not refused and is met with {share:.4f}")


# ---- bias --------------------------------------------------------------------------------------------------------------
def weighted_sums(trial: StrategyTrial, draws: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean [3] over draws of the kept samples' weighted gradients, its standard error [3], and the sum over all data [3].

    Rescaled by the kept share where the mean gradient is what counts.
    """
    count = 400
    gradient = np.random.default_rng(3).normal(size=(count, 3)) + np.arange(count)[:, None] / count
    error, sums = np.arange(1, count + 1) / count, []
    for seed in range(draws):
        strategy = run_pilot(trial.make(count, 10, seed=seed, keep=0.6), error)
        strategy.observe(0, np.arange(count), columns(error))
        selection = strategy.select(1)
        scale = 1.0 if trial.unbiased == "sum" else count / len(selection.indices)
        sums.append(scale * (selection.weights[:, None] * gradient[selection.indices]).sum(axis=0))
    return np.mean(sums, axis=0), np.std(sums, axis=0) / np.sqrt(draws), gradient.sum(axis=0)


@PROMISES(when=lambda trial: trial.unbiased is not None)
def _weighted_gradients_are_unbiased(trial: StrategyTrial) -> None:
    """The mean over seeds of the weighted gradients is the full gradient (``unbiased`` is "sum", or "mean" per visit)."""
    mean, error, whole = weighted_sums(trial, 300)
    expect((np.abs(mean - whole) <= 3.5 * error + 1e-3).all(), f"it is {mean}, with errors of {error}, not {whole}")


def strategy_promises(card: Card | str) -> list[Promise]:
    """What a strategy promises, one by one; ``hold`` checks each."""
    return PROMISES.of(card_of("strategies", card), StrategyTrial)


def check_strategy(card: Card | str) -> None:
    """Check all that a pruning strategy promises: a card, or the name of one that is installed. Raises BrokenPromise."""
    for promise in strategy_promises(card):
        promise.hold()
