"""Every registered mask against one contract. Those that learn are driven with slopes that depend on the mask alone."""

from collections.abc import Iterator

import numpy as np
import pytest
from mask_data import DATA, grid, odd, parts, plain

from stcore import registry
from stcore.data import STData
from stcore.options import OptionError
from stcore.sensors.mask import SensorMask
from stcore.sensors.options import MaskOptions, SiteOptions
from stcore.sensors.sites import Sites

NAMES = list(registry.cards("masks"))
IDLE = ("none", "any")  # nothing is off for good
CHOOSING = [name for name in NAMES if name not in (*IDLE, "given")]  # a given mask is as given
NEEDS_GRAPH = ("degree",)
EPOCHS, BATCHES = 8, 4


def make(name: str, data: STData, seed: int = 0, **options: object) -> SensorMask:
    if name == "none":
        options = {}
    elif name == "given" and not options.keys() & {"on", "off"}:
        options = {"on": data.sensors[:1], **options}
    if name != "none" and "grid" in data.ds.attrs:
        options = {"region": 2, **options}
    card = registry.card("masks", name)
    settings = card.options.read(options)
    shared = settings if isinstance(settings, SiteOptions) else MaskOptions()
    return card.load()(settings, Sites(data, shared, 0, np.arange(data.steps) < 180), EPOCHS, seed)


def worth(count: int) -> np.ndarray:
    """What each site is worth to the model that is not there."""
    return np.random.default_rng(3).permutation(count) / count


def judge(masks: np.ndarray) -> np.ndarray:
    """Errors [M] that grow with what is off."""
    return 1 + (~masks.astype(bool) * worth(masks.shape[1])).sum(axis=1)


def driven(mask: SensorMask, first: int = 0) -> Iterator[tuple[int, list[np.ndarray | None]]]:
    """Each epoch and the gates of its steps, as a trainer would ask for them."""
    for epoch in range(first, EPOCHS):
        before = mask.keep.copy()
        assert mask.begin(epoch, judge) == bool((mask.keep != before).any())
        gates = []
        for batch in range(BATCHES):
            gates.append(gate := mask.gate(epoch, batch))
            if gate is not None and mask.learns:
                mask.learn(-worth(len(gate)) * (1.5 - gate) / BATCHES, 0.01)
        yield epoch, gates


def finished(name: str, data: STData, seed: int = 0, **options: object) -> SensorMask:
    mask = make(name, data, seed, **options)
    for _ in driven(mask):
        pass
    return mask


def acts(name: str, options: dict[str, object]) -> bool:
    """Whether a mask reads all of these options; one that does not choose how many are off has no budget."""
    return options.keys() <= registry.card("masks", name).options.model_fields.keys()


def refuses(name: str, kind: str) -> bool:
    return name in NEEDS_GRAPH and kind in ("bare", "one")


@pytest.mark.parametrize("name", CHOOSING)
@pytest.mark.parametrize("kind", DATA)
@pytest.mark.parametrize("sparsity", [0.0, 0.3, 0.6, 0.9])
def test_as_many_are_off_as_asked_for(name: str, kind: str, sparsity: float) -> None:
    data = DATA[kind]()
    if refuses(name, kind):
        with pytest.raises(OptionError, match=r"needs a graph.*need none"):
            make(name, data)
        return
    mask = finished(name, data, sparsity=sparsity)
    assert mask.is_final
    assert mask.keep.dtype == bool
    assert mask.keep.sum() == max(round((1 - sparsity) * len(mask.keep)), 1)
    assert np.isfinite(mask.score).all() and mask.score.shape == mask.keep.shape
    assert mask.report["active"] == mask.keep.sum()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", DATA)
def test_gates_are_gates(name: str, kind: str) -> None:
    if refuses(name, kind):
        pytest.skip("refused, see above")
    mask = make(name, DATA[kind]())
    for _, gates in driven(mask):
        for gate in gates:
            assert gate is None or (gate.dtype == np.float32 and gate.shape == mask.keep.shape)
            assert gate is None or (gate.min() >= 0 and gate.max() > 0 and np.isfinite(gate).all())
        held = mask.forecast_gate()
        assert mask.keep.any() and (held is None) <= bool(mask.keep.all())
        assert held is None or ((held > 0) == mask.keep).all()
        assert all(isinstance(number, float) and np.isfinite(number) for number in mask.report.values())


@pytest.mark.parametrize("name", [name for name in NAMES if name != "none"])
def test_forced_sensors_are_as_forced(name: str) -> None:
    share = {"sparsity": 0.5} if acts(name, {"sparsity": 0.5}) else {}
    mask = make(name, parts(), on=["s1", "s7"], off=["s2", "s3", "s8"], **share)
    for _, gates in driven(mask):
        for gate in (*gates, mask.forecast_gate()):
            assert gate is None or (gate[[1, 7]] > 0).all()
    assert mask.keep[[1, 7]].all() and not mask.keep[[2, 3, 8]].any()
    held = mask.forecast_gate()
    assert held is not None and (held[[2, 3, 8]] == 0).all()


@pytest.mark.parametrize("name", CHOOSING)
def test_a_budget_of_money_is_kept(name: str) -> None:
    costs = [f"s{place}={1 + place % 4}" for place in range(12)]
    mask = finished(name, parts(), costs=costs, budget=14)
    price = np.array([1 + place % 4 for place in range(12)])
    assert 14 - price.max() < price[mask.keep].sum() <= 14
    assert mask.report["cost"] == price[mask.keep].sum()


@pytest.mark.parametrize("name", CHOOSING)
@pytest.mark.parametrize("sparsity", [0.3, 0.6, 0.8])
def test_no_part_of_the_graph_is_left_alone(name: str, sparsity: float) -> None:
    mask = finished(name, parts(), sparsity=sparsity)
    assert mask.keep[:6].any() and mask.keep[6:].any() and mask.report["lonely"] == 0


@pytest.mark.parametrize("name", NAMES)
def test_equal_seeds_equal_masks(name: str) -> None:
    first, second = (list(driven(make(name, parts(), 5))) for _ in range(2))
    assert same(first, second)


def test_another_seed_draws_others() -> None:
    first, second = (finished("random", plain(), seed).keep for seed in (0, 1))
    assert (first != second).any()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("stop", range(1, EPOCHS))
def test_resuming_equals_going_on(name: str, stop: int) -> None:
    whole, half, rest = (make(name, parts(), 2) for _ in range(3))
    expected = list(driven(whole))
    for epoch, _ in driven(half):
        if epoch + 1 == stop:
            break
    state = half.state_dict()
    assert all(isinstance(array, np.ndarray) for array in state.values())
    rest.load_state_dict({key: array.copy() for key, array in state.items()})
    assert same(list(driven(rest, stop)), expected[stop:])
    np.testing.assert_array_equal(rest.keep, whole.keep)
    np.testing.assert_array_equal(rest.score, whole.score)
    assert rest.report == whole.report and rest.is_final == whole.is_final


def same(left: list[tuple[int, list[np.ndarray | None]]], right: list[tuple[int, list[np.ndarray | None]]]) -> bool:
    pairs = [
        (a, b) for (_, ours), (_, theirs) in zip(left, right, strict=True) for a, b in zip(ours, theirs, strict=True)
    ]
    return all(
        (a is None and b is None) or (a is not None and b is not None and np.array_equal(a, b)) for a, b in pairs
    )


@pytest.mark.parametrize("name", CHOOSING)
def test_silent_sensors_go_first(name: str) -> None:
    mask = finished(name, odd(), sparsity=0.3)
    assert not mask.keep[2]


@pytest.mark.parametrize("name", CHOOSING)
def test_regions_act_as_one(name: str) -> None:
    mask = finished(name, grid(), sparsity=0.5)
    assert mask.keep.sum() == 3 and len(mask.keep) == 6


@pytest.mark.parametrize("name", [name for name in NAMES if name != "none"])
@pytest.mark.parametrize(
    "options",
    [
        {"on": ["nobody"]},
        {"off": ["s1", "nobody"]},
        {"costs": ["nobody=2"]},
        {"costs": ["s1=-2"]},
        {"costs": ["s1=1e308", "s2=1e308"], "budget": 3},
        {"on": ["s1"], "off": ["s1"]},
        {"budget": 0.5},
        {"on": ["s1", "s2", "s3"], "budget": 2},
        {"off": [f"s{place}" for place in range(12)]},
    ],
)
def test_what_cannot_be_is_refused_in_one_sentence(name: str, options: dict[str, object]) -> None:
    if not acts(name, options):
        with pytest.raises(OptionError, match="no option 'budget'"):
            make(name, parts(), **options)
        return
    with pytest.raises(OptionError) as refused:
        make(name, parts(), **options)
    assert str(refused.value).endswith(".") and ". " not in str(refused.value)


def test_an_unknown_mask_is_answered_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="conditional-variance"):
        registry.card("masks", "nobody")


@pytest.mark.parametrize("name", [name for name in NAMES if name != "none"])
def test_a_mask_that_can_do_nothing_says_so(name: str) -> None:
    everyone = plain().sensors
    none = {"sparsity": 0.0} if acts(name, {"sparsity": 0.0}) else {}
    idle = [("every", plain(), {"on": everyone, **none})]
    if name not in NEEDS_GRAPH:  # a single site has none
        idle.append(("sensor" if name == "given" else "one sensor only", plain(1), {}))
        idle.append(("sensor" if name == "given" else "one region only", grid(), {"region": 64}))
    if name != "given":
        idle.append(("less than", plain(2) if name not in NEEDS_GRAPH else parts(), {"sparsity": 0.01}))
    if acts(name, {"budget": 1}):
        idle.append(("pays for all", parts(), {"budget": 99.0}))
    for words, data, options in idle:
        told = [note for note in make(name, data, **options).notes if "can switch nothing off" in note]
        assert len(told) == 1 and words in told[0], (options, told)
    assert not any("nothing off" in note for note in make(name, parts(), off=["s1"]).notes)
    assert not any("nothing off" in note for note in make(name, parts()).notes)
    assert make("none", plain(1)).notes == []


@pytest.mark.parametrize("name", ["any", "given"])
def test_options_that_did_nothing_are_still_read_where_old_runs_name_them(name: str) -> None:
    options = registry.card("masks", name).options
    old = {**options(on=["s1"]).model_dump(mode="json"), "budget": None, "connected": True}
    assert options.read({**old, **({"sparsity": 0.4} if name == "given" else {})}) == options(on=["s1"])
    assert not {"budget", *(["sparsity"] if name == "given" else [])} & options.model_fields.keys()


def test_unknown_sensors_are_named_with_those_that_are_nearly_so() -> None:
    with pytest.raises(OptionError, match=r"'s111', 'zz' \(near: 's11'.*which are no sensors of tiny"):
        make("random", plain(), on=["s1", "s111", "zz"])
    with pytest.raises(OptionError, match=r"mask.costs names 'S1' .near: 's1'.*which is no sensor"):
        make("random", plain(), costs=["S1=2"])
    with pytest.raises(OptionError, match="and 3 more"):
        make("random", plain(), off=[f"nobody {number}" for number in range(8)])
