"""Colours and type of every figure, light and dark, chosen for contrast and for colour-blind readers (Okabe and Ito 2008)."""

from typing import NamedTuple


class Theme(NamedTuple):
    """The tokens of one theme; colours as #rrggbb."""

    name: str
    text: str
    muted: str
    background: str
    line: str  # axes, grids, outlines
    kept: str
    pruned: str
    accent: str
    land: str
    sea: str
    road: str
    runs: tuple[str, ...]  # one colour a run, each with a dash of its own
    sequential: tuple[str, ...]  # cividis: monotone in lightness
    diverging: tuple[str, ...]  # purple to orange, centred at 0; what is near 0 is near the background


DASHES = ((1, 0), (6, 3), (2, 2), (8, 3, 2, 3), (12, 4), (4, 4))  # Vega's dash arrays, one a run
CIVIDIS = ("#00224e", "#123570", "#3b496c", "#575d6d", "#707173", "#8a8678", "#a59c74", "#c3b369", "#e1cc55", "#fee838")
PURPLE_ORANGE = ("#542788", "#8073ac", "#b2abd2", "#d8daeb", "#f7f7f7", "#fee0b6", "#fdb863", "#e08214", "#b35806")
ON_DARK = ("#d6c8ff", "#b19cf0", "#8776bf", "#5d5683", "#3b4450", "#76583a", "#b07a33", "#e3a03c", "#ffcf70")

LIGHT = Theme(
    "light",
    "#1a2530",
    "#566573",
    "#ffffff",
    "#d5dce3",
    "#0072B2",
    "#D55E00",
    "#1f5fa8",
    "#f6f7f9",
    "#dfe8ee",
    "#96a2af",
    ("#0072B2", "#D55E00", "#007a5a", "#aa4499", "#7a5c00", "#4d4d4d"),
    CIVIDIS,
    PURPLE_ORANGE,
)
DARK = Theme(
    "dark",
    "#e8edf2",
    "#a9b6c2",
    "#0f1720",
    "#33424f",
    "#56B4E9",
    "#E69F00",
    "#7db7ff",
    "#1d2a36",
    "#10181f",
    "#5a6e82",
    ("#56B4E9", "#E69F00", "#3ddbab", "#e58fd0", "#f0e442", "#c8c8c8"),
    CIVIDIS[1:],
    ON_DARK,
)


def theme_of(name: str | None) -> Theme:
    """The theme called ``dark``, else the light one."""
    return DARK if name == "dark" else LIGHT
