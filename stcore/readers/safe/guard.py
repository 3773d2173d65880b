"""The one place where what a parser raises becomes a sentence for the person who has the file."""

from collections.abc import Iterator
from contextlib import contextmanager

from stcore.findings import DataError, refuse


@contextmanager
def guarded(name: str) -> Iterator[None]:
    """Whatever goes wrong inside ends in a DataError that names the file."""
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
    except Exception as error:  # what damaged bytes make other people's parsers raise is no finite list
        why = next(iter(str(error).strip().splitlines()), "") or type(error).__name__
        raise refuse("damaged", f"{name} is damaged or not understood: {why[:200].rstrip('.')}.") from error
