"""The main job from end to end, on throw-away data: over HTTP, with the real site, worker and servers.

Every step does what a person or another system would do, looks at what came of it, and says so in one line.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from lapor import settings
from lapor.commands import FAILED, OK, Failed, say
from lapor.demo.inside import Unexpected
from lapor.demo.run import Demonstration, demonstration, free_port
from lapor.demo.steps import Check
from lapor.embedded import EmbeddedError, remove_home, throwaway_home
from lapor.settings import PREFIX, SettingsError

STEPS: tuple[tuple[str, Callable[[Check], str]], ...] = (
    ("file through the web form", Check.file_through_the_form),
    ("receive a signed webhook twice", Check.receive_a_webhook_twice),
    ("hear over three channels", Check.hear_over_the_channels),
    ("take down at counter and kiosk", Check.take_down_at_the_counter),
    ("let the rules route", Check.let_the_rules_route),
    ("answer on the desk page", Check.answer_on_the_desk),
    ("answer through the panel's form", Check.answer_in_the_panel),
    ("answer late with the worker stopped", Check.answer_late),
    ("escalate once after the outage", Check.escalate_once),
    ("sweep twice at once", Check.sweep_twice_at_once),
    ("read the list as head of region", Check.read_as_head_of_region),
    ("follow a ticket as the resident", Check.follow_as_the_resident),
    ("verify the ledger offline", Check.verify_the_ledger),
)
_WIDTH = max(len(name) for name, _ in STEPS)


def check(environ: Mapping[str, str], port: int | None = None) -> int:
    """Go through all steps, one line each; return 0, or 1 with the step that failed."""
    if settings.read(environ).production:
        raise SettingsError("the demonstration is refused in production")
    own = {name: value for name, value in environ.items() if not name.startswith(PREFIX)}
    # All visitors of the check come from one address.
    own |= {f"{PREFIX}FILING_LIMIT": "0", f"{PREFIX}LOOKUP_LIMIT": "0"}
    begun = time.monotonic()
    home = throwaway_home()
    try:
        with demonstration(own, home, port or free_port()) as running:
            _line("start", f"{running.address} after {time.monotonic() - begun:.0f} s")
            code = _steps(running)
    except (Failed, EmbeddedError) as error:
        say(f"FAILED start: {error}")
        code = FAILED
    finally:
        remove_home(home)
    if code == OK:
        say(f"all {len(STEPS)} steps passed in {time.monotonic() - begun:.0f} s")
    return code


def _steps(running: Demonstration) -> int:
    with tempfile.TemporaryDirectory() as folder, Check(running, Path(folder)) as check:
        for name, step in STEPS:
            try:
                _line(name, step(check))
            except Exception as error:
                # Whatever it is, the step did not pass.
                said = str(error) if isinstance(error, Unexpected | Failed | LookupError) else repr(error)
                say(f"FAILED {name}: {said}")
                _show_logs(running)
                return FAILED
    return OK


def _line(name: str, seen: str) -> None:
    say(f"ok  {name + ':':<{_WIDTH + 1}} {seen}")


def _show_logs(running: Demonstration) -> None:
    for child in ("web", "worker"):
        path = running.servers.home / "log" / f"{child}.log"
        if path.exists():
            lines = path.read_text(errors="replace").splitlines()[-10:]
            say("\n".join([f"--- the end of {path.name}", *lines]))
