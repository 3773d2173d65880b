"""Options and answers as a person gives them: in a JSON file, and on the command line on top of it."""

import json
from pathlib import Path
from typing import Any

from stcore.options import OptionError, RunOptions, merge


def read_object(path: Path | None) -> dict[str, Any]:
    """The JSON object in a file; empty without a file. Raises OptionError where the file holds none."""
    if path is None:
        return {}
    try:
        value = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise OptionError(f"There is no file {path}.") from None
    except (OSError, ValueError, RecursionError) as error:
        raise OptionError(f"{path} cannot be read as JSON: {error}.") from None
    if not isinstance(value, dict):
        raise OptionError(f"{path} must hold a JSON object.")
    return value


def read_answers(path: Path | None) -> dict[str, str]:
    """The answers to a dataset's questions in a file; empty without a file. Raises OptionError where it holds none."""
    answers = read_object(path)
    if not all(isinstance(choice, str) for choice in answers.values()):
        raise OptionError(f'{path} must hold answers in the form {{"question": "choice"}}.')
    return answers


def read_options(path: Path | None, kind: type[RunOptions] = RunOptions) -> dict[str, Any]:
    """The options in a file that holds nothing else, or in a run's spec.json. Raises OptionError where they are wrong.

    They are checked alone: an option given on top of them must not hide what is wrong in the file.
    """
    file = read_object(path)
    options = file.get("options", file)
    if not isinstance(options, dict):
        raise OptionError(f"The options in {path} must be a JSON object.")
    kind.read(options)
    return options


def overlay(file: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """The options of a file with those ``given`` on top.

    Where another model or strategy is given than the file names, the options of the file's one are left out.
    """

    def same_name(part: str) -> bool:
        below, above = file.get(part), given.get(part)
        if not isinstance(below, dict) or not isinstance(above, dict):
            return True
        return above.get("name", below.get("name")) == below.get("name")

    return merge({part: value for part, value in file.items() if same_name(part)}, given)


def without_none(tree: dict[str, Any]) -> dict[str, Any]:
    """The options that were given on the command line: those that are not None."""
    kept = {key: without_none(value) if isinstance(value, dict) else value for key, value in tree.items()}
    return {key: value for key, value in kept.items() if value is not None and value != {}}
