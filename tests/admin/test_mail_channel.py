"""The mailbox as administrators connect and try it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lapor import channel_accounts
from lapor.database import transaction
from lapor.intake.mailbox import collect
from lapor.intake.outbound import drain
from tests.ground import World
from tests.intake.letters_in import OURS
from tests.intake.post_office import PostOffice
from tests.visitor import Visitor

PASSWORD = "kotak-surat-warga"
MAILBOX = {
    "title": "Surel Pemkot",
    "name": OURS,
    "host": "127.0.0.1",
    "security": "none",
    "port": "9",
    "user": "lapor",
    "password": PASSWORD,
    "folder": "",
    "subaddressing": "ya",
    "active": "ya",
}


async def _opened(site: Visitor, **given: str) -> int:
    await site.as_role("administrator")
    answer = await site.send_form("/kanal/baru/email", {**MAILBOX, **given})
    assert answer.status_code == 303, answer.text
    return int(await site.world.fetchval("SELECT max(id) FROM channel_account"))


async def test_a_mailbox_is_connected_and_its_password_is_shown_to_nobody(site: Visitor) -> None:
    number = await _opened(site)
    async with transaction("worker"):
        (account,) = await channel_accounts.listening("email")
    assert (account.name, account.secrets["password"]) == (OURS, PASSWORD)
    assert account.settings["subaddressing"] == "ya"
    shown = await site.get(f"/kanal/akun/{number}")
    assert shown.status_code == 200
    assert PASSWORD not in shown.text
    assert 'value="none" checked' in shown.text


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"name": "bukan alamat"}, "Tulis satu alamat surel"),
        ({"host": "imap.contoh.example/x"}, "Tulis nama server saja"),
        ({"host": "", "password": ""}, "baru akun ini dapat diaktifkan"),
        ({"security": "entah"}, "Periksa lagi “Sambungan ke server IMAP”."),
        ({"port": "banyak"}, "Tulis dengan angka saja"),
    ],
)
async def test_what_is_wrong_about_a_mailbox_stands_beside_its_field(
    site: Visitor, given: dict[str, str], sentence: str
) -> None:
    await site.as_role("administrator")
    answer = await site.send_form("/kanal/baru/email", {**MAILBOX, **given})
    assert answer.status_code == 422
    assert sentence in answer.text
    assert PASSWORD not in answer.text


async def test_a_mailbox_that_only_postmark_delivers_to_needs_no_server(site: Visitor) -> None:
    await _opened(site, host="", password="", webhook_password="kata-sandi-antar")
    assert await collect() == 0


async def test_the_page_says_why_a_mailbox_is_not_read(site: Visitor, world: World) -> None:
    number = await _opened(site)
    # Nobody listens on this port.
    assert await collect() == 0
    assert "server surel tidak dapat dibaca" in (await site.get(f"/kanal/akun/{number}")).text
    assert "server surel tidak dapat dibaca" in (await site.get("/kanal")).text


async def test_a_trial_letter_leaves_and_answers_to_it_come_to_the_mailbox(
    site: Visitor, simulated: World, post: PostOffice
) -> None:
    number = await _opened(site)
    path = f"/kanal/akun/{number}"
    assert (await site.send_form(f"{path}/uji", {"to": "siapa"}, page=path)).status_code == 422
    assert (await site.send_form(f"{path}/uji", {"to": "admin@contoh.example"}, page=path)).status_code == 303
    await drain(replace(simulated.settings, console_channel=True))
    assert "server surel keluar belum diatur" in (await site.get(path)).text
    assert (await site.send_form(f"{path}/uji", {"to": "admin@contoh.example"}, page=path)).status_code == 303
    await drain(replace(simulated.settings, smtp_url=post.url, mail_from=f"Lapor <{OURS}>"))
    (letter,) = post.to("admin@contoh.example")
    assert letter.letter["Reply-To"] == OURS
    assert "pesan uji" in letter.body
