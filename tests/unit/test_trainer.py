"""The loop: events in order, exact resumption, weighting, patience, divergence."""

import numpy as np
import pytest
import torch
from cases import only
from tiny import tiny

from stcore.events import Epoch, Event, Finished
from stcore.options import OptionError, RunOptions
from stcore.training.results import Diverged
from stcore.training.trainer import Trainer

DATA = tiny(400, 3, 2, missing=0.1)


def options(prune: str = "st-prune", epochs: int = 6, seed: int = 0, **more: object) -> RunOptions:
    train = {"epochs": epochs, "batch": 16, "threads": 1, **more}
    strategy: dict[str, object] = {"name": prune, **({"keep": 0.6} if prune != "full" else {})}
    model, data = {"name": "stid", "width": 4}, {"lookback": 8, "horizon": 4}
    return RunOptions.read({"seed": seed, "train": train, "model": model, "prune": strategy, "data": data})


def epochs(trainer: Trainer) -> list[Epoch]:
    return [event for event in trainer if isinstance(event, Epoch)]


def same_weights(left: Trainer, right: Trainer) -> bool:
    pairs = zip(left.model.state_dict().values(), right.model.state_dict().values(), strict=True)
    return all(torch.equal(one, other) for one, other in pairs)


def test_events_come_in_order() -> None:
    events: list[Event] = list(Trainer(DATA, options()))
    names = [event.name for event in events]
    assert names[0] == "started" and names[-1] == "finished" and names.count("epoch") == 6
    before_epoch = [names[place - 1] for place, name in enumerate(names) if name == "epoch"]
    assert set(before_epoch) == {"progress"}


@pytest.mark.parametrize("prune", only([2, 3], ["full", "random", "infobatch", "st-prune"]))
def test_resuming_at_any_epoch_equals_not_having_stopped(prune: str) -> None:
    whole = Trainer(DATA, options(prune, patience=50))
    expected = epochs(whole)
    for stop in (1, 3, 5):
        first = Trainer(DATA, options(prune, patience=50))
        events = iter(first)
        while first.epoch < stop:
            next(events)
        second = Trainer(DATA, options(prune, patience=50))
        second.load(first.checkpoint())
        rest = epochs(second)
        assert same_weights(whole, second)
        assert [event.validation for event in rest] == [event.validation for event in expected[stop:]]
        for left, right in zip(rest, expected[stop:], strict=True):
            np.testing.assert_array_equal(left.arrays["kept"], right.arrays["kept"])
            np.testing.assert_array_equal(left.arrays["score"], right.arrays["score"])


def test_a_checkpoint_from_before_there_were_masks_is_gone_on_with() -> None:
    whole, first, second = (Trainer(DATA, options("st-prune")) for _ in range(3))
    expected, events = epochs(whole), iter(first)
    while first.epoch < 3:
        next(events)
    state = first.state_dict()
    for name in ("mask", "best_gate", "masked", "told"):
        del state[name]
    second.load_state_dict(state)
    assert [event.validation for event in epochs(second)] == [event.validation for event in expected[3:]]
    assert same_weights(whole, second)


@pytest.mark.parametrize("prune", ["infobatch", "st-prune"])
def test_a_pruning_probability_of_0_is_full_training(prune: str) -> None:
    full = Trainer(DATA, options("full"))
    none = Trainer(DATA, options().model_copy(update={"prune": {"name": prune, "keep": None, "prune_probability": 0}}))
    assert [event.train_loss for event in epochs(full)] == [event.train_loss for event in epochs(none)]
    assert same_weights(full, none)


def test_seeds_decide_everything() -> None:
    first, again, other = (Trainer(DATA, options(seed=seed)) for seed in (0, 0, 1))
    for trainer in (first, again, other):
        epochs(trainer)
    assert same_weights(first, again) and not same_weights(first, other)


def test_visits_and_budget() -> None:
    trainer = Trainer(DATA, options())
    finished = list(trainer)[-1]
    assert finished.visits["full"] == 6 * len(trainer.samples.windows)
    assert finished.visits["share"] == pytest.approx(0.6, rel=0.01)


def loss_by_hand(loss: str, error: torch.Tensor) -> torch.Tensor:
    square, size = error.square(), error.abs()
    return {"mae": size, "mse": square, "huber": torch.where(size < 1, square / 2, size - 0.5)}[loss]


@pytest.mark.parametrize("loss", ["mae", "mse", "huber"])
def test_the_expected_gradient_is_that_of_all_data(loss: str) -> None:
    """Monte Carlo over selections at fixed weights: the mean weighted gradient equals the full one within three errors."""
    trainer = Trainer(DATA, options("st-prune", loss=loss))
    events = iter(trainer)
    while trainer.epoch < 1:
        next(events)

    def gradient(indices: np.ndarray, weights: np.ndarray) -> torch.Tensor:
        batch = trainer.tensors.batch(trainer.samples.windows, indices)
        error = (trainer.model(batch.x, batch.calendar) - batch.y) * batch.mask
        losses = {
            "mae": error.abs(),
            "mse": error.square(),
            "huber": torch.nn.functional.smooth_l1_loss(error, 0 * error, reduction="none"),
        }
        total = (losses[loss].sum((1, 2, 3)) * torch.from_numpy(weights)).sum()
        return torch.cat([part.reshape(-1) for part in torch.autograd.grad(total, list(trainer.model.parameters()))])

    count = len(trainer.samples.windows)
    full = gradient(np.arange(count), np.ones(count, np.float32)).double()
    draws = []
    for seed in range(300):
        object.__setattr__(trainer.strategy.samples, "seed", seed)
        selection = trainer.strategy.select(1)
        assert len(selection.indices) < count
        draws.append(gradient(*selection).double())
    stacked = torch.stack(draws)
    error = stacked.std(0) / np.sqrt(len(draws))
    far = ((stacked.mean(0) - full).abs() / error.clamp(min=1e-9))[error > 1e-7]
    assert (far > 3).double().mean() < 0.02 and far.max() < 6


@pytest.mark.parametrize("loss", ["mae", "mse", "huber"])
def test_the_loss_of_an_epoch_is_that_which_was_asked_for(loss: str) -> None:
    """With a learning rate of about 0 the weights stand still: the loss is that of their errors, and so is each sample's."""
    trainer = Trainer(DATA, options("full", 1, loss=loss, lr=1e-12, weight_decay=0, precision="float64"))
    (event,) = epochs(trainer)
    batch = trainer.tensors.batch(trainer.samples.windows, np.arange(trainer.samples.count))
    error = ((trainer.model(batch.x, batch.calendar) - batch.y) * batch.mask).detach()
    expected = loss_by_hand(loss, error).sum((1, 2, 3))
    assert event.train_loss == pytest.approx(float(expected.sum() / batch.mask.sum()), rel=1e-6)
    np.testing.assert_allclose(event.arrays["level"], expected / batch.mask.sum((1, 2, 3)), rtol=1e-5)


def test_a_loss_that_is_none_is_refused() -> None:
    with pytest.raises(OptionError, match="loss"):
        options(loss="median")


def test_patience_waits_for_full_data() -> None:
    trainer = Trainer(DATA, options(epochs=30, patience=2, lr=1e-9))  # nothing improves
    told = epochs(trainer)
    full_again = int(np.flatnonzero(trainer.strategy.plan < len(trainer.samples.windows)).max()) + 1
    assert full_again < len(told) <= full_again + 4


def test_rounds_that_patience_ended_are_counted_in_passes() -> None:
    trainer = Trainer(DATA, options("guarded", epochs=10, patience=3, lr=1e-9))
    finished = list(trainer)[-1]
    assert isinstance(finished, Finished) and trainer.state.over and trainer.epoch < len(trainer.strategy.plan)
    assert finished.visits["share"] == pytest.approx(0.6, rel=0.02)


def test_a_method_and_its_control_begin_with_the_same_weights() -> None:
    """Short trainings beforehand and features leave the model's first weights and the order of the seed as they are."""
    first = [Trainer(DATA, options(prune)) for prune in ("full", "el2n", "guarded", "st-prune")]
    for trainer in first[1:]:
        next(iter(trainer))
    assert all(same_weights(first[0], other) for other in first[1:])


def test_divergence_names_the_epoch_and_keeps_the_best() -> None:
    trainer = Trainer(DATA, options("full"))
    events = iter(trainer)
    while trainer.epoch < 2:
        next(events)
    with torch.no_grad():
        next(trainer.model.parameters()).fill_(float("nan"))
    with pytest.raises(Diverged, match=r"diverged at epoch 3: the loss of the batch with samples \d+"):
        list(events)
    assert all(torch.isfinite(part).all() for part in trainer.state.best.values())
    assert np.isfinite(trainer.strategy.score()).all()


def test_bfloat16_trains() -> None:
    assert epochs(Trainer(DATA, options("full", precision="bfloat16")))[-1].validation["mae"] < 5


def test_importance_and_sensor_errors_are_told() -> None:
    event = epochs(Trainer(DATA, options()))[-1]
    assert event.arrays["importance"].sum() == pytest.approx(1)
    assert event.arrays["sensor_error"].shape == (3,) and np.isfinite(event.arrays["sensor_error"]).all()


def test_errors_of_each_test_window_add_up_to_the_metric() -> None:
    finished = list(Trainer(DATA, options(epochs=2)))[-1]
    assert isinstance(finished, Finished)
    error, count = finished.arrays["test_error"], finished.arrays["test_count"]
    assert error.shape == count.shape == (len(finished.arrays["test_start"]), 4)
    assert error.sum() / count.sum() == pytest.approx(finished.metrics["test"]["mae"], rel=1e-6)
    by_step = [step["mae"] for step in finished.metrics["test"]["by_horizon"]]
    np.testing.assert_allclose(error.sum(axis=0) / count.sum(axis=0), by_step, rtol=1e-6)


def test_full_training_at_equal_visits_ends_with_a_partial_epoch() -> None:
    chosen = options("full", 5).model_copy(update={"prune": {"name": "full", "keep": 0.5}})
    trainer = Trainer(DATA, chosen)
    told = [event for event in trainer if isinstance(event, Epoch)]
    count = trainer.samples.count
    assert [event.kept for event in told] == [count, count, round(2.5 * count) - 2 * count]
    assert told[-1].learning_rate < 0.02 * trainer.rate  # the schedule is fitted to the visits


def test_a_record_tells_the_error_at_which_a_sample_was_last_met() -> None:
    told = epochs(Trainer(DATA, options()))
    first, second = told[0].arrays, told[1].arrays
    missed = ~second["kept"]
    assert missed.any()
    np.testing.assert_array_equal(second["level"][missed], first["level"][missed])
    assert (second["level"][second["kept"]] != first["level"][second["kept"]]).mean() > 0.9


def test_a_stop_ends_after_the_event_in_hand_and_the_last_checkpoint_goes_on() -> None:
    whole, first, second = (Trainer(DATA, options()) for _ in range(3))
    expected, checkpoint, events = epochs(whole), b"", list[Event]()
    for event in first:
        events.append(event)
        if isinstance(event, Epoch):
            checkpoint = first.checkpoint()
        if len(events) > 40:
            first.stop()
    assert len(events) == 41 and first.epoch > 0
    second.load(checkpoint)
    rest = epochs(second)
    assert [event.validation for event in rest] == [event.validation for event in expected[-len(rest) :]]
    assert same_weights(whole, second)


def test_a_pupil_differs_in_what_is_asked_for_alone() -> None:
    trainer = Trainer(DATA, options(patience=3))
    pupil = trainer.pupil(2, apart=5)
    assert pupil.options.seed == 5 and pupil.train.epochs == 2 and pupil.train.patience is None
    assert pupil.options.prune == {"name": "full"} and pupil.options.data == trainer.options.data
    assert pupil.samples is trainer.samples and same_weights(trainer.pupil(2), trainer)


def trained_on(readings: bool) -> Trainer:
    """A trainer whose strategy lets all readings count, or none."""
    trainer = Trainer(DATA, options("full", 2, weight_decay=0))
    shape = 4, len(DATA.sensors)
    trainer.strategy.target_mask = lambda epoch, batch: np.full((len(batch), *shape), readings)  # type: ignore[attr-defined]
    list(trainer)
    return trainer


def test_readings_that_a_strategy_leaves_out_are_not_trained_on() -> None:
    plain, every = Trainer(DATA, options("full", 2, weight_decay=0)), trained_on(True)
    list(plain)
    assert same_weights(plain, every)
    untouched, none = Trainer(DATA, options("full", 2)), trained_on(False)
    assert same_weights(untouched, none)
    np.testing.assert_array_equal(
        np.isnan(none.state.error), np.zeros(none.samples.count, bool)
    )  # met and scored all the same
