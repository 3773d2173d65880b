"""What can be wrong with data, one small function each: ``check(ds, answers) -> (ds, findings)``.

No check changes data without a finding that says so. The order of ``CHECKS`` matters: shape comes before time and time
before values; locations and edges come last, when it is certain which sensors stay.
"""

from stcore.data.checks.finding import Check, sensor_word, with_sensor_word
from stcore.data.checks.locations import check_locations
from stcore.data.checks.shape import (
    check_calendar,
    check_cells,
    check_dims,
    check_edges,
    check_numbers,
    check_sensors,
    check_units,
    check_weights,
    check_windows,
)
from stcore.data.checks.step import check_step
from stcore.data.checks.time import check_clock, check_duplicates, check_order, check_stamps, check_zone
from stcore.data.checks.values import (
    check_infinite,
    check_missing,
    check_negative,
    check_sentinels,
    check_still,
    check_zeros,
    zero_share,
    zeros_of_all,
)

__all__ = ["CHECKS", "Check", "sensor_word", "with_sensor_word", "zero_share", "zeros_of_all"]

CHECKS: tuple[Check, ...] = (
    check_dims,
    check_numbers,
    check_sensors,
    check_units,
    check_windows,
    check_weights,
    check_calendar,
    check_cells,
    check_stamps,
    check_zone,
    check_order,
    check_duplicates,
    check_step,
    check_clock,
    check_infinite,
    check_sentinels,
    check_zeros,
    check_missing,
    check_negative,
    check_still,
    check_locations,
    check_edges,
)
