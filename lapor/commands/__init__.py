"""One file per command of `lapor`: HELP in a line, `arguments` of its parser, `run` with an exit code.

A command writes its result to standard output with `say`; it raises Failed for what a person can put right.
"""

from __future__ import annotations

import sys

OK, FAILED, WRONG_USAGE = 0, 1, 2


class Failed(Exception):
    """A command that cannot do what it was asked; the message is one line for the person who asked."""


def say(line: str = "") -> None:
    """Write one line of a command's result, at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def tell(line: str) -> None:
    """Write one line about the progress of a command, beside its result."""
    sys.stderr.write(line + "\n")
    sys.stderr.flush()
