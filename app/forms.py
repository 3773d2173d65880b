"""Form fields for an options class: one for each option of ``Options.describe()``, with its help, unit and range."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

Described = Mapping[str, Any]


def fields(
    section: str, described: Sequence[Described], automatic: Mapping[str, Any], lists: Mapping[str, Sequence[str]]
) -> dict[str, Any]:
    """Draw the options of a section and give their values, None for those left empty.

    ``automatic``: by name, what replaces a value left empty. ``lists``: by name, what a list may hold. The widgets' keys are
    ``section.name``, so that ``fill`` can set them.
    """
    return {option["name"]: field(section, option, automatic, lists) for option in described}


def field(section: str, option: Described, automatic: Mapping[str, Any], lists: Mapping[str, Sequence[str]]) -> Any:
    """One option's widget and its value."""
    name, default = option["name"], option["default"]
    key, label, help = f"{section}.{name}", option_label(option), option_help(option)
    choices = lists.get(name)
    st.session_state.setdefault(key, widget_value(option, default, choices))
    more: dict[str, Any] = {"key": key, "help": help, "persist_state": "session"}
    if "enum" in option:
        return st.selectbox(label, option["enum"], placeholder=_automatic(automatic.get(name)), **more)
    if option["type"] == "array" and choices is not None:
        st.session_state[key] = [name for name in st.session_state[key] if name in choices]
        return st.multiselect(label, choices, placeholder=_automatic(automatic.get(name)), **more) or None
    if option["type"] == "array":
        return st.text_input(label, placeholder=_automatic(automatic.get(name)), **more).strip() or None
    if option["type"] == "boolean":
        return st.checkbox(label, **more)
    if option.get("optional") and default is not None:
        st.session_state.setdefault(f"{key}.set", True)
        if not st.checkbox(f"{label}:", key=f"{key}.set", help=help, persist_state="session"):
            return None
        more |= {"label_visibility": "collapsed", "help": None}
    return number_field(label, option, _automatic(automatic.get(name)), more)


def number_field(label: str, option: Described, placeholder: str, more: Mapping[str, Any]) -> float | int | None:
    """A field for a number within its bounds; an optional one may be left empty."""
    whole = option["type"] == "integer"
    kind = int if whole else float
    bounds: Any = {
        side: kind(option[bound]) if bound in option else None
        for side, bound in (("min_value", "minimum"), ("max_value", "maximum"))
    }
    value: Any = None if option.get("optional") else "min"
    form: dict[str, Any] = {"step": 1} if whole else {"step": number_step(option["default"]), "format": "%.6g"}
    return st.number_input(label, **bounds, value=value, placeholder=placeholder, **form, **more)


def number_step(default: float | None) -> float:
    """How far a click moves a number: the largest power of ten that is at most half of its default."""
    return 10.0 ** math.floor(math.log10(abs(default or 0.1) / 2))


def widget_value(option: Described, value: Any, choices: Sequence[str] | None = None) -> Any:
    """An option's value as its widget holds it; a list is text, unless it is chosen from ``choices``."""
    if option.get("type") != "array":
        return value
    if choices is not None:
        return list(value or [])
    return ", ".join(f"{part:g}" if isinstance(part, float) else str(part) for part in value or [])


def fill(
    section: str, described: Sequence[Described], values: Mapping[str, Any], lists: Mapping[str, Sequence[str]]
) -> None:
    """Have a section show these values the next time it is drawn. For callbacks."""
    for option in described:
        if (name := option["name"]) not in values:
            continue
        key, value = f"{section}.{name}", values[name]
        if option.get("optional") and option["default"] is not None:
            st.session_state[f"{key}.set"] = value is not None
            value = option["default"] if value is None else value
        st.session_state[key] = widget_value(option, value, lists.get(name))


def option_label(option: Described) -> str:
    """An option's label: its name in words, and its unit."""
    words = {
        "lr": "learning rate",
        "mape_floor": "MAPE floor",
        "keep": "keep this share of all visits",
        "sparsity": "share of sensors off",
    }.get(option["name"], option["name"].replace("_", " "))
    return f"{words[:1].upper()}{words[1:]}" + (f" ({option['unit']})" if option.get("unit") else "")


def option_help(option: Described) -> str:
    """An option's help, its range and its name on the command line."""
    low = next(
        (
            f"{word} {option[key]:g}"
            for key, word in (("minimum", "at least"), ("exclusiveMinimum", "above"))
            if key in option
        ),
        "",
    )
    high = next(
        (
            f"{word} {option[key]:g}"
            for key, word in (("maximum", "at most"), ("exclusiveMaximum", "below"))
            if key in option
        ),
        "",
    )
    range_ = ", ".join(part for part in (low, high) if part)
    return f"{option['help']}{f' {range_[:1].upper()}{range_[1:]}.' if range_ else ''}".replace("$", "\\$")


def _automatic(value: Any) -> str:
    return f"automatic: {value:.3g}" if isinstance(value, int | float) else f"automatic: {value}" if value else "none"
