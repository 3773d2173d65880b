"""How much a file may ask for: nothing is allocated because a file says so, only because there is room for it."""

import os
from pathlib import Path

from stcore.findings import refuse

SHARE = 0.5
"""Of the free memory, this share may go into one dataset."""
FALLBACK = 8 * 2**30
"""Taken for the free memory where the system does not tell."""


def free_memory() -> int:
    """Bytes that can still be had, as the system (and a container's limit) says."""
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
    """Refuse what declares more bytes than there is room for; called before anything of that size is allocated."""
    room = int(free_memory() * SHARE)
    if declared > room:
        raise refuse(
            "too-large",
            f"{what} declares {words(declared)}, and {words(room)} is the room for it here. "
            "Cut it into a shorter stretch or fewer sensors, or open it on a machine with more memory.",
        )


def words(size: int) -> str:
    """Bytes for people: ``3.6 GB``."""
    amount = float(size)
    for unit in ("bytes", "kB", "MB", "GB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit == "bytes" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} TB"
