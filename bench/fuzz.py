"""Many spoilt variants of a file of every format, opened in child processes; the count goes to results/fuzz.md.

    python bench/fuzz.py [--variants 5000] [--seed 1]

A variant is cut off, or has 1 to 8 bytes changed, or a stretch repeated or left out (tests/fuzzing.py). It has to end in
data or in one sentence; a crash, a hang of 30 s, or another error is counted and named.
"""

import argparse
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from data_samples import EVERY  # noqa: E402
from fuzzing import campaign  # noqa: E402

RESULT = ROOT / "bench" / "results" / "fuzz.md"
BLOCK = 500  # variants a child


def fuzz(place: int, variants: int, seed: int) -> tuple[str, int, int, float, list[str]]:
    """The row of one sample: its name, how many opened and were refused, the slowest, and what went wrong."""
    name, sample = EVERY[place]
    opened, refused, slowest, wrong = 0, 0, 0.0, []
    with tempfile.TemporaryDirectory() as folder:
        for block in range(-(-variants // BLOCK)):
            count = min(BLOCK, variants - block * BLOCK)
            try:
                found = campaign(place, Path(folder) / "fuzz", count, seed + block)
            except AssertionError as error:
                wrong.append(str(error))
                continue
            opened, refused, slowest = opened + found.opened, refused + found.refused, max(slowest, found.slowest)
    return f"{name}, {sample.name}", opened, refused, slowest, wrong


def main() -> None:
    """Fuzz all formats, two at a time, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--variants", type=int, default=5000, help="of every sample")
    parser.add_argument("--seed", type=int, default=1, help="of the first block; tests use 0")
    given = parser.parse_args()
    with ThreadPoolExecutor(2) as pool:
        rows = []
        for row in pool.map(lambda place: fuzz(place, given.variants, given.seed), range(len(EVERY))):
            rows.append(row)
            print(row, flush=True)
    total = sum(opened + refused for _, opened, refused, _, _ in rows)
    wrong = [f"- {name}: {text}" for name, *_, texts in rows for text in texts]
    lines = [
        "# Spoilt files\n",
        f"Written by `bench/fuzz.py --variants {given.variants} --seed {given.seed}`: {total:,} variants of {len(rows)} "
        f"files ended in data or in one sentence; {len(wrong)} blocks of {BLOCK} ended otherwise.\n",
        "| format, file | opened | refused in words | slowest, s | crashed, hung or wordless |",
        "| --- | --- | --- | --- | --- |",
        *(
            f"| {name} | {opened} | {refused} | {slow:.1f} | {len(texts)} |"
            for name, opened, refused, slow, texts in rows
        ),
        *(["\nWhat ended otherwise, by the first of its block:\n", *wrong] if wrong else []),
    ]
    RESULT.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
