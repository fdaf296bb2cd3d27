"""How content the reporter was, once for each cycle of work, however it ended."""

from typing import Final

from lapor import database
from lapor.complaints.actor import Actor
from lapor.complaints.errors import Refused
from lapor.complaints.holding import holding
from lapor.complaints.statements import say
from lapor.complaints.states import CLOSED, DONE, LABELS, REFERRED, REJECTED

STARS: Final = range(1, 6)
RATEABLE: Final = frozenset({DONE, CLOSED, REJECTED, REFERRED})


async def rate(actor: Actor, complaint: int, *, stars: int, text: str = "") -> None:
    """Say how content one is, from 1 to 5, with or without words; no clock and no status moves.

    Raises Refused before the work has ended, and for a second rating of the same cycle.
    """
    async with holding(actor, complaint) as held:
        if actor.reporter_key is None:
            raise Refused("Hanya pelapor yang dapat melakukan ini.")
        status, cycle = held.row["status"], held.row["cycle"]
        if status not in RATEABLE:
            raise Refused(f"Ini tidak dapat dilakukan pada laporan yang berstatus “{LABELS[status]}”.")
        if stars not in STARS:
            raise Refused("Pilih nilai dari 1 sampai 5.", "stars")
        if await database.fetchval(
            "SELECT EXISTS (SELECT FROM rating WHERE complaint = $1 AND cycle = $2)", held.id, cycle
        ):
            raise Refused("Penilaian Anda sudah kami terima.")
        statement, digest = (
            await say(held, "rating", text, to_reporter=True) if text.strip() else (None, None)
        )
        await database.execute(
            "INSERT INTO rating (complaint, cycle, stars, statement, rated_at) VALUES ($1, $2, $3, $4, $5)",
            held.id,
            cycle,
            stars,
            statement,
            held.at,
        )
        await held.record("rated", facts={"cycle": cycle, "stars": stars}, digest=digest)
