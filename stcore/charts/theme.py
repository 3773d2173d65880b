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
    name="light",
    text="#1a2530",
    muted="#566573",
    background="#ffffff",
    line="#d5dce3",
    kept="#0072B2",
    pruned="#D55E00",
    accent="#1f5fa8",
    land="#f6f7f9",
    sea="#dfe8ee",
    road="#96a2af",
    runs=("#0072B2", "#D55E00", "#007a5a", "#aa4499", "#7a5c00", "#4d4d4d"),
    sequential=CIVIDIS,
    diverging=PURPLE_ORANGE,
)
DARK = Theme(
    name="dark",
    text="#e8edf2",
    muted="#a9b6c2",
    background="#0f1720",
    line="#33424f",
    kept="#56B4E9",
    pruned="#E69F00",
    accent="#7db7ff",
    land="#1d2a36",
    sea="#10181f",
    road="#5a6e82",
    runs=("#56B4E9", "#E69F00", "#3ddbab", "#e58fd0", "#f0e442", "#c8c8c8"),
    sequential=CIVIDIS[1:],
    diverging=ON_DARK,
)


def theme_of(name: str | None) -> Theme:
    """The theme called ``dark``, else the light one."""
    return DARK if name == "dark" else LIGHT
