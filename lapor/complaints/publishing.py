"""What everybody may read: masked copies, made by a verb and withdrawn by a verb."""

from datetime import datetime

from lapor import database
from lapor.complaints.actor import Actor
from lapor.complaints.errors import Refused
from lapor.complaints.holding import Held, holding
from lapor.complaints.masking import mask
from lapor.complaints.statements import say

# What the agency says is public; what the reporter adds stays between the two.
PUBLIC_KINDS = ("final", "interim", "completion", "rejection", "referral", "outside_answer")

_INSERT = """
INSERT INTO publication (complaint, statement, kind, said_at, ticket, text, category, agency, district, filed_at,
  published_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (complaint, coalesce(statement, 0)) DO NOTHING"""


async def publish(actor: Actor, complaint: int, *, text: str, version: int | None = None) -> None:
    """Publish a complaint in the masked words that an officer has read, with its answers masked as well."""
    async with holding(actor, complaint, version) as held:
        await held.must_work()
        row = held.row
        if row["confidential"] or row["protected"] or row["about_official"]:
            raise Refused(
                "Laporan rahasia, terlindung, atau tentang pejabat tidak dapat ditampilkan untuk umum."
            )
        if row["published"]:
            raise Refused("Laporan ini sudah ditampilkan untuk umum.")
        if not text.strip():
            raise Refused("Tulis isi yang boleh dibaca umum.", "text")
        await held.set(published=True)
        await _insert(held, None, text.strip())
        for statement in await database.fetch(
            "SELECT id FROM statement WHERE complaint = $1 AND to_reporter AND kind = ANY ($2) ORDER BY id",
            held.id,
            list(PUBLIC_KINDS),
        ):
            await _insert_masked(held, statement["id"])
        await held.record("published")


async def withdraw(actor: Actor, complaint: int, *, reason: str, version: int | None = None) -> None:
    """Take the public copies back; the reason stays as an internal note."""
    async with holding(actor, complaint, version) as held:
        await held.must_work()
        if not held.row["published"]:
            raise Refused("Laporan ini tidak sedang ditampilkan untuk umum.")
        _, digest = await say(held, "note", reason, field="reason")
        await held.set(published=False)
        await database.execute("DELETE FROM publication WHERE complaint = $1", held.id)
        await held.record("withdrawn", digest=digest)


async def publish_statement(held: Held, statement: int) -> None:
    """Add a new answer, masked, to a complaint that is already public."""
    if held.row["published"]:
        await _insert_masked(held, statement)


async def _insert_masked(held: Held, statement: int) -> None:
    said = await database.fetchrow(
        "SELECT kind, text, made_at, agency FROM statement WHERE id = $1", statement
    )
    if said is not None:
        await _insert(held, statement, mask(said["text"]), said["kind"], said["made_at"], said["agency"])


async def _insert(
    held: Held,
    statement: int | None,
    text: str,
    kind: str = "complaint",
    said_at: datetime | None = None,
    said_by: int | None = None,
) -> None:
    row = held.row
    await database.execute(
        _INSERT,
        held.id,
        statement,
        kind,
        said_at or row["filed_at"],
        row["ticket"],
        text,
        row["category"],
        said_by or row["owner_agency"],
        row["district"],
        row["filed_at"],
        held.at,
    )
