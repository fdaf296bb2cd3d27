"""The command line: finds the command, gives it its ground, and turns what went wrong into one line."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from types import ModuleType

from lapor.commands import FAILED, WRONG_USAGE, Failed

COMMANDS = {
    "demo": "Run the whole system with example data on this machine; Ctrl-C stops it.",
    "web": "Serve the residents' pages, the desk and the admin panel.",
    "worker": "Sweep for passed deadlines, send messages and read deliveries, until stopped.",
    "sweep": "Fire every reminder and escalation that is due, once, without Redis.",
    "audit": "Look for what ought not to be: missed escalations, broken chains, stuck messages.",
    "sla": "Say when something is due by the rules of a file, without a database.",
    "ledger": "Export the chain of events, or verify an export without a database.",
    "replay": "Play dated complaints from a CSV file through the system in simulated time.",
    "pack": "Load, compare or export the region pack: agencies, categories, rules, calendar.",
    "person": "Add somebody who can log in, or give them a new one-time password.",
    "figures": "Count anew, close a month, or prove that closed months are as they were closed.",
    "retention": "Say or erase what is kept no longer: who filed, raw deliveries, providers' answers.",
    "channels": "Rehearse a channel without its provider; tell Telegram where to deliver.",
    "sp4n": "Take over complaints of SP4N-LAPOR! from a file, or hand their answers back.",
    "messages": "List messages that could not be sent, or send one of them again.",
    "servers": "Keep the embedded servers running and print their addresses; Ctrl-C stops them.",
    "settings": "Show every setting with its value and what it means.",
    "roles": "Create the roles and the database of an installation.",
    "migrate": "Bring the database up to date.",
}
INTERRUPTED = 130

_DESCRIPTION = """\
Citizen complaints for regional governments: the command line.

Without LAPOR_DATABASE_URL and LAPOR_REDIS_URL a command starts PostgreSQL and Redis of its own, with data in
LAPOR_HOME, and stops them at its end. `lapor settings` lists all settings."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return 0 when it is done, 1 when it failed, 2 for wrong usage."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    parser, chosen = _parser(given)
    try:
        options = parser.parse_args(given)
        if chosen is None:
            parser.print_help()
            return WRONG_USAGE
        code: int = chosen.run(options, os.environ)
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else FAILED
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has gone; closing it once more would complain again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except Exception as error:
        sentence = _sentence(error)
        if sentence is None:
            raise
        print(f"lapor: {sentence}", file=sys.stderr)
        return FAILED
    return code


def _parser(given: Sequence[str]) -> tuple[argparse.ArgumentParser, ModuleType | None]:
    """The parser, and the command that is asked for: only that one is loaded, so that help comes at once."""
    parser = argparse.ArgumentParser(
        prog="lapor",
        description=_DESCRIPTION,
        epilog="`lapor COMMAND --help` explains a command.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    commands = parser.add_subparsers(metavar="COMMAND", title="commands", prog="lapor")
    name = next((word for word in given if not word.startswith("-")), None)
    chosen = None
    for command, summary in COMMANDS.items():
        own = commands.add_parser(command, help=summary, description=summary, allow_abbrev=False)
        if command == name:
            chosen = import_module(f"lapor.commands.{command}")
            chosen.arguments(own)
    return parser, chosen


def _sentence(error: Exception) -> str | None:
    """What a person is told about an error that can be expected; None for one that is a fault of ours."""
    from asyncpg import (
        InsufficientPrivilegeError,
        InterfaceError,
        PostgresError,
        SyntaxOrAccessError,
        UndefinedTableError,
    )
    from redis.exceptions import RedisError

    from lapor.complaints.errors import Refused
    from lapor.complaints.ledger import LedgerBroken
    from lapor.pack import PackError
    from lapor.replay import HistoryError
    from lapor.secret_values import SettingsError
    from lapor.server_binaries import EmbeddedError

    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}"
    if isinstance(error, OSError):
        return f"a server does not answer: {_one_line(error)}"
    if isinstance(error, PackError):
        return "the pack cannot be used\n" + "\n".join(map(str, error.problems))
    ours = (Failed, SettingsError, EmbeddedError, Refused, LedgerBroken, HistoryError)
    theirs = (PostgresError, InterfaceError, RedisError)
    if isinstance(error, UndefinedTableError):
        return "the database is not up to date: run `lapor migrate` first"
    if isinstance(error, SyntaxOrAccessError) and not isinstance(error, InsufficientPrivilegeError):
        return None
    return _one_line(error) if isinstance(error, ours + theirs) else None


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__


if __name__ == "__main__":
    sys.exit(main())
