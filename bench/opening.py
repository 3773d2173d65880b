"""How much memory opening a NetCDF takes at most, over what is kept of it, each in a process of its own.

    python bench/opening.py [--sizes 0.5 2] [--kinds grid stations]

Files of the given sizes (GB of float32 values) are written to a temporary folder. The peak is that of the process (resident,
mapped pages included) less what it had after opening a tiny file of the same kind, when everything is imported; what is kept
is all arrays of the dataset. The second ratio is of the whole process, imports included. Needs Linux.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import h5netcdf
import numpy as np

ROOT = Path(__file__).resolve().parent.parent
RESULT = ROOT / "bench" / "results" / "opening.md"
LATS, LONS = 121, 240
STATIONS = 5000
KINDS = {
    "grid": "grid of 1.5 degrees, float32, as one block",
    "chunked": "the same in compressed chunks of 24 steps",
    "packed": "the same packed as int16 with scale and offset",
    "masked": "the same with three cells in ten never measured",
    "turned": "the same with longitude before latitude, latitude rising",
    "gaps": "the same with one row in fifty left out",
    "stations": f"{STATIONS} stations, time first, float32",
    "upright": f"{STATIONS} stations before time, in chunks of 250 x 500",
    "doubles": f"{STATIONS} stations, float64",
    "zeros": f"{STATIONS} stations, a fifth zeros that are answered to be missing",
}
OF_GRIDS = ("grid", "chunked", "packed", "masked", "turned", "gaps")
OPEN = """
import json, sys, resource
import stcore.readers as readers
answers = json.loads(sys.argv[3])
readers.open(sys.argv[1], answers)
def resident(field):
    lines = dict(line.split(":", 1) for line in open("/proc/self/status") if ":" in line)
    return int(lines[field].split()[0]) * 1024
before = resident("VmRSS")
data = readers.open(sys.argv[2], answers)
kept = sum(array.nbytes for array in data.ds.variables.values())
print(json.dumps([before, resident("VmHWM"), kept, data.values.nbytes]))
"""


def write(path: Path, kind: str, steps: int) -> None:
    """A file of that kind with so many steps, written by stretches."""
    rng = np.random.default_rng(3)
    of_grid = kind in OF_GRIDS
    with h5netcdf.File(path, "w") as file:
        file.dimensions = {"time": steps, **({"lat": LATS, "lon": LONS} if of_grid else {"station": STATIONS})}
        hours = np.delete(np.arange(2 * steps), np.s_[25::50] if kind == "gaps" else [])[:steps]
        time = file.create_variable("time", ("time",), "i8", data=hours)
        time.attrs.update({"units": "hours since 2001-01-01", "calendar": "standard"})
        if of_grid:
            file.create_variable("lat", ("lat",), "f4", data=np.linspace(90, -90, LATS))
            file.create_variable("lon", ("lon",), "f4", data=np.arange(LONS) * 1.5)
            file["lat"].attrs["units"], file["lon"].attrs["units"] = "degrees_north", "degrees_east"
        dims = {"turned": ("time", "lon", "lat"), "upright": ("station", "time")}.get(
            kind, ("time", "lat", "lon") if of_grid else ("time", "station")
        )
        sizes = {
            name: len(file.dimensions[name])
            if hasattr(file.dimensions[name], "__len__")
            else file.dimensions[name].size
            for name in dims
        }
        options = {
            "chunked": {"chunks": (min(24, steps), LATS, LONS), "compression": "gzip", "compression_opts": 1},
            "packed": {"dtype": "i2"},
            "doubles": {"dtype": "f8"},
            "upright": {"chunks": (250, min(500, steps))},
        }.get(kind, {})
        value = file.create_variable("t2m", dims, options.pop("dtype", "f4"), fillvalue=None, **options)
        if kind == "packed":
            value.attrs.update({"scale_factor": np.float32(0.01), "add_offset": np.float32(280)})
        dead = rng.random((LATS, LONS)) < 0.3
        for first in range(0, sizes[dims[0]], 500):
            shape = (min(500, sizes[dims[0]] - first), *(sizes[name] for name in dims[1:]))
            block = rng.normal(280, 5, shape[-1]).astype(np.float32) + rng.random(shape, np.float32)
            if kind == "masked":
                block[:, dead] = np.nan
            if kind == "zeros":
                block[rng.random(shape, np.float32) < 0.2] = 0
            value[first : first + shape[0]] = (block - 280) * 100 if kind == "packed" else block


def measured(kind: str, size: float, folder: Path) -> dict[str, float]:
    """Peak over kept, opened in a process of its own."""
    wide = LATS * LONS if kind in OF_GRIDS else STATIONS
    small, large = folder / f"small-{kind}.nc", folder / f"{kind}.nc"
    write(small, kind, 30)
    write(large, kind, int(size * 1e9 / 4 / wide))
    answers = json.dumps({"zeros": "missing"} if kind == "zeros" else {})
    command = [sys.executable, "-c", OPEN, str(small), str(large), answers]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    before, peak, kept, values = json.loads(done.stdout)
    print(kind, size, f"{(peak - before) / kept:.3f}", f"{peak / kept:.3f}", flush=True)
    for path in (small, large):
        path.unlink()
    return {"ratio": (peak - before) / kept, "process": peak / kept, "kept": kept / 1e9, "values": values / 1e9}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=float, nargs="+", default=[0.5, 2.0])
    parser.add_argument("--kinds", nargs="+", default=list(KINDS), choices=KINDS)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rows = [(kind, size, measured(kind, size, Path(folder))) for kind in asked.kinds for size in asked.sizes]
    lines = [
        "# Memory at opening a NetCDF",
        "",
        "Largest resident memory while opening, over the bytes of the dataset that is kept; written by `bench/opening.py`. The",
        "goal is at most 1.3. `opening`: less what the process had before, with everything imported; `process`: all of it.",
        "NetCDF 3 is not among them: it is mapped, and its pages count until the system takes them back, so 2.0 is seen there,",
        "half of it the file's own pages.",
        "",
        "| file | values | kept | opening | process |",
        "|---|---|---|---|---|",
    ]
    lines += [
        f"| {KINDS[kind]} | {size:g} GB | {found['kept']:.2f} GB | {found['ratio']:.2f} | {found['process']:.2f} |"
        for kind, size, found in rows
    ]
    if set(asked.kinds) == set(KINDS):
        RESULT.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
