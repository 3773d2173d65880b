"""Published sets that are known by name or size where their files hold no dates: when they begin, and whose clock they keep."""

import re
from typing import NamedTuple

PACIFIC, CHINA = "America/Los_Angeles", "Asia/Shanghai"
WEEKDAYS = " It holds weekdays only, one after another, so later dates are earlier than they were."


class Published(NamedTuple):
    """A set by its ``name`` in letters and digits alone and the number of its ``sensors``; where versions do not differ, the
    number of its ``steps`` and when the first of them was, ``start``. ``zone``: of its clock.

    ``bare``: a table of numbers that is known by its size where that tells enough (``by_size``), not only by its name;
    what is not bare is known by its size in arrays.
    """

    name: str
    sensors: int
    steps: int
    start: str
    zone: str
    step: str = "5min"
    unit: str = ""
    said: str = ""
    bare: bool = False
    by_size: bool = True

    def begins(self, steps: int) -> str:
        """The start, for data of as many steps; a part of a set, or a longer one, may begin at any time."""
        return self.start if steps == self.steps else ""

    def by_day(self) -> "Published":
        """The same with a start that names a day alone, as it has been written for tables and PEMS: runs know it so."""
        return self._replace(start=self.start[:10])


SETS = (
    Published("metrla", 207, 34272, "2012-03-01 00:00", PACIFIC),
    Published("pemsbay", 325, 52116, "2017-01-01 00:00", PACIFIC),
    Published("pems03", 358, 26208, "2018-09-01 00:00", PACIFIC),
    Published("pems04", 307, 16992, "2018-01-01 00:00", PACIFIC),
    Published("pems07", 883, 28224, "2017-05-01 00:00", PACIFIC),
    Published("pems08", 170, 17856, "2016-07-01 00:00", PACIFIC),
    Published("v228", 228, 12672, "2012-05-01 00:00", PACIFIC, unit="mph", said=WEEKDAYS, bare=True),
    Published(
        "losspeed", 207, 2016, "2012-03-01 00:00", PACIFIC, unit="mph", bare=True, by_size=False
    ),  # METR-LA's week
    Published("szspeed", 156, 2976, "2015-01-01 00:00", CHINA, "15min", "km/h", bare=True),
    Published("pemsd7", 228, 0, "", PACIFIC),
    Published("ca", 8600, 0, "", PACIFIC),
    Published("gla", 3834, 0, "", PACIFIC),
    Published("gba", 2352, 0, "", PACIFIC),
    Published("sd", 716, 0, "", PACIFIC),
    Published("full437", 437, 0, "", CHINA),
    Published("small36", 36, 0, "", CHINA),
)


def published(name: str, sensors: int) -> Published | None:
    """The set that has this name, whatever stands between its letters, after it or, of a long one, before it.

    A set of another number of sensors under the same name is another set. Its steps may be others: see ``begins``.
    """
    plain = re.sub(r"[^a-z0-9]", "", name.lower())
    named = (held for held in SETS if plain.startswith(held.name) or (len(held.name) > 5 and held.name in plain))
    return next((held for held in named if held.sensors == sensors), None)


def of_size(steps: int, sensors: int, *, bare: bool = False) -> Published | None:
    """The set that has this size, among the tables without times or, unless ``bare``, among the arrays."""
    fits = (held for held in SETS if (held.steps, held.sensors, held.bare) == (steps, sensors, bare) and held.by_size)
    return next(fits, None)
