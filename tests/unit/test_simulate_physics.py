"""The physics of the simulated city: no vehicle is made or lost, jams grow as theory says."""

import numpy as np
import pytest

from stcore.simulate import days, physics
from stcore.simulate.network import Network, build_network
from stcore.simulate.road_distances import upstream_cells
from stcore.simulate.traffic import city_traffic, drive_day


@pytest.fixture(scope="module")
def network() -> Network:
    return build_network()


def straight_road(cells: int, block: float = 1.0) -> physics.Cells:
    """An origin, a road of cells of which the last keeps ``block`` of its capacity, and the outside; steps of 15 s."""
    size, last = cells + 2, cells
    capacity = np.full(size, 1900 * 15 / 3600)
    capacity[last] *= block
    jam, crossed, wave = (
        np.full(size, 1900 * (1 / 100 + 1 / 20) * 0.5),
        np.full(size, 100 / 120),
        np.full(size, 20 / 120),
    )
    jam[[0, -1]], capacity[[0, -1]], crossed[[0, -1]], wave[[0, -1]] = np.inf, np.inf, [1.0, 0.0], 1.0
    turns = np.arange(size)
    target, share = np.minimum(turns + 1, size - 1), np.ones(size)
    share[-1] = 0.0
    return physics.Cells(crossed, wave, capacity, jam, turns, target, share, turns)


def drive(cells: physics.Cells, entering: float, steps: int) -> np.ndarray:
    """[steps, K] vehicles, ``entering`` arriving at cell 0 in each step."""
    vehicles, seen = np.zeros(cells.jam.size), []
    for _ in range(steps):
        vehicles[0] += entering
        vehicles, _ = physics.advance(vehicles, cells)
        seen.append(vehicles)
    return np.stack(seen)


# ---- the physics -------------------------------------------------------------------------------------------------------
def test_no_vehicle_is_made_or_lost(network: Network) -> None:
    chance = np.random.default_rng(0)
    vehicles, entered, left_before = np.zeros(network.cells.jam.size), 0.0, 0.0
    for _ in range(2000):
        enter = network.origin_size * chance.uniform(0, 2, network.origin_size.size) * 15 / 3600
        vehicles[network.origins] += enter
        entered += enter.sum()
        vehicles, _ = physics.advance(vehicles, network.cells)
        assert vehicles[-1] >= left_before
        left_before = vehicles[-1]
    assert left_before > 1000
    assert vehicles.sum() == pytest.approx(entered, rel=1e-12)


def test_density_and_flow_stay_within_the_diagram(network: Network) -> None:
    chance = np.random.default_rng(1)
    vehicles, roads = np.zeros(network.cells.jam.size), slice(network.roads)
    for _ in range(2000):
        vehicles[network.origins] += network.origin_size * chance.uniform(0, 3, network.origin_size.size) * 15 / 3600
        vehicles, out = physics.advance(vehicles, network.cells)
        assert vehicles.min() >= -1e-9
        assert (vehicles <= network.cells.jam + 1e-9).all()
        assert (out[roads] <= network.cells.capacity[roads] + 1e-9).all()
    assert (vehicles[roads] > 0.5 * network.cells.jam[roads]).any(), "the test must have seen a jam"


def test_free_traffic_flows_as_it_enters() -> None:
    cells = straight_road(20)
    vehicles = drive(cells, 5.0, 400)[-1]
    assert vehicles[1:-1] == pytest.approx(5.0 / cells.crossed[1], rel=1e-9)


def test_a_jam_grows_upstream_as_fast_as_theory_says() -> None:
    """The tail of a jam moves at the jump of flow over the jump of density (Rankine and Hugoniot)."""
    cells, steps = straight_road(60, block=0.3), 240
    entering, leaving = 5.0, 0.3 * cells.capacity[1]
    thin, dense = entering / cells.crossed[1], cells.jam[1] - leaving / cells.wave[1]
    seen = drive(cells, entering, 60 + steps)
    jammed = (seen[:, 1:-1] > (thin + dense) / 2).sum(axis=1)
    assert (np.diff(jammed[60:]) >= 0).all()
    assert seen[-1, 59] == pytest.approx(dense, rel=1e-6)
    grown = jammed[-1] - jammed[100]
    assert grown == pytest.approx((entering - leaving) / (dense - thin) * (59 + steps - 100), abs=1.5)


def test_a_blocked_way_holds_up_the_others_but_not_the_exit() -> None:
    """Cell 0 turns to 1 (full), to 2 (empty) and outside (3)."""
    source, target = np.array([0, 0, 0, 1, 2, 3]), np.array([1, 2, 3, 3, 3, 3])
    share, first = np.array([0.4, 0.4, 0.2, 1.0, 1.0, 0.0]), np.array([0, 3, 4, 5])
    room = np.array([9.0, 0.0, 9.0, np.inf])
    cells = physics.Cells(*np.ones((4, 4)), source, target, share, first)  # type: ignore[call-arg]
    turned = physics.turn_flow(np.array([10.0, 0.0, 0.0, 0.0]), room, cells)
    assert turned[:3].tolist() == [0.0, 0.0, 2.0]


def test_a_merge_shares_the_room_by_who_wants_in() -> None:
    source, target = np.array([0, 1, 2, 3]), np.array([2, 2, 3, 3])
    cells = physics.Cells(*np.ones((4, 4)), source, target, np.array([1, 1, 1, 0.0]), np.arange(4))  # type: ignore[call-arg]
    turned = physics.turn_flow(np.array([6.0, 2.0, 0.0, 0.0]), np.array([9.0, 9.0, 4.0, np.inf]), cells)
    assert turned[:2].tolist() == [3.0, 1.0]


def test_roads_keep_the_condition_of_courant(network: Network) -> None:
    assert network.cells.crossed[: network.roads].max() <= 1.0
    assert network.cells.wave[: network.roads].max() <= 1.0
    shares = np.bincount(network.cells.source, network.cells.share)
    assert shares[:-1] == pytest.approx(1.0)
    entering = np.zeros(network.cells.jam.size)
    entering[network.origins] = 1.0
    assert physics.steady_flow(entering, network.cells)[-1] == pytest.approx(entering.sum())


def test_an_incident_jams_the_road_upstream_and_not_its_twin(network: Network) -> None:
    cells = physics.side_by_side(network.cells, 2)
    quiet = days.Day(np.tile(0.6 * network.origin_size, (36, 1)), np.ones(36), [])
    before, _, _ = drive_day(np.zeros(cells.jam.size), quiet, network, cells)
    cell = int(network.sensor_cell[network.sensor_name.index("ring2-cw-08")])
    blocked = quiet._replace(incidents=[days.Incident(cell, 0, 36, 0.2)])
    after, flow, _ = drive_day(before, blocked, network, cells)
    size = network.cells.jam.size
    behind = np.array([other for other in upstream_cells(network.cells, network.length, cell, 2.0) if other != cell])
    assert after[behind].sum() > 3 * after[size + behind].sum()
    assert after[size:] == pytest.approx(drive_day(before, quiet, network, cells)[0][size:])
    assert flow[-1, cell] < 0.6 * flow[-1, size + cell]


def test_a_day_can_be_without_incidents(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(days, "MEAN_INCIDENTS", (0.0, 0.0))
    (day,) = city_traffic(network, 1, 0)
    assert day.incidents == [] and day.cleared == []
