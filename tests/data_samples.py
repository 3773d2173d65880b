"""A small file for every reader, written here from the same values, so that what is read can be compared."""

import json
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, NamedTuple

import h5py
import numpy as np
import pandas as pd
import pytest
import xarray as xr

import stcore.readers as readers
from stcore.data import STData

STEPS, SENSORS = 96, 6
IDS = ["007", "41", "a b", "D-4", "500", "0600"]


def values() -> np.ndarray:
    """[T, N] readings with a missing one, two decimals."""
    rng = np.random.default_rng(7)
    readings = np.round(50 + 10 * np.sin(np.arange(STEPS)[:, None] / 9) + rng.normal(0, 2, (STEPS, SENSORS)), 2)
    readings[5, 2] = np.nan
    return readings


def times() -> pd.DatetimeIndex:
    return pd.date_range("2024-05-06", periods=STEPS, freq="15min")


def raw() -> xr.Dataset:
    """The sample as a raw dataset with places."""
    return xr.Dataset(
        {
            "value": (("time", "sensor", "channel"), values()[:, :, None]),
            "lat": ("sensor", 51.9 + np.arange(SENSORS) / 50),
            "lon": ("sensor", 7.6 + np.arange(SENSORS) / 40),
        },
        coords={"time": times(), "sensor": IDS, "channel": ["count"]},
        attrs={"title": "sample", "units": {"count": "veh/h"}},
    )


def write_stdata(folder: Path) -> Path:
    STData.of(raw()).save(folder / "saved.nc")
    return folder / "saved.nc"


def write_metr_la(folder: Path, *, unit: str = "ns", kind: str | None = None, key: str = "df") -> Path:
    """A table as pandas writes it: old generation (``datetime64``, ns) or new (``datetime64[us]``)."""
    path = folder / "speeds.h5"
    with h5py.File(path, "w") as file:
        group = file.create_group(key)
        group.attrs["pandas_type"] = np.bytes_("frame")
        for name in ("axis0", "block0_items"):
            group[name] = np.array([name.encode() for name in IDS], dtype="S6")
            group[name].attrs["kind"] = np.bytes_("string")
        group["axis1"] = times().values.astype(f"datetime64[{unit}]").astype(np.int64)
        group["axis1"].attrs["kind"] = np.bytes_(kind or f"datetime64[{unit}]")
        group["block0_values"] = values()
    return path


def write_pems(folder: Path) -> Path:
    path = folder / "roads.npz"
    np.savez_compressed(path, data=values()[:, :, None])
    edges = [f"{number},{(number + 1) % SENSORS},{100 + number}" for number in range(SENSORS)]
    path.with_suffix(".csv").write_text("\n".join(["from,to,cost", *edges]) + "\n")
    return path


def write_wide_csv(folder: Path) -> Path:
    path = folder / "table.csv"
    pd.DataFrame(values(), index=times().strftime("%Y-%m-%d %H:%M:%S"), columns=IDS).to_csv(path)
    return path


def write_parquet(folder: Path) -> Path:
    path = folder / "table.parquet"
    pd.DataFrame(values(), index=pd.Index(times(), name="time"), columns=IDS).to_parquet(path)
    return path


def long_frame() -> pd.DataFrame:
    """The readings as rows of station, time and value, by time."""
    frame = pd.DataFrame(values(), index=pd.Index(times(), name="time"), columns=pd.Index(IDS, name="station"))
    return frame.stack(future_stack=True).rename("value").reset_index()


def write_long_csv(folder: Path) -> Path:
    path = folder / "rows.csv"
    long_frame().to_csv(path, index=False)
    return path


def write_long_parquet(folder: Path) -> Path:
    path = folder / "rows.parquet"
    long_frame().to_parquet(path)
    return path


def calendar() -> np.ndarray:
    """[T, N, 3] readings, time of day as a share and day of the week, as most sets of the field carry them."""
    day = (times().hour * 60 + times().minute) / 1440
    both = [np.broadcast_to(part.to_numpy(float)[:, None], (STEPS, SENSORS)) for part in (day, times().day_of_week)]
    return np.stack([values(), *both], axis=2)


def ring() -> np.ndarray:
    """[N, N] a ring of sensors with weights that differ."""
    return np.roll(np.diag(0.5 + np.arange(SENSORS) / 10), 1, axis=1)


LOOKBACK, HORIZON = 8, 4


def write_windows(folder: Path) -> Path:
    """DCRNN's generate_training_data: windows one step apart, 70, 10 and 20 % of them, value and time of day."""
    (where := folder / "windows").mkdir()
    series, length = calendar()[:, :, :2], LOOKBACK + HORIZON
    many = STEPS - length + 1
    windows = np.stack([series[first : first + length] for first in range(many)])
    train, test = round(many * 0.7), round(many * 0.2)
    offsets = np.arange(1 - LOOKBACK, HORIZON + 1)[:, None]
    for name, part in (
        ("train", windows[:train]),
        ("val", windows[train : many - test]),
        ("test", windows[many - test :]),
    ):
        np.savez_compressed(
            where / f"{name}.npz", x=part[:, :LOOKBACK], y=part[:, LOOKBACK:],
            x_offsets=offsets[:LOOKBACK], y_offsets=offsets[LOOKBACK:],
        )  # fmt: skip
    return where


def write_torch_mts(folder: Path) -> Path:
    (where := folder / "mts").mkdir()
    np.savez_compressed(where / "data.npz", data=calendar())
    first = np.arange(STEPS - LOOKBACK - HORIZON + 1)
    rows = np.stack([first, first + LOOKBACK, first + LOOKBACK + HORIZON], axis=1)
    np.savez(where / "index.npz", train=rows[:51], val=rows[51:68], test=rows[68:])
    return where


def write_largest(folder: Path) -> Path:
    """The readings standardised, weekday in sevenths, and lists of last observed steps."""
    (where := folder / "2019").mkdir()
    data, mean, std = calendar(), np.nanmean(values()), np.nanstd(values())
    data[:, :, 0] = (data[:, :, 0] - mean) / std
    data[:, :, 2] /= 7
    np.savez_compressed(where / "his.npz", data=data, mean=mean, std=std)
    last = np.arange(LOOKBACK - 1, STEPS - HORIZON)
    for name, part in (("train", last[:51]), ("val", last[51:68]), ("test", last[68:])):
        np.save(where / f"idx_{name}.npy", part)
    return where


def write_pygt_arrays(folder: Path) -> Path:
    (where := folder / "pygt").mkdir()
    np.save(where / "node_values.npy", calendar()[:, :, :2])
    np.save(where / "adj_mat.npy", ring())
    return where


def write_pygt_archive(folder: Path) -> Path:
    write_pygt_arrays(folder)
    with zipfile.ZipFile(folder / "METR-LA.zip", "w") as archive:
        for name in ("adj_mat.npy", "node_values.npy"):
            archive.write(folder / "pygt" / name, name)
            (folder / "pygt" / name).unlink()
    (folder / "pygt").rmdir()
    return folder / "METR-LA.zip"


def write_chickenpox(folder: Path) -> Path:
    path = folder / "chickenpox.json"
    edges = [[number, (number + 1) % SENSORS] for number in range(SENSORS)]
    ids = {name: number for number, name in enumerate(IDS)}
    path.write_text(json.dumps({"edges": edges, "node_ids": ids, "FX": values().tolist()}))
    return path


def write_stemdist(folder: Path) -> Path:
    """Windows one behind the other with the clusters' sizes, as STemDist's stemdist.py saves them."""
    import torch

    windows = torch.tensor(values().reshape(-1, LOOKBACK + HORIZON, SENSORS), dtype=torch.float)
    x, y = windows[:, :LOOKBACK, :, None].clone(), windows[:, LOOKBACK:].clone()
    torch.save({"x": x, "y": y, "w": torch.arange(1, SENSORS + 1)[None, None]}, folder / "gba.pt")
    return folder / "gba.pt"


def distilled() -> xr.Dataset:
    """The sample as a distilled set: windows one behind the other, sensors with weights."""
    first = np.arange(0, STEPS, LOOKBACK + HORIZON)
    ds = raw().assign(weight=("sensor", 1.0 + np.arange(SENSORS)), start=("window", first))
    return ds.assign_attrs(lookback=LOOKBACK, horizon=HORIZON)


def write_slots(folder: Path) -> Path:
    """One row per sensor and day, and 96 columns."""
    path = folder / "slots.csv"
    clock = times().strftime("%H:%M")
    rows = [[name, "2024-05-06", *values()[:, place]] for place, name in enumerate(IDS)]
    pd.DataFrame(rows, columns=["station", "date", *clock]).to_csv(path, index=False)
    return path


def write_bare(folder: Path) -> Path:
    """As STGCN: readings and distances between places, neither with a header."""
    path = folder / "V_6.csv"
    pd.DataFrame(values()).to_csv(path, header=False, index=False)
    apart = 1000.5 * np.abs(np.arange(SENSORS)[:, None] - np.arange(SENSORS))
    pd.DataFrame(apart).to_csv(folder / "W_6.csv", header=False, index=False)
    return path


def write_bare_with_ids(folder: Path) -> Path:
    """As T-GCN: a header of ids, no times."""
    path = folder / "los_speed.csv"
    pd.DataFrame(values(), columns=IDS).to_csv(path, index=False)
    return path


def write_bare_parquet(folder: Path) -> Path:
    """The same as Parquet."""
    path = folder / "readings.parquet"
    pd.DataFrame(values(), columns=IDS).to_parquet(path)
    return path


def write_station_folder(folder: Path) -> Path:
    """A file per station, named after it."""
    (where := folder / "stations").mkdir()
    for place, name in enumerate(IDS):
        frame = pd.DataFrame({"time": times().strftime("%Y-%m-%d %H:%M"), "flow": values()[:, place]})
        frame.to_csv(where / f"{name}.csv", index=False)
    return where


def write_parquet_folder(folder: Path) -> Path:
    readers.save(STData.of(raw()), folder / "kept", "parquet")
    return folder / "kept"


def write_grid(folder: Path) -> Path:
    """Dims in an unusual order, latitude falling; the six sensors are a 2 x 3 grid."""
    path = folder / "grid.nc"
    cube = values().reshape(STEPS, 2, 3).transpose(2, 0, 1)
    xr.Dataset(
        {"t2m": (("longitude", "time", "latitude"), cube, {"units": "K"})},
        coords={"time": times(), "latitude": [52.0, 51.0], "longitude": [7.0, 8.0, 9.0]},
    ).to_netcdf(path, engine="h5netcdf")
    return path


def write_old_grid(folder: Path) -> Path:
    """The same grid in the older NetCDF 3."""
    with xr.open_dataset(write_grid(folder), engine="h5netcdf") as ds:
        ds.load().drop_encoding().to_netcdf(folder / "old.nc", engine="scipy", format="NETCDF3_64BIT")
    (folder / "grid.nc").unlink()
    return folder / "old.nc"


def write_stations(folder: Path) -> Path:
    """Stations before time, two variables, places."""
    path = folder / "stations.nc"
    xr.Dataset(
        {
            "no2": (("station", "time"), values().T, {"units": "µg/m³"}),
            "o3": (("time", "station"), values() + 1, {"units": "µg/m³"}),
            "lat": ("station", 51.9 + np.arange(SENSORS) / 50),
            "lon": ("station", 7.6 + np.arange(SENSORS) / 40),
        },
        coords={"time": times(), "station": np.array(IDS, dtype=object)},
    ).to_netcdf(path, engine="h5netcdf")
    return path


def write_weatherbench(folder: Path) -> Path:
    """WeatherBench 1: a folder for the variable with a file a year, latitude rising, and constants without time."""
    root = folder / "5.625deg"
    grid = {"lat": [51.0, 52.0], "lon": [7.0, 8.0, 9.0]}
    (root / "constants").mkdir(parents=True)
    (root / "2m_temperature").mkdir()
    xr.Dataset({"lsm": (("lat", "lon"), np.ones((2, 3), np.float32))}, coords=grid).to_netcdf(
        root / "constants" / "constants_5.625deg.nc", engine="h5netcdf"
    )
    cube = values().reshape(STEPS, 2, 3).astype(np.float32)
    for year, part in ((1979, slice(0, 50)), (1980, slice(50, STEPS))):
        about = {"units": "K", "long_name": "2 metre temperature"}
        xr.Dataset(
            {"t2m": (("time", "lat", "lon"), cube[part], about)}, coords=grid | {"time": times()[part]}
        ).to_netcdf(root / "2m_temperature" / f"2m_temperature_5.625deg_{year}.nc", engine="h5netcdf")
    return root


def write_weatherbench2(folder: Path, version: Literal[2, 3] = 2, **options: Any) -> Path:
    """WeatherBench 2: a consolidated store, time before longitude before latitude, packed in chunks of 24 steps."""
    path = folder / "era5.zarr"
    cube = values().reshape(STEPS, 2, 3).transpose(0, 2, 1).astype(np.float32)
    xr.Dataset(
        {"2m_temperature": (("time", "longitude", "latitude"), cube, {"units": "K"})},
        coords={"time": times(), "latitude": [51.0, 52.0], "longitude": [7.0, 8.0, 9.0]},
    ).to_zarr(
        path,
        zarr_format=version,
        consolidated=version == 2,
        encoding={"2m_temperature": {"chunks": (24, 3, 2)} | options},
    )
    return path


def write_saved_store(folder: Path) -> Path:
    readers.save(STData.of(raw()), folder / "saved.zarr", "zarr")
    return folder / "saved.zarr"


def write_grib(folder: Path) -> Path:
    """GRIB 2 of one field a quarter of an hour, as ecCodes packs it; skipped where that is not installed."""
    eccodes = pytest.importorskip("eccodes", reason="reading GRIB needs cfgrib and ecCodes")
    pytest.importorskip("cfgrib", reason="reading GRIB needs cfgrib and ecCodes")
    path = folder / "field.grib2"
    with path.open("wb") as file:
        for step, stamp in enumerate(times()):
            message = eccodes.codes_grib_new_from_samples("regular_ll_sfc_grib2")
            for key, value in GRIB_KEYS.items():
                eccodes.codes_set(message, key, value)
            eccodes.codes_set(message, "dataDate", int(stamp.strftime("%Y%m%d")))
            eccodes.codes_set(message, "dataTime", int(stamp.strftime("%H%M")))
            field = values()[step]
            eccodes.codes_set(message, "bitmapPresent", 1)
            eccodes.codes_set_values(message, np.where(np.isnan(field), 9999, field))
            eccodes.codes_write(message, file)
            eccodes.codes_release(message)
    return path


GRIB_KEYS = {
    "Ni": 3, "Nj": 2, "latitudeOfFirstGridPointInDegrees": 52.0, "latitudeOfLastGridPointInDegrees": 51.0,
    "longitudeOfFirstGridPointInDegrees": 7.0, "longitudeOfLastGridPointInDegrees": 9.0, "iDirectionIncrementInDegrees": 1.0,
    "jDirectionIncrementInDegrees": 1.0, "shortName": "2t", "bitsPerValue": 24, "missingValue": 9999,
}  # fmt: skip


def write_basicts(folder: Path) -> Path:
    """BasicTS 1.x: three parts of [L, N] with timestamps, a description with NaN in it, the graph with its ids."""
    (where := folder / "STREETS").mkdir()
    stamps = np.stack([calendar()[:, 0, 1], calendar()[:, 0, 2] / 7], axis=1).astype(np.float32)
    ends = [0, int(0.6 * STEPS), int(0.6 * STEPS) + int(0.2 * STEPS), STEPS]
    for number, part in enumerate(("train", "val", "test")):
        rows = slice(ends[number], ends[number + 1])
        np.save(where / f"{part}_data.npy", values()[rows].astype(np.float32))
        np.save(where / f"{part}_timestamps.npy", stamps[rows])
    about = {
        "name": "STREETS", "domain": "traffic speed", "frequency (minutes)": 15, "shape": (STEPS, SENSORS),
        "timestamps_shape": (STEPS, 2), "timestamps_description": ["time of day", "day of week"],
        "num_time_steps": STEPS, "num_vars": SENSORS, "has_graph": True,
        "regular_settings": {"train_val_test_ratio": [0.6, 0.2, 0.2], "norm_each_channel": False, "rescale": True,
                             "metrics": ["MAE", "RMSE", "MAPE"], "null_val": float("nan")},
    }  # fmt: skip
    (where / "meta.json").write_text(json.dumps(about, indent=4))
    held = (IDS, {name: number for number, name in enumerate(IDS)}, ring().astype(np.float32))
    (where / "adj_mx.pkl").write_bytes(pickle.dumps(held, 2))
    return where


def write_basicts_memmap(folder: Path) -> Path:
    """BasicTS 0.4 to 0.5: a flat file of float32 whose shape is in desc.json, calendar features tiled over the nodes."""
    (where := folder / "STREETS").mkdir()
    cube = calendar()
    cube[:, :, 2] /= 7
    flat = np.memmap(where / "data.dat", dtype="float32", mode="w+", shape=cube.shape)
    flat[:] = cube
    flat.flush()
    about = {
        "name": "STREETS", "domain": "traffic flow", "shape": cube.shape, "num_time_steps": STEPS, "num_nodes": SENSORS,
        "num_features": 3, "feature_description": ["traffic flow", "time of day", "day of week"], "has_graph": True,
        "frequency (minutes)": 15,
        "regular_settings": {"INPUT_LEN": 12, "OUTPUT_LEN": 12, "TRAIN_VAL_TEST_RATIO": [0.6, 0.2, 0.2],
                             "NORM_EACH_CHANNEL": False, "RESCALE": True, "METRICS": ["MAE"], "NULL_VAL": 0.0},
    }  # fmt: skip
    (where / "desc.json").write_text(json.dumps(about, indent=4))
    (where / "adj_mx.pkl").write_bytes(pickle.dumps(ring().astype(np.float32)))
    return where


def write_basicts_pickles(folder: Path) -> Path:
    """BasicTS to 0.3: standardised by the mean and spread of training, which the scaler keeps under another spelling."""
    (where := folder / "STREETS").mkdir()
    many = STEPS - 24 + 1
    index = [(now - 12, now, now + 12) for now in range(12, many + 12)]
    train, valid = round(many * 0.6), round(many * 0.2)
    cube = calendar()
    seen = cube[: index[train - 1][1], :, 0]
    mean, std = np.nanmean(seen), np.nanstd(seen)
    cube[:, :, 0] = (cube[:, :, 0] - mean) / std
    cube[:, :, 2] /= 7
    parts = {"train": index[:train], "valid": index[train : train + valid], "test": index[train + valid :]}
    held = {
        "data_in_12_out_12_rescale_True": {"processed_data": cube}, "index_in_12_out_12_rescale_True": parts,
        "scaler_in12_out12": {"func": "re_standard_transform", "args": {"mean": mean, "std": std}},
    }  # fmt: skip
    for name, thing in held.items():
        (where / f"{name}.pkl").write_bytes(pickle.dumps(thing))
    return where


def write_frame(
    group: h5py.Group, table: np.ndarray, levels: list[list[str]], index: Any, names: tuple[str, ...] = ()
) -> None:
    """A frame as pandas writes it in the fixed format, with columns of one level or of two."""
    group.attrs["pandas_type"] = np.bytes_("frame")
    for axis in ("axis0", "block0_items"):
        if len(levels) == 1:
            group[axis] = np.array([name.encode() for name in levels[0]])
            group[axis].attrs["kind"] = np.bytes_("string")
            continue
        group.attrs[f"{axis}_variety"], group.attrs[f"{axis}_nlevels"] = np.bytes_("multi"), np.int64(2)
        for number, level in enumerate(levels):
            unique = sorted(set(level))
            group[f"{axis}_level{number}"] = np.array([name.encode() for name in unique])
            group[f"{axis}_level{number}"].attrs["kind"] = np.bytes_("string")
            group[f"{axis}_level{number}"].attrs["name"] = np.bytes_(names[number])
            group[f"{axis}_label{number}"] = np.array([unique.index(name) for name in level], np.int8)
    stamps = isinstance(index, pd.DatetimeIndex)
    group["axis1"] = (
        index.values.astype("datetime64[ns]").astype(np.int64)
        if stamps
        else np.array([name.encode() for name in index])
    )
    group["axis1"].attrs["kind"] = np.bytes_("datetime64" if stamps else "string")
    group["block0_values"] = table


def degrees() -> np.ndarray:
    """[N, 2] places of the sensors."""
    return np.stack([39.9 + np.arange(SENSORS) / 50, 116.4 + np.arange(SENSORS) / 40], axis=1)


def write_air_quality(folder: Path) -> Path:
    """Torch Spatiotemporal's AQI: readings, places of the stations and a mask for evaluation in one file."""
    with h5py.File(folder / "small.h5", "w") as file:
        write_frame(file.create_group("pm25"), values(), [IDS], times())
        turned = list(reversed(range(SENSORS)))
        write_frame(
            file.create_group("stations"), degrees()[turned], [["latitude", "longitude"]], [IDS[n] for n in turned]
        )
        write_frame(file.create_group("eval_mask"), (values() > 60).astype(np.uint8), [IDS], times())
    return folder / "small.h5"


def write_engrad(folder: Path) -> Path:
    """Torch Spatiotemporal's EngRad: columns of nodes x channels, and the places in a second table."""
    cube = np.stack([values(), values() + 1, values() * 2], axis=2)
    levels = [[name for name in IDS for _ in range(3)], ["swr", "precipitation", "cloud"] * SENSORS]
    with h5py.File(folder / "data.h5", "w") as file:
        write_frame(file.create_group("data"), cube.reshape(STEPS, -1), levels, times(), ("nodes", "channels"))
        write_frame(file.create_group("metadata"), degrees(), [["lat", "lon"]], IDS)
    return folder / "data.h5"


def write_years(folder: Path) -> Path:
    """LargeST as it is published: a table a year, here each half of the sample, under the key t."""
    (where := folder / "largest").mkdir()
    for year, rows in (("2018", slice(0, 40)), ("2019", slice(40, None))):
        with h5py.File(where / f"ca_his_raw_{year}.h5", "w") as file:
            write_frame(file.create_group("t"), values()[rows], [IDS], times()[rows])
    return where


class Sample(NamedTuple):
    """How a file or folder is written, and what of the sample it can say."""

    make: Callable[[Path], Path]
    ids: bool = True  # else sensors are numbered
    times: bool = True  # else a start is assumed
    ordered: bool = True  # else the sensors are in the order of their files
    exact: bool = True  # else the values were scaled, and are equal up to rounding

    @property
    def name(self) -> str:
        """What tests call it."""
        return self.make.__name__.removeprefix("write_")


SAMPLES: dict[str, list[Sample]] = {
    "stdata": [Sample(write_stdata)],
    "metr-la-hdf5": [Sample(write_metr_la), Sample(write_air_quality), Sample(write_engrad)],
    "yearly-hdf5": [Sample(write_years)],
    "pems-npz": [Sample(write_pems, ids=False, times=False)],
    "wide-table": [Sample(write_wide_csv), Sample(write_parquet)],
    "long-table": [Sample(write_long_csv), Sample(write_long_parquet)],
    "station-folder": [Sample(write_station_folder, ordered=False)],
    "parquet": [Sample(write_parquet_folder)],
    "slot-table": [Sample(write_slots)],
    "bare-table": [
        Sample(write_bare, ids=False, times=False),
        Sample(write_bare_with_ids, times=False),
        Sample(write_bare_parquet, times=False),
    ],
    "windowed-npz": [Sample(write_windows, ids=False, times=False)],
    "torch-mts": [Sample(write_torch_mts, ids=False, times=False)],
    "largest-npz": [Sample(write_largest, ids=False, times=False, exact=False)],
    "pygt-arrays": [Sample(write_pygt_arrays, ids=False, times=False)],
    "pygt-archive": [Sample(write_pygt_archive, ids=False, times=False)],
    "pygt-json": [Sample(write_chickenpox, times=False)],
    "basicts": [
        Sample(write_basicts, times=False),
        Sample(write_basicts_memmap, ids=False, times=False),
        Sample(write_basicts_pickles, ids=False, times=False, exact=False),
    ],
    "stemdist-pt": [Sample(write_stemdist, ids=False, times=False)],
    "netcdf-grid": [Sample(write_grid, ids=False), Sample(write_old_grid, ids=False)],
    "netcdf-stations": [Sample(write_stations)],
    "weatherbench": [Sample(write_weatherbench, ids=False)],
    "zarr": [Sample(write_weatherbench2, ids=False), Sample(write_saved_store)],
    "grib": [Sample(write_grib, ids=False, exact=False)],
}
EVERY = [(name, sample) for name, samples in SAMPLES.items() for sample in samples]


def files(path: Path) -> list[Path]:
    """The files of a sample, the largest first."""
    found = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    return sorted(found, key=lambda file: (-file.stat().st_size, file.name))
