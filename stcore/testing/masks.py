"""What every mask over sensors promises."""

from typing import Any

import numpy as np

from stcore.data import STData
from stcore.options import OptionError
from stcore.registry import Card
from stcore.sensors.mask import SensorMask
from stcore.testing.data import KINDS, grid_data, odd_sensors, plain_data, two_rings
from stcore.testing.promise import Promise, Promises, card_of, expect
from stcore.testing.trials import EPOCHS, MaskTrial, drive, finish, same_gates

SPARSITIES = (0.0, 0.3, 0.6, 0.9)
IMPOSSIBLE: tuple[dict[str, Any], ...] = (
    {"on": ["nobody"]},
    {"off": ["s1", "nobody"]},
    {"costs": ["nobody=2"]},
    {"costs": ["s1=-2"]},
    {"costs": ["s1=1e308", "s2=1e308"], "budget": 3},
    {"on": ["s1"], "off": ["s1"]},
    {"budget": 0.5},
    {"on": ["s1", "s2", "s3"], "budget": 2},
    {"off": [f"s{number}" for number in range(12)]},
)

PROMISES = Promises[MaskTrial]("masks", "mask")
choosing = PROMISES(when=lambda trial: trial.chooses)


@PROMISES(when=lambda trial: trial.card.needs_graph)
def _data_without_a_graph_are_refused(trial: MaskTrial) -> None:
    """A mask that needs a graph refuses data without one in a sentence, and says what needs none."""
    for kind in ("bare", "one"):
        try:
            trial.make(KINDS[kind]())
        except OptionError as error:
            expect("needs a graph" in str(error), f"the error is {error}")
        else:
            expect(False, f"on the data called {kind!r} it was made")


@choosing
def _as_many_are_off_as_asked_for(trial: MaskTrial) -> None:
    """After the last epoch the mask is final, and the share ``sparsity`` of all sites is off, rounded, never all."""
    for number, kind in enumerate(trial.kinds):
        for sparsity in SPARSITIES[number % 2 :: 2]:
            mask = finish(trial.make(KINDS[kind](), sparsity=sparsity))
            where, count = f"on the data called {kind!r} with sparsity {sparsity} ", len(mask.keep)
            expect(mask.is_final, f"{where}it is not final")
            expect(mask.keep.dtype == bool, f"{where}keep is {mask.keep.dtype}")
            wanted = max(round((1 - sparsity) * count), 1)
            expect(mask.keep.sum() == wanted, f"{where}{mask.keep.sum()} of {count} sites are on, not {wanted}")
            expect(mask.score.shape == (count,), f"{where}score has the shape {mask.score.shape}")
            expect(np.isfinite(mask.score).all(), f"{where}a score is not finite")
            expect(mask.report["active"] == wanted, f"{where}the report says {mask.report['active']} active sites")


@PROMISES()
def _gates_are_gates(trial: MaskTrial) -> None:
    """Gates are float32 [R], finite, not negative and not all 0, or None; forecasts are made with the sites of ``keep``."""
    for kind in trial.kinds:
        mask = trial.make(KINDS[kind]())
        for epoch, gates in drive(mask):
            where = f"on the data called {kind!r} in epoch {epoch} "
            for gate in gates:
                if gate is not None:
                    expect(gate.dtype == np.float32, f"{where}the gate is {gate.dtype}")
                    expect(gate.shape == mask.keep.shape, f"{where}the gate has the shape {gate.shape}")
                    expect(np.isfinite(gate).all(), f"{where}a gate is not finite")
                    expect(gate.min() >= 0 and gate.max() > 0, f"{where}gates go from {gate.min()} to {gate.max()}")
            gate = mask.forecast_gate()
            expect(mask.keep.any(), f"{where}all sites are off")
            expect(gate is not None or mask.keep.all(), f"{where}there is no gate for forecasts, but sites are off")
            expect(gate is None or ((gate > 0) == mask.keep).all(), f"{where}the gate for forecasts is not keep")
            numbers = all(isinstance(number, float) and np.isfinite(number) for number in mask.report.values())
            expect(numbers, f"{where}the report is {mask.report}")


@PROMISES(when=lambda trial: trial.has("on", "off"))
def _forced_sensors_are_as_forced(trial: MaskTrial) -> None:
    """Sensors in ``on`` are on in every step, and those in ``off`` are off in every forecast."""
    mask = trial.make(two_rings(), on=["s1", "s7"], off=["s2", "s3", "s8"], sparsity=0.5)
    for epoch, gates in drive(mask):
        for gate in (*gates, mask.forecast_gate()):
            expect(gate is None or (gate[[1, 7]] > 0).all(), f"in epoch {epoch} a sensor of on is off")
    expect(mask.keep[[1, 7]].all(), "keep leaves out a sensor of on")
    expect(not mask.keep[[2, 3, 8]].any(), "keep holds a sensor of off")
    gate = mask.forecast_gate()
    expect(gate is not None and (gate[[2, 3, 8]] == 0).all(), "forecasts are made with a sensor of off")


@PROMISES(when=lambda trial: trial.chooses and trial.has("costs", "budget"))
def _a_budget_of_money_is_kept(trial: MaskTrial) -> None:
    """The sites that stay cost at most ``budget``, and there is no room for another one of any price."""
    price = np.array([1 + number % 4 for number in range(12)])
    mask = finish(trial.make(two_rings(), costs=[f"s{number}={cost}" for number, cost in enumerate(price)], budget=14))
    spent = price[mask.keep].sum()
    expect(14 - price.max() < spent <= 14, f"of 14 it spends {spent}")
    expect(mask.report["cost"] == spent, f"the report says {mask.report['cost']}, they cost {spent}")


@choosing
def _no_part_of_the_graph_is_left_alone(trial: MaskTrial) -> None:
    """At least one site stays on in every connected part of the graph."""
    for sparsity in (0.3, 0.6, 0.8):
        mask = finish(trial.make(two_rings(), sparsity=sparsity))
        kept = mask.keep[:6].sum(), mask.keep[6:].sum()
        expect(min(kept) > 0, f"with sparsity {sparsity} two parts keep {kept} sites")
        expect(
            mask.report["lonely"] == 0,
            f"with sparsity {sparsity} the report says {mask.report['lonely']} parts are lonely",
        )


@PROMISES()
def _equal_seeds_give_equal_masks(trial: MaskTrial) -> None:
    """Equal seeds and equal slopes give equal gates."""
    first, second = (list(drive(trial.make(two_rings(), 5))) for _ in range(2))
    expect(same_gates(first, second), "two masks with seed 5 differ")


@PROMISES()
def _resumed_is_uninterrupted(trial: MaskTrial) -> None:
    """``state_dict`` holds all that resuming needs, as arrays: from every epoch's end on the gates are the same."""
    whole, half = trial.make(two_rings(), 2), trial.make(two_rings(), 2)
    expected = list(drive(whole))
    for epoch, _ in drive(half):
        state = {name: np.array(array) for name, array in half.state_dict().items()}
        kinds = {type(array).__name__ for array in half.state_dict().values()}
        expect(kinds <= {"ndarray"}, f"the state holds {kinds}")
        if epoch + 1 < EPOCHS:
            resume(trial, state, epoch + 1, whole, expected)


def resume(trial: MaskTrial, state: dict[str, np.ndarray], epoch: int, whole: SensorMask, expected: list[Any]) -> None:
    """Go on from a state before ``epoch`` and compare with the ``whole`` mask and what is ``expected`` of it."""
    rest = trial.make(two_rings(), 2)
    rest.load_state_dict(state)
    expect(same_gates(list(drive(rest, epoch)), expected[epoch:]), f"resumed before epoch {epoch} the gates differ")
    expect(np.array_equal(rest.keep, whole.keep), f"resumed before epoch {epoch} keep differs")
    expect(np.array_equal(rest.score, whole.score), f"resumed before epoch {epoch} the scores differ")
    expect(rest.report == whole.report, f"resumed before epoch {epoch} the report is {rest.report}, not {whole.report}")
    expect(rest.is_final == whole.is_final, f"resumed before epoch {epoch} is_final is {rest.is_final}")


@choosing
def _silent_sensors_go_first(trial: MaskTrial) -> None:
    """A sensor that measured nothing in training is off before any other."""
    mask = finish(trial.make(odd_sensors(), sparsity=0.3))
    expect(not mask.keep[2], "it is on")


@PROMISES(when=lambda trial: trial.chooses and trial.has("region"))
def _regions_act_as_one(trial: MaskTrial) -> None:
    """On a grid the sites are regions: a block of cells is on or off as one."""
    mask = finish(trial.make(grid_data(), sparsity=0.5))
    expect(len(mask.keep) == 6, f"of 6 regions it knows {len(mask.keep)}")
    expect(mask.keep.sum() == 3, f"with sparsity 0.5 it keeps {mask.keep.sum()} of 6 regions")


@PROMISES(when=lambda trial: trial.has("on", "off"))
def _what_cannot_be_is_refused_in_one_sentence(trial: MaskTrial) -> None:
    """Options that cannot be, such as an unknown sensor or a budget below all costs, are refused in one sentence."""
    for options in IMPOSSIBLE:
        if not trial.has(*options):
            continue
        try:
            trial.make(two_rings(), **options)
        except OptionError as error:
            one = str(error).endswith(".") and ". " not in str(error)
            expect(one, f"{options} is refused with {error}")
        else:
            expect(False, f"{options} was taken")


@PROMISES(when=lambda trial: trial.has("on", "off"))
def _a_mask_that_can_do_nothing_says_so(trial: MaskTrial) -> None:
    """One note says why a mask can switch nothing off, where it can not; else none does."""
    idle: list[tuple[STData, dict[str, Any]]] = [(plain_data(), {"on": plain_data().sensors, "sparsity": 0.0})]
    if not trial.card.needs_graph:  # a single site has none
        idle += [(plain_data(1), {}), (grid_data(), {"region": 64})]
    if trial.card.chooses:
        idle.append((two_rings() if trial.card.needs_graph else plain_data(2), {"sparsity": 0.01}))
    if trial.has("budget"):
        idle.append((two_rings(), {"budget": 99.0}))
    for data, options in idle:
        notes = idle_notes(trial.make(data, **options))
        expect(len(notes) == 1, f"on {len(data.sensors)} sensors with {options} the notes on that are {notes}")
    choices: tuple[dict[str, Any], ...] = ({"off": ["s1"]}, {})
    for options in choices:
        notes = idle_notes(trial.make(two_rings(), **options))
        expect(not notes, f"with {options} a note says {notes}")


def idle_notes(mask: SensorMask) -> list[str]:
    """The notes that say that the mask can do nothing."""
    return [note for note in mask.notes if "can switch nothing off" in note]


def mask_promises(card: Card | str) -> list[Promise]:
    """What a mask promises, one by one; ``hold`` checks each."""
    return PROMISES.of(card_of("masks", card), MaskTrial)


def check_mask(card: Card | str) -> None:
    """Check all that a mask over sensors promises: a card, or the name of an installed one. Raises BrokenPromise."""
    for promise in mask_promises(card):
        promise.hold()
