"""What stands on the slip of a complaint that was taken down: for whoever has its secret in hand."""

from dataclasses import dataclass
from datetime import datetime

from lapor import crypto, database

_SLIP = """
SELECT c.id, c.ticket, c.status, c.filed_at, c.emergency, c.written_at,
  c.confidential OR c.protected OR c.about_official AS guarded,
  a.name AS agency, a.phone AS agency_phone, r.timezone AS zone, lapor_now() AS now,
  k.due_at, e.started_at AS emergency_since, e.due_at AS emergency_due_at, e.met_at AS handed_over_at
FROM complaint c
JOIN agency a ON a.id = c.owner_agency
JOIN region r ON r.id = c.region
JOIN LATERAL (SELECT due_at FROM clock WHERE complaint = c.id AND kind = 'response' ORDER BY cycle LIMIT 1) k ON true
LEFT JOIN LATERAL (SELECT started_at, due_at, met_at FROM clock WHERE complaint = c.id AND kind = 'emergency'
                   ORDER BY cycle DESC LIMIT 1) e ON true
WHERE c.reporter_key = $1 AND c.ticket = $2"""


@dataclass(frozen=True)
class Slip:
    """A complaint as its slip shows it. `guarded`: whoever finds the paper must not learn from it whom it concerns."""

    id: int
    ticket: str
    status: str
    filed_at: datetime
    emergency: bool
    written_at: datetime | None
    guarded: bool
    agency: str
    agency_phone: str
    zone: str
    now: datetime
    due_at: datetime
    emergency_since: datetime | None
    emergency_due_at: datetime | None
    handed_over_at: datetime | None

    @property
    def waits_for_roster(self) -> bool:
        """Whether it is an emergency that nobody on duty has in hand yet."""
        return self.emergency_due_at is not None and self.handed_over_at is None

    @property
    def came_late(self) -> bool:
        """Whether the deadline had passed already when it was received, as with an old letter."""
        return self.due_at < self.filed_at


async def slip(ticket: str, secret: str) -> Slip | None:
    """Return the slip of the complaint that this secret opens; None for every other ticket and secret alike."""
    key = crypto.secret_hash(secret)
    async with database.transaction("reporter", reporter_key=key):
        row = await database.fetchrow(_SLIP, key, ticket)
    return Slip(**dict(row)) if row else None
