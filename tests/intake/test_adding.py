"""What somebody writes to a complaint that is there already."""

from __future__ import annotations

import pytest

from lapor import database
from lapor.complaints import desk
from lapor.complaints.desk import Filed, Filing, Refused
from lapor.complaints.statements import TEXT_LIMIT
from lapor.intake import adding
from tests.ground import World

SENDER = "whatsapp:628110001:628120009999"


async def _filed(**given: object) -> Filed:
    filing = Filing(
        **{  # type: ignore[arg-type]
            "type": "complaint",
            "text": "Jalan berlubang",
            "category": "jalan-rusak",
            "channel": "whatsapp",
            "external_id": SENDER,
            "email": "Sri@Warga.example",
            **given,
        }
    )
    return await desk.file(filing, role="worker")


async def _added(ticket: str, known: adding.Known, sender: str, text: str) -> bool:
    async with database.transaction("worker"):
        complaint = await adding.complaint_of(ticket, known, sender)
        if complaint is None:
            return False
        await adding.add(complaint, text)
        return True


@pytest.mark.parametrize("privacy", [{}, {"anonymous": True}, {"confidential": True}])
async def test_the_reporter_s_words_are_added_by_ticket_and_sender(
    world: World,
    privacy: dict[str, bool],
) -> None:
    filed = await _filed(**privacy)
    assert await _added(filed.ticket, "external", SENDER, "Sekarang makin dalam.")
    assert await _added(filed.ticket, "email", " sri@warga.EXAMPLE ", "Fotonya menyusul.")
    rows = await world.fetch("SELECT kind, text FROM statement ORDER BY id")
    assert [tuple(row) for row in rows] == [
        ("reply", "Sekarang makin dalam."),
        ("reply", "Fotonya menyusul."),
    ]
    assert await world.fetchval("SELECT count(*) FROM event WHERE kind = 'replied'") == 2


async def test_a_ticket_of_somebody_else_and_one_that_nobody_has_change_nothing(
    world: World,
) -> None:
    filed, by_web = await _filed(), await _filed(channel="web", external_id="", email="")
    for ticket, known, sender in (
        (filed.ticket, "external", "whatsapp:628110001:628120001111"),
        (filed.ticket, "external", "telegram:628110001:628120009999"),
        (filed.ticket, "external", ""),
        (filed.ticket, "email", "lain@warga.example"),
        (filed.ticket, "phone", "628120009999"),
        (by_web.ticket, "external", SENDER),
        (by_web.ticket, "email", ""),
        ("0000000000X", "external", SENDER),
    ):
        assert not await _added(ticket, known, sender, "Ini punya saya")  # type: ignore[arg-type]
    assert await world.fetchval("SELECT count(*) FROM statement") == 0


async def test_long_words_are_cut_and_a_closed_complaint_takes_none(world: World) -> None:
    filed = await _filed()
    assert await _added(filed.ticket, "external", SENDER, "panjang " * 1000)
    assert len(await world.fetchval("SELECT text FROM statement")) <= TEXT_LIMIT
    await world.execute("UPDATE complaint SET status = 'closed', closed_at = lapor_now()")
    with pytest.raises(Refused, match="sudah ditutup"):
        await _added(filed.ticket, "external", SENDER, "Masih rusak")
