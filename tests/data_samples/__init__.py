"""A small file for every reader, all with the same values, so that the opened data can be compared."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from data_samples.arrays import (
    write_chickenpox,
    write_largest,
    write_pems,
    write_pygt_archive,
    write_pygt_arrays,
    write_stemdist,
    write_torch_mts,
    write_windows,
)
from data_samples.basicts import write_basicts, write_basicts_memmap, write_basicts_pickles
from data_samples.grids import (
    write_grib,
    write_grid,
    write_old_grid,
    write_saved_store,
    write_stations,
    write_stdata,
    write_weatherbench,
    write_weatherbench2,
)
from data_samples.hdf5 import write_air_quality, write_engrad, write_metr_la, write_years
from data_samples.tables import (
    write_bare,
    write_bare_parquet,
    write_bare_with_ids,
    write_long_csv,
    write_long_parquet,
    write_parquet,
    write_parquet_folder,
    write_slots,
    write_station_folder,
    write_wide_csv,
)


class Sample(NamedTuple):
    """How a file or folder is written, and what of the sample it can hold."""

    make: Callable[[Path], Path]
    ids: bool = True  # else sensors are numbered
    times: bool = True  # else a start is assumed
    ordered: bool = True  # else the sensors are in the order of their files
    exact: bool = True  # else the values were scaled, and are equal up to rounding

    @property
    def name(self) -> str:
        """The name in tests."""
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
