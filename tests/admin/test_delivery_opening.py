"""Deliveries that led to nothing: looked into, made a complaint once, set aside and taken back; and every look is kept."""

from __future__ import annotations

import asyncio
import html
import re
from datetime import datetime
from typing import Any

import pytest

from lapor import crypto, database
from lapor.complaints.draft import identity_context
from lapor.database import transaction
from lapor.intake.channels.interface import Part
from lapor.intake.inbound import read_waiting
from lapor.intake.mail_parsing import message_id_of
from lapor.intake.storing import store
from tests.admin.test_operator import plain
from tests.ground import World
from tests.images import from_phone
from tests.intake.letters_in import OURS, mail
from tests.visitor import Visitor

PAGE, LEFT, ASIDE = "/kiriman", "/kiriman/dibiarkan", "/kiriman/disisihkan"
COORDINATOR, HERE = "coordinator", "smg-diskominfo"
HELLO = "Lampu jalan mati"
SRI = "sri@warga.example"


async def _arrived(world: World, raw: bytes) -> int:
    """A mail that was stored and read; returns the delivery."""
    async with transaction("worker"):
        await store("email", [Part(OURS, message_id_of(raw), raw)])
    await read_waiting()
    return int(await world.fetchval("SELECT max(id) FROM inbound"))


async def _short(world: World, **more: Any) -> int:
    """A mail with too few words to be filed by itself."""
    return await _arrived(
        world, mail("Tolong", **{"subject": HELLO[:5], "sender": f"Sri Rahayu <{SRI}>", **more})
    )


async def _state(world: World, delivery: int) -> str:
    return str(await world.fetchval("SELECT state FROM inbound WHERE id = $1", delivery))


def _filing(**more: str) -> dict[str, str]:
    return {
        "text": "Lampu jalan mati di depan pasar.",
        "category": "lampu-jalan",
        "dari": "dibiarkan",
        **more,
    }


async def test_what_led_to_nothing_is_listed_without_its_words_and_not_counted(site: Visitor) -> None:
    delivery = await _short(site.world)
    await site.as_role(COORDINATOR, HERE)
    page = await site.get(LEFT)
    said = plain(page.text)
    assert f"kiriman {delivery}" in said
    assert "terlalu singkat" in said
    assert "Tolong" not in said
    assert "Sri Rahayu" not in said
    assert SRI not in page.text
    assert "Kiriman (" not in said


async def test_a_look_shows_words_and_name_and_stands_before_the_inspectorate(site: Visitor) -> None:
    delivery = await _short(site.world)
    await site.as_role(COORDINATOR, HERE)
    looker = site.person
    opened = await site.send_form(f"{PAGE}/{delivery}/isi", {"dari": "dibiarkan"}, page=LEFT)
    said = plain(opened.text)
    assert opened.status_code == 200
    assert "Tolong" in said
    assert "Sri Rahayu" in said
    assert SRI not in opened.text
    rows = await site.world.fetch("SELECT delivery, person, act, channel FROM delivery_act")
    assert [tuple(row) for row in rows] == [(delivery, looker, "opened", "email")]
    await site.as_role("inspector", "jtg-inspektorat")
    assert "Belum ada jejak" in plain((await site.get("/inspektorat/kiriman")).text)
    await site.as_role("inspector", "smg-inspektorat")
    traces = plain((await site.get("/inspektorat/kiriman")).text)
    assert f"kiriman {delivery}" in traces
    assert "membuka isinya" in traces


async def test_a_delivery_becomes_a_complaint_of_whoever_sent_it_from_its_receipt_on(site: Visitor) -> None:
    await site.world.simulate()
    delivery = await _short(site.world)
    received: datetime = await site.world.fetchval("SELECT received_at FROM inbound")
    await site.world.advance(30)
    await site.as_role(COORDINATOR, HERE)
    sent = await site.send_form(f"{PAGE}/{delivery}/aduan", _filing(), page=LEFT)
    assert sent.status_code == 303
    assert sent.headers["location"] == f"{LEFT}?selesai=aduan&kiriman={delivery}"
    row = (await site.world.fetch("SELECT * FROM complaint"))[0]
    assert (row["channel"], row["filed_at"], row["type"]) == ("email", received, "service")
    started = await site.world.fetchval("SELECT started_at FROM clock WHERE kind = 'response'")
    assert started == received
    identity = (await site.world.fetch("SELECT name, email FROM identity"))[0]
    for name, known in (("name", "Sri Rahayu"), ("email", SRI)):
        context = identity_context(row["id"], name)
        assert crypto.keyring().decrypt(identity[name], context).decode() == known
    assert await site.world.fetchval("SELECT complaint FROM inbound") == row["id"]
    told = await site.get(sent.headers["location"])
    assert "sudah menjadi aduan" in plain(told.text)
    assert f"/meja/aduan/{row['id']}" in told.text
    assert "dijadikan aduan oleh petugas" in plain((await site.get(f"/meja/aduan/{row['id']}")).text)
    acts = await site.world.fetch("SELECT act FROM delivery_act ORDER BY id")
    assert [act["act"] for act in acts] == ["filed"]


async def test_however_often_and_at_once_it_is_pressed_there_is_one_complaint(site: Visitor) -> None:
    delivery = await _short(site.world)
    await site.as_role(COORDINATOR, HERE)
    page = await site.get(LEFT)
    token = re.search(r'name="_csrf_token" value="([^"]+)"', page.text)
    assert token
    fields = {**_filing(), "_csrf_token": html.unescape(token.group(1))}
    answers = await asyncio.gather(*(site.post(f"{PAGE}/{delivery}/aduan", data=fields) for _ in range(8)))
    ends = sorted(answer.headers["location"].split("selesai=")[1].split("&")[0] for answer in answers)
    assert ends == ["aduan", *["sudah"] * 7]
    assert await site.world.fetchval("SELECT count(*) FROM complaint") == 1
    assert await site.world.fetchval("SELECT count(*) FROM delivery_finding") == 1


async def test_a_form_with_something_wrong_comes_back_and_files_nothing(site: Visitor) -> None:
    delivery = await _short(site.world)
    await site.as_role(COORDINATOR, HERE)
    back = await site.send_form(
        f"{PAGE}/{delivery}/aduan", _filing(text="", address="Jalan Pemuda"), page=LEFT
    )
    assert back.status_code == 422
    assert "Ceritakan apa yang terjadi" in plain(back.text)
    assert 'value="Jalan Pemuda"' in back.text
    assert await site.world.fetchval("SELECT count(*) FROM complaint") == 0
    assert await _state(site.world, delivery) == "left"


async def test_pictures_of_a_mail_stand_beside_the_complaint_and_what_is_none_costs_nothing(
    site: Visitor,
) -> None:
    files = (("foto.jpg", "image/jpeg", from_phone(1)), ("rusak.jpg", "image/jpeg", b"bukan gambar"))
    delivery = await _short(site.world, files=files)
    await site.as_role(COORDINATOR, HERE)
    opened = await site.send_form(f"{PAGE}/{delivery}/isi", page=LEFT)
    assert "foto.jpg, rusak.jpg" in plain(opened.text)
    await site.send_form(f"{PAGE}/{delivery}/aduan", _filing(), page=LEFT)
    assert await site.world.fetchval("SELECT count(*) FROM complaint") == 1
    assert await site.world.fetchval("SELECT count(*) FROM attachment WHERE purpose = 'report'") == 1


async def test_whoever_asks_in_their_words_to_be_hidden_is_hidden_unless_somebody_chooses_otherwise(
    site: Visitor,
) -> None:
    delivery = await _short(site.world, subject="Mohon rahasiakan identitas saya", X_Spam_Flag="YES")
    await site.as_role(COORDINATOR, HERE)
    opened = await site.send_form(f"{PAGE}/{delivery}/isi", page=LEFT)
    assert re.search(r'value="anonymous"[^>]* checked', opened.text)


async def test_what_is_set_aside_leaves_the_list_and_can_be_taken_back(site: Visitor) -> None:
    delivery = await _short(site.world)
    await site.as_role("administrator")
    done = await site.send_form(f"{PAGE}/{delivery}/bukan", {"dari": "dibiarkan"}, page=LEFT)
    shown = await site.get(done.headers["location"])
    assert "Urungkan" in plain(shown.text)
    assert "Tidak ada kiriman di sini" in plain(shown.text)
    assert "Disisihkan" in plain((await site.get(ASIDE)).text)
    assert await _state(site.world, delivery) == "aside"
    filed = await site.send_form(f"{PAGE}/{delivery}/aduan", _filing(), page=ASIDE)
    assert "selesai=sudah" in filed.headers["location"]
    again = await site.send_form(f"{PAGE}/{delivery}/kembalikan", {"dari": "disisihkan"}, page=ASIDE)
    assert again.headers["location"] == f"{ASIDE}?selesai=kembali"
    assert await _state(site.world, delivery) == "left"
    assert f"kiriman {delivery}" in plain((await site.get(LEFT)).text)
    twice = await site.send_form(f"{PAGE}/{delivery}/kembalikan", page=LEFT)
    assert "selesai=sudah" in twice.headers["location"]
    acts = await site.world.fetch("SELECT act FROM delivery_act ORDER BY id")
    assert [act["act"] for act in acts] == ["aside", "returned"]


async def test_what_could_not_be_read_is_shown_as_it_came_and_filed_by_hand(site: Visitor) -> None:
    async with transaction("worker"):
        await store(
            "partner", [Part("mitra", "satu", b'{"isi": "Lampu mati", "reporter": {"name": "Budi"}}')]
        )
    await read_waiting()
    delivery = int(await site.world.fetchval("SELECT id FROM inbound WHERE state = 'unreadable'"))
    await site.as_role("administrator")
    opened = await site.send_form(f"{PAGE}/{delivery}/isi", page=PAGE)
    assert "tidak mengenali bentuk" in plain(opened.text)
    assert '"isi": "Lampu mati"' in plain(opened.text)
    done = await site.send_form(f"{PAGE}/{delivery}/aduan", _filing(dari=""), page=PAGE)
    assert done.headers["location"].startswith(f"{PAGE}?selesai=aduan")
    assert await site.world.fetchval("SELECT channel FROM complaint") == "partner"


async def test_the_list_is_paged_and_ends_where_the_words_are_gone(site: Visitor) -> None:
    await site.world.execute(
        "INSERT INTO inbound (channel, account, external_id, payload, received_at, state, attempts, next_attempt_at,"
        " trouble) SELECT 'email', 'a', i::text, 'x'::bytea, now() - make_interval(hours => i), 'left', 1, now(), 'x'"
        " FROM generate_series(1, 60) i UNION ALL SELECT 'email', 'a', 'alt', ''::bytea, now() - interval '2 years', 'left',"
        " 1, now(), 'x'"
    )
    await site.as_role("administrator")
    first = await site.get(LEFT)
    assert first.text.count('/isi"') == 50
    onward = re.search(r'rel="next" href="([^"]+)"', first.text)
    assert onward
    second = await site.get(html.unescape(onward.group(1)))
    assert second.text.count('/isi"') == 10


async def test_the_coordinator_of_another_region_opens_files_and_settles_nothing(site: Visitor) -> None:
    delivery = await _short(site.world)
    await site.as_role(COORDINATOR, "jtg-diskominfo")
    assert "Tidak ada kiriman di sini" in plain((await site.get(LEFT)).text)
    for act in ("isi", "aduan", "bukan", "kembalikan"):
        answer = await site.send_form(f"{PAGE}/{delivery}/{act}", _filing(), page=LEFT)
        assert "selesai=sudah" in answer.headers["location"]
    assert await _state(site.world, delivery) == "left"
    assert await site.world.fetchval("SELECT count(*) FROM delivery_act") == 0
    assert await site.world.fetchval("SELECT count(*) FROM complaint") == 0


@pytest.mark.parametrize("role", ["liaison", "agency_admin", "head_of_region", "inspector", "operator"])
async def test_nobody_else_opens_or_settles_one(site: Visitor, role: str) -> None:
    delivery = await _short(site.world)
    await site.as_role(role)
    assert (await site.get(LEFT)).status_code == 403
    for act in ("isi", "aduan", "bukan", "kembalikan"):
        answer = await site.send_form(f"{PAGE}/{delivery}/{act}", _filing(), page="/akun")
        assert answer.status_code == 403
    assert await site.world.fetchval("SELECT count(*) FROM delivery_act") == 0


async def test_no_page_s_role_reads_a_payload_and_no_act_is_changed(site: Visitor) -> None:
    delivery = await _short(site.world)
    await site.as_role("administrator")
    await site.send_form(f"{PAGE}/{delivery}/isi", page=LEFT)
    for role, sql in (
        ("reader", "SELECT payload FROM inbound"),
        ("desk", "SELECT payload FROM inbound"),
        ("intake", "SELECT payload FROM inbound"),
        ("reader", "SELECT * FROM open_delivery(1, 'opened')"),
        ("worker", "UPDATE delivery_act SET person = 1"),
        ("desk", "DELETE FROM delivery_act"),
    ):
        with pytest.raises(Exception, match="permission denied"):
            async with transaction(role, user_id=site.person):  # type: ignore[arg-type]
                await database.execute(sql)
