"""What the tests of the command line share."""

from pathlib import Path

from running import SMALL, done

QUICK = (*SMALL, "--epochs", "3")


def refused(folder: Path, *arguments: str | Path) -> str:
    """The sentence with which a command is refused: exit code 2, one line on stderr, nothing on stdout."""
    command = done(folder, *arguments, code=2)
    assert command.stdout == ""
    assert command.stderr.count("\n") == 1, command.stderr
    assert "Traceback" not in command.stderr
    return command.stderr.strip()
