"""``python -m stcore``: one thin command after another over the core.

Exit codes: 0 done; 2 wrong use or bad input, with one plain sentence on stderr; 1 a failed run; 130 interrupted.
"""

import os
import traceback
from collections.abc import Sequence

from typer import Abort
from typer.exceptions import TyperException

from stcore.cli.common import INTERRUPTED, app, fail
from stcore.findings import DataError
from stcore.options import OptionError
from stcore.runs import RunError
from stcore.runs.record import sentence

__all__ = ["main"]


def main(arguments: Sequence[str]) -> int:
    """Run one command and give its exit code."""
    from stcore.cli import (  # noqa: F401  (importing a module adds its commands)
        data,
        experiment,
        exporting,
        importance,
        keeping,
        reading,
        sensors,
        training,
    )

    try:
        code = app(list(arguments) or ["--help"], standalone_mode=False, prog_name="python -m stcore")
    except Abort:
        return fail("Interrupted.", INTERRUPTED)
    except TyperException as error:  # wrong use, in the words of typer
        message = error.format_message() if hasattr(error, "format_message") else str(error)
        return fail(f"{message.rstrip('.')}. Try --help.", 2)
    except (DataError, OptionError, RunError, FileNotFoundError, PermissionError, ValueError) as error:
        return fail(str(error), 2)
    except (RuntimeError, OSError, MemoryError) as error:
        return fail(sentence(error), 1)
    except Exception as error:  # whatever it was, a person reads a sentence
        if os.environ.get("STCORE_BACKGROUND"):
            traceback.print_exc()  # into the run's log
        message = "Unexpected error: either Winnow has a bug or a run's folder is damaged"
        return fail(f"{message} ({type(error).__name__}: {error}).", 1)
    return code if isinstance(code, int) else 0
