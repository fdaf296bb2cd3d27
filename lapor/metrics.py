"""What a monitor asks for: counts and ages in the text format of Prometheus, for our own networks only."""

from __future__ import annotations

import json
from collections.abc import Iterator
from ipaddress import ip_address
from typing import Any

from litestar import Response, get
from litestar.exceptions import NotFoundException

from lapor import database
from lapor.pages import AnyRequest
from lapor.settings import Settings
from lapor.sla.audit import CODES

# A request that has come through a proxy is a visitor's, whoever they say they are.
_FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip")

_BEATS = """
SELECT name, facts, extract(epoch FROM lapor_now() - beat_at)::float AS age FROM heartbeat
WHERE name IN ('sweep', 'audit', 'outbox')"""


@get("/metrics")
async def metrics(request: AnyRequest) -> Response[str]:
    """What the worker saw last, and how long ago; 404 for whoever asks from elsewhere."""
    if not _from_our_networks(request):
        raise NotFoundException()
    async with database.transaction("public"):
        beats = {row["name"]: row for row in await database.fetch(_BEATS)}
    return Response(
        "\n".join(_lines(beats)) + "\n",
        media_type="text/plain; version=0.0.4; charset=utf-8",
        headers={"Cache-Control": "no-store"},
    )


def _from_our_networks(request: AnyRequest) -> bool:
    settings: Settings = request.app.state.settings
    if request.client is None or any(name in request.headers for name in _FORWARDED):
        return False
    try:
        address = ip_address(request.client.host.partition("%")[0])
    except ValueError:
        return False
    return address.is_loopback or any(address in network for network in settings.trusted_proxies)


def _lines(beats: dict[str, Any]) -> Iterator[str]:
    found = _facts(beats, "audit")
    yield "# HELP lapor_audit_findings What the audit found last, by kind: overdue_not_escalated, fired_twice, ..."
    yield "# TYPE lapor_audit_findings gauge"
    for code in CODES:
        if code in found:
            yield f'lapor_audit_findings{{kind="{code}"}} {found[code]}'
    yield "# HELP lapor_heartbeat_age_seconds Seconds since a recurring task was last seen to finish."
    yield "# TYPE lapor_heartbeat_age_seconds gauge"
    for name, row in sorted(beats.items()):
        yield f'lapor_heartbeat_age_seconds{{task="{name}"}} {row["age"]:.1f}'
    outbox = _facts(beats, "outbox")
    for name, (fact, sentence) in _OUTBOX.items():
        if fact in outbox:
            yield f"# HELP {name} {sentence}"
            yield f"# TYPE {name} gauge"
            yield f"{name} {outbox[fact]}"


_OUTBOX = {
    "lapor_messages_waiting": ("waiting", "Messages that have not left yet."),
    "lapor_messages_dead": ("dead", "Messages that were given up and wait for a person."),
    "lapor_messages_oldest_seconds": ("oldest_seconds", "Age of the oldest message that is due."),
    "lapor_messages_repeated": (
        "repeated",
        "Messages that may have left twice, because a sender was interrupted.",
    ),
    "lapor_alarms_open": ("alarms", "Alarms that are open."),
}


def _facts(beats: dict[str, Any], name: str) -> dict[str, int]:
    return dict(json.loads(beats[name]["facts"])) if name in beats else {}
