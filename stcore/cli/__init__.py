"""``python -m stcore``: one thin command after another over the core.

Exit codes: 0 done; 2 wrong use or bad input, with one plain sentence on stderr; 1 a failed run.
"""

from collections.abc import Sequence

import click

from stcore.cli.common import app
from stcore.findings import DataError
from stcore.options import OptionError
from stcore.runs import RunError

__all__ = ["main"]


def main(arguments: Sequence[str]) -> int:
    """Run one command and give its exit code."""
    from stcore.cli import data, reading, training  # noqa: F401  (they add their commands to the app)

    try:
        code = app(list(arguments), standalone_mode=False, prog_name="python -m stcore")
    except click.exceptions.Abort:
        return refuse("Interrupted.", 130)
    except click.UsageError as error:
        return refuse(f"{error.format_message()} Try --help.", 2)
    except click.ClickException as error:
        return refuse(error.format_message(), 2)
    except DataError as error:
        return refuse(str(error), 2)
    except (OptionError, RunError, FileNotFoundError, PermissionError, ValueError) as error:
        return refuse(str(error), 2)
    except (RuntimeError, OSError, MemoryError) as error:
        return refuse(str(error) or type(error).__name__, 1)
    except KeyboardInterrupt:
        return refuse("Interrupted. Resume the run whenever you like.", 130)
    return code if isinstance(code, int) else 0


def refuse(sentence: str, code: int) -> int:
    """Say why on stderr, in one line."""
    click.echo(" ".join(sentence.split()), err=True)
    return code
