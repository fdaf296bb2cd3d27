"""Starting and meeting the clocks of a complaint, with the deadlines that the sla package computes."""

from dataclasses import dataclass
from datetime import datetime

from lapor import database
from lapor.registers import zone_of
from lapor.routing.directory import AgencyEntry, CategoryEntry
from lapor.sla.policy import ClockKind, Opened
from lapor.sla.policy import Facts as PolicyFacts

INSERT = (
    "INSERT INTO clock (complaint, subject_kind, subject, kind, cycle, policy, started_at, due_at, rung_times,"
    " repeat_every, next_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
)

# A rung whose time had come still fires: only an answer before the next rung stops the ladder.
_MEET = """
UPDATE clock SET met_at = $3, next_at = CASE WHEN next_at < $3 THEN next_at END
WHERE complaint = $1 AND kind = ANY ($2) AND met_at IS NULL AND ($4::bigint IS NULL OR subject = $4)"""


@dataclass(frozen=True)
class Start:
    """A clock about to start; its subject is the complaint itself unless it says otherwise."""

    kind: ClockKind
    opened: Opened
    at: datetime
    cycle: int = 1
    subject_kind: str = "complaint"
    subject: int | None = None

    def row(self, complaint: int) -> tuple[object, ...]:
        """Return the values of its row, for INSERT."""
        opened = self.opened
        return (
            complaint,
            self.subject_kind,
            self.subject or complaint,
            self.kind,
            self.cycle,
            opened.policy_id,
            self.at,
            opened.due_at,
            list(opened.rung_times),
            opened.repeat_every,
            opened.rung_times[0] if opened.rung_times else None,
        )


async def start(complaint: int, clock: Start) -> None:
    """Start one clock in the running transaction."""
    await database.execute(INSERT, *clock.row(complaint))


async def meet(complaint: int, *kinds: ClockKind, at: datetime, subject: int | None = None) -> None:
    """Meet the running clocks of these kinds; what came due before stays to be fired."""
    await database.execute(_MEET, complaint, list(kinds), at, subject)


def policy_facts(type_: str, category: CategoryEntry | None, owner: AgencyEntry) -> PolicyFacts:
    """Return what a policy may ask about a complaint; without a category its type stands for the class."""
    return PolicyFacts(
        type=type_,
        category=category.code if category else None,
        agency_kind=owner.kind,
        region=owner.region,
        completion_class=category.completion_class if category else type_,
        zone=zone_of(owner.timezone),
    )
