"""`lapor settings`: what can be set, what is set, and what it means."""

import argparse
import textwrap
from collections.abc import Mapping

from lapor import settings
from lapor.commands import OK, say
from lapor.settings import PREFIX, SETTINGS, Setting


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of this command."""
    parser.epilog = "Secrets are never shown, only whether they are set. docs/settings.md says more."


def run(options: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Print every setting; one that cannot be used is a failure."""
    given = settings.read(environ)
    for setting in SETTINGS:
        say(f"{PREFIX}{setting.name} = {_shown(setting, environ, given.environment)}")
        say(textwrap.indent(textwrap.fill(setting.help, 100), "    "))
    return OK


def _shown(setting: Setting, environ: Mapping[str, str], environment: str) -> str:
    raw = environ.get(PREFIX + setting.name, "").strip()
    if setting.secret:
        return "(set)" if raw else "(not set)"
    if raw:
        return raw
    default = setting.default_in(environment)
    return f"{default or '(empty)'}  (default)"
