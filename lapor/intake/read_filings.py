"""A delivery that is a complaint, whole: it is filed, from its receipt on, because that is when the reporter was heard."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from lapor.complaints.errors import Refused
from lapor.complaints.filing import Filing, file
from lapor.intake.channels.interface import SENSOR, Delivered, Read, Reads, Received

# What a partner may have wrong without the complaint being lost: a person sorts it instead.
_DISPENSABLE = ("category", "village", "district", "reported_agency")


def reader(parse: Callable[[bytes], list[Received]]) -> Reads:
    """Return a reader of a channel whose deliveries are complaints; `parse` raises Unreadable."""

    async def read(delivered: Delivered) -> Read:
        notes: list[str] = []
        complaints = [await _file(delivered, received, notes) for received in parse(delivered.payload)]
        return Read(complaints[0] if complaints else None, "; ".join(notes))

    return read


async def _file(delivered: Delivered, received: Received, notes: list[str]) -> int:
    account, reporter = delivered.account, received.reporter
    filing = replace(
        received.filing,
        received_at=delivered.received_at,
        external_id=f"{account}:{reporter}" if reporter else "",
    )
    if account.startswith(SENSOR):
        # A machine has no name and reads no letters; only its own number says which one it was.
        filing = replace(filing, sensor=True, name="", phone="", email="")
    return await file_anyway(filing, notes)


async def file_anyway(filing: Filing, notes: list[str]) -> int:
    """File what a partner hands over, without what the registers do not know, which goes into `notes`.

    Returns the complaint; raises Refused for what nobody can do without.
    """
    for _ in _DISPENSABLE:
        try:
            return (await file(filing, role="worker")).complaint_id
        except Refused as reason:
            if reason.field not in _DISPENSABLE:
                raise
            filing = _without(filing, reason.field)
            notes.append(f"{reason.field} tidak ada dalam daftar")
    return (await file(filing, role="worker")).complaint_id


def _without(filing: Filing, field: str) -> Filing:
    if field == "reported_agency":
        # Whoever is meant, it is about somebody in office: that decides who must not receive it.
        return replace(filing, reported_agency=None, about_official=True)
    return replace(filing, **{field: None})  # type: ignore[arg-type]
