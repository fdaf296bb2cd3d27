"""The page "Kiriman": what did not arrive leaves again, what could not be read is read again."""

from __future__ import annotations

import re

import pytest

from lapor.complaints import desk
from lapor.complaints.desk import Filed, Filing
from lapor.database import transaction
from lapor.intake.channels.interface import Part
from lapor.intake.inbound import read_waiting
from lapor.intake.mail_parsing import message_id_of
from lapor.intake.storing import store
from tests.admin.test_operator import plain
from tests.ground import World
from tests.intake.letters_in import OURS, mail
from tests.visitor import Visitor

PAGE = "/kiriman"
AGAIN = f"{PAGE}/kirim-lagi"
COORDINATOR, HERE = "coordinator", "smg-diskominfo"
BAN = "Lampu jalan mati sejak Senin dan gelap sekali di depan pasar."


async def _given_up(world: World, **filing: object) -> tuple[Filed, int]:
    """A complaint whose acknowledgement was given up."""
    given = {
        "type": "complaint",
        "text": BAN,
        "category": "jalan-rusak",
        "email": "sri@warga.example",
        **filing,
    }
    filed = await desk.file(Filing(**given))  # type: ignore[arg-type]
    letter = await world.fetchval(
        "UPDATE message SET state = 'dead', attempts = 8, trouble = 'server surel tidak menjawab', channel = 'email'"
        " WHERE complaint = $1 AND kind = 'acknowledgement' RETURNING id",
        filed.complaint_id,
    )
    return filed, letter


def _names(page: str, filed: Filed) -> bool:
    """Whether a page shows the complaint's ticket, however it parts it for the eye."""
    return filed.ticket in re.sub(r"[^0-9A-Z]", "", re.sub(r"<[^>]+>", "", page))


async def _arrived(world: World, raw: bytes) -> int:
    """A mail that was stored and read; returns the delivery."""
    async with transaction("worker"):
        await store("email", [Part(OURS, message_id_of(raw), raw)])
    await read_waiting()
    return int(await world.fetchval("SELECT max(id) FROM inbound"))


async def _unreadable(world: World) -> int:
    """A genuine mail that names no sender."""
    delivery = await _arrived(world, mail(BAN, sender="tanpa alamat"))
    assert await world.fetchval("SELECT state FROM inbound WHERE id = $1", delivery) == "unreadable"
    return delivery


async def test_a_message_that_was_given_up_is_named_without_address_and_leaves_again(site: Visitor) -> None:
    filed, letter = await _given_up(site.world)
    await site.as_role(COORDINATOR, HERE)
    opened = await site.get(PAGE)
    said = plain(opened.text)
    assert _names(opened.text, filed)
    for words in (
        "Tanda terima laporan",
        "pelapor",
        "Surel",
        "8 kali dicoba",
        "server surel",
    ):
        assert words in said
    assert "sri@warga.example" not in opened.text
    assert BAN not in opened.text
    assert "Kiriman (1)" in said
    sent = await site.send_form(AGAIN, {"letters": str(letter)}, page=PAGE)
    assert sent.status_code == 303
    assert "1 pesan menunggu dikirim ulang" in plain((await site.get(sent.headers["location"])).text)
    row = (await site.world.fetch("SELECT state, attempts FROM message WHERE id = $1", letter))[0]
    assert tuple(row) == ("waiting", 0)
    again = await site.send_form(AGAIN, {"letters": str(letter)}, page="/akun")
    assert "Tidak ada yang dikirim ulang" in plain((await site.get(again.headers["location"])).text)


async def test_many_messages_leave_again_only_after_a_second_yes(site: Visitor) -> None:
    letters = [str((await _given_up(site.world))[1]) for _ in range(3)]
    await site.as_role(COORDINATOR, HERE)
    listed = ",".join(letters)
    asked = await site.send_form(AGAIN, {"letters": listed}, page=PAGE)
    assert asked.status_code == 200
    assert "3 pesan akan dikirim lagi" in plain(asked.text)
    assert await site.world.fetchval("SELECT count(*) FROM message WHERE state = 'dead'") == 3
    sent = await site.send_form(AGAIN, {"letters": listed, "sure": "ya"}, page=PAGE)
    assert "jumlah=3" in sent.headers["location"]
    assert await site.world.fetchval("SELECT count(*) FROM message WHERE state = 'dead'") == 0
    assert "Semua pesan terkirim" in plain((await site.get(PAGE)).text)


@pytest.mark.parametrize(
    ("role", "guarded", "listed"),
    [
        ("administrator", {}, True),
        ("administrator", {"confidential": True}, False),
        ("administrator", {"about_official": True}, False),
        (COORDINATOR, {"confidential": True}, True),
        (COORDINATOR, {"about_official": True}, False),
        (COORDINATOR, {"reported_agency": "smg-diskominfo"}, False),
    ],
)
async def test_of_what_an_officer_may_not_see_no_message_is_listed_or_sent_again(
    site: Visitor, role: str, guarded: dict[str, object], listed: bool
) -> None:
    filed, letter = await _given_up(site.world, **guarded)
    await site.as_role(role, HERE if role == COORDINATOR else None)
    opened = await site.get(PAGE)
    assert ("Tanda terima laporan" in opened.text) == listed
    # An administrator knows that a letter failed, and not which complaint it was about.
    assert _names(opened.text, filed) == (listed and role == COORDINATOR)
    await site.send_form(AGAIN, {"letters": str(letter)}, page="/akun")
    state = await site.world.fetchval("SELECT state FROM message WHERE id = $1", letter)
    assert state == ("waiting" if listed else "dead")


async def test_what_could_not_be_read_is_listed_without_its_words_and_read_again(site: Visitor) -> None:
    delivery = await _unreadable(site.world)
    await site.as_role("administrator")
    said = plain((await site.get(PAGE)).text)
    assert "tidak menyebut alamat pengirim" in said
    assert "Kiriman (1)" in said
    assert BAN not in said
    path = f"{PAGE}/{delivery}/baca-lagi"
    again = await site.send_form(path, page=PAGE)
    assert "selesai=baca" in again.headers["location"]
    assert await site.world.fetchval("SELECT state FROM inbound") == "waiting"
    assert "selesai=sudah" in (await site.send_form(path, page="/akun")).headers["location"]
    assert "Semua kiriman terbaca" in plain((await site.get(PAGE)).text)


async def test_the_coordinator_of_another_region_has_nothing_to_tend_here(site: Visitor) -> None:
    delivery = await _unreadable(site.world)
    _, letter = await _given_up(site.world)
    await site.as_role(COORDINATOR, "jtg-diskominfo")
    said = plain((await site.get(PAGE)).text)
    assert "Semua pesan terkirim" in said
    assert "Semua kiriman terbaca" in said
    await site.send_form(AGAIN, {"letters": str(letter)}, page="/akun")
    await site.send_form(f"{PAGE}/{delivery}/baca-lagi", page="/akun")
    assert await site.world.fetchval("SELECT state FROM message WHERE id = $1", letter) == "dead"
    assert await site.world.fetchval("SELECT state FROM inbound") == "unreadable"


@pytest.mark.parametrize("role", ["liaison", "agency_admin", "head_of_region", "inspector", "operator"])
async def test_nobody_else_opens_it_or_sees_it_in_the_menu(site: Visitor, role: str) -> None:
    delivery = await _unreadable(site.world)
    await site.as_role(role)
    assert (await site.get(PAGE)).status_code == 403
    assert PAGE not in (await site.get("/akun")).text
    for act in (AGAIN, f"{PAGE}/{delivery}/baca-lagi"):
        assert (await site.send_form(act, {"letters": "1"}, page="/akun")).status_code == 403
