"""Limits for what a file may cost, and one sentence for whatever goes wrong while it is read.

Memory is allocated only where there is room for it, never because a file asks for it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from stcore.findings import DataError, refuse

SHARE = 0.5
"""The share of the free memory that one dataset may use."""
FALLBACK = 8 * 2**30
"""Bytes that count as free where the system does not say how many are."""


def free_memory() -> int:
    """Bytes that are free, by the system, the container's limit and the process's limit."""
    free = FALLBACK
    meminfo = Path("/proc/meminfo")
    if meminfo.exists():
        lines = dict(line.split(":", 1) for line in meminfo.read_text().splitlines() if ":" in line)
        free = int(lines["MemAvailable"].split()[0]) * 1024 if "MemAvailable" in lines else free
    elif hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        free = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return min(free, *(bound for bound in (_container_room(), _process_room()) if bound is not None), free)


def _container_room() -> int | None:
    limit, used = Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory.current")
    try:
        return max(int(limit.read_text()) - int(used.read_text()), 0)
    except (OSError, ValueError):
        return None


def _process_room() -> int | None:
    try:
        import resource
    except ImportError:
        return None
    soft, _ = resource.getrlimit(resource.RLIMIT_AS)
    return None if soft == resource.RLIM_INFINITY else soft


def check_room(declared: int, what: str) -> None:
    """Refuse ``what`` where it declares more bytes than there is room for. Call this before the memory is allocated."""
    room = int(free_memory() * SHARE)
    if declared > room:
        raise refuse(
            "too-large",
            f"{what} declares {size_text(declared)}, and there is room for {size_text(room)} here. "
            "Cut it into a shorter stretch or fewer sensors, or open it on a machine with more memory.",
        )


def size_text(size: int) -> str:
    """Bytes for people: ``3.6 GB``."""
    amount = float(size)
    for unit in ("bytes", "kB", "MB", "GB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit == "bytes" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} TB"


@contextmanager
def guard(name: str) -> Iterator[None]:
    """Turn every exception inside into a DataError that names the file."""
    try:
        yield
    except DataError:
        raise
    except FileNotFoundError as error:
        raise refuse("not-found", f"There is no file or folder {error.filename or name}.") from error
    except PermissionError as error:
        raise refuse("not-allowed", f"{error.filename or name} may not be read by this user.") from error
    except MemoryError as error:
        raise refuse("too-large", f"{name} needs more memory than there is.") from error
    except Exception as error:  # a parser may raise anything on damaged bytes
        why = next(iter(str(error).strip().splitlines()), "") or type(error).__name__
        raise refuse("damaged", f"{name} is damaged or not understood: {why[:200].rstrip('.')}.") from error
