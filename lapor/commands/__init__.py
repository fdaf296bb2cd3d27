"""One file per command of `lapor`: `arguments` of its parser, `run` with an exit code.

A command writes its result to standard output with `say`; it raises Failed for what a person can put right.
"""

from __future__ import annotations

import argparse
import sys
from typing import Protocol

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


class AddAction(Protocol):
    """What adds one action to a command."""

    def __call__(self, name: str, summary: str, description: str = "") -> argparse.ArgumentParser:
        """Return the action's parser; `summary` stands in the list, and as a sentence above its own options."""


def actions_of(parser: argparse.ArgumentParser) -> AddAction:
    """Return what adds actions to a command; what the command needs is said below each of them too."""
    below = parser.add_subparsers(metavar="ACTION", required=True, dest="action", title="actions")

    def add(name: str, summary: str, description: str = "") -> argparse.ArgumentParser:
        sentence = description or f"{summary[0].upper()}{summary[1:]}."
        return below.add_parser(
            name, help=summary, description=sentence, epilog=parser.epilog, allow_abbrev=False
        )

    return add
