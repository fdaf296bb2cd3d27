"""The page "Kanal": secrets go in and never come out; what is switched on hears and speaks."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from lapor.intake.outbound import Drained, drain
from lapor.settings import Settings
from tests.ground import World
from tests.intake.graph_api import NUMBER, TOKEN, GraphApi, open_graph_api
from tests.intake.whatsapp_says import APP_SECRET, VERIFY_TOKEN, delivery, signed, text
from tests.visitor import Visitor

SECRETS = {"access_token": TOKEN, "app_secret": APP_SECRET, "verify_token": VERIFY_TOKEN}


@pytest_asyncio.fixture
async def meta() -> AsyncIterator[GraphApi]:
    async with open_graph_api() as api:
        yield api


async def _opened(site: Visitor, api: GraphApi, **given: str) -> int:
    await site.as_role("administrator")
    fields = {
        "title": "WhatsApp Pemkot",
        "name": NUMBER,
        **SECRETS,
        "template": "kabar_laporan",
        "api": api.url,
        "active": "ya",
        **given,
    }
    answer = await site.send_form("/kanal/baru/whatsapp", fields)
    assert answer.status_code == 303, answer.text
    return int(await site.world.fetchval("SELECT max(id) FROM channel_account"))


async def test_an_account_is_switched_on_and_hears_and_its_secrets_are_shown_to_nobody(
    site: Visitor, meta: GraphApi
) -> None:
    number = await _opened(site, meta)
    stored = (await site.world.fetch("SELECT * FROM channel_account"))[0]
    assert stored["changed_by"] == site.person
    for page in ("/kanal", f"/kanal/akun/{number}"):
        shown = await site.get(page)
        assert shown.status_code == 200
        assert "WhatsApp Pemkot" in shown.text
        assert not any(secret in shown.text for secret in SECRETS.values())
    assert not any(secret.encode() in bytes(stored["secrets"]) for secret in SECRETS.values())
    assert "/hooks/whatsapp" in (await site.get(f"/kanal/akun/{number}")).text
    body = json.dumps(delivery(text("halo"))).encode()
    assert (await site.post("/hooks/whatsapp", content=body, headers=signed(body))).status_code == 200


async def test_an_empty_secret_stays_as_it_is_and_a_switched_off_account_hears_nothing(
    site: Visitor, meta: GraphApi
) -> None:
    number = await _opened(site, meta)
    path = f"/kanal/akun/{number}"
    assert "Sudah diisi" in (await site.get(path)).text
    body = json.dumps(delivery(text("halo"))).encode()
    changed = await site.send_form(
        path, {"title": "Baru", "app_secret": "lain", "active": "ya", "api": meta.url}
    )
    assert changed.status_code == 303
    assert (await site.post("/hooks/whatsapp", content=body, headers=signed(body))).status_code == 401
    assert (await site.post("/hooks/whatsapp", content=body, headers=signed(body, "lain"))).status_code == 200
    assert (await site.send_form(path, {"title": "Baru", "active": "", "api": meta.url})).status_code == 303
    assert (await site.post("/hooks/whatsapp", content=body, headers=signed(body, "lain"))).status_code == 401


async def test_a_change_of_an_account_is_kept_with_both_values_and_no_secret(
    site: Visitor, meta: GraphApi
) -> None:
    number = await _opened(site, meta)
    given = {"title": "Nomor baru", "app_secret": "lain-sekali", "active": "", "api": meta.url}
    assert (await site.send_form(f"/kanal/akun/{number}", given)).status_code == 303
    # What a provider sends changes nothing that is kept.
    await site.world.execute("UPDATE channel_account SET failures = 3, last_seen_at = lapor_now()")
    shown = (await site.get(f"/meja/daftar/riwayat?petugas={site.person}")).text
    told = " ".join(re.sub(r"<[^>]+>", " ", shown).split())
    assert "Akun kanal" in told
    assert "WhatsApp Pemkot → menjadi Nomor baru" in told
    assert "Ya → menjadi Tidak" in told
    kept = await site.world.fetch(
        "SELECT before, after, person FROM register_change WHERE register = 'channel_account' ORDER BY id"
    )
    assert [row["person"] for row in kept] == [site.person] * 2
    assert not any(secret in f"{row['before']}{row['after']}" for row in kept for secret in SECRETS.values())
    assert not any("secrets" in row["after"] for row in kept)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"name": "bukan angka"}, "Tulis dengan angka saja."),
        ({"name": ""}, "Isi “ID nomor telepon”."),
        ({"app_secret": ""}, "baru akun ini dapat diaktifkan"),
        ({"api": "http://10.0.0.1/"}, "https://"),
        ({"api": "ftp://graph.example"}, "https://"),
    ],
)
async def test_what_is_wrong_stands_beside_its_field_and_no_secret_comes_back(
    site: Visitor, meta: GraphApi, given: dict[str, str], sentence: str
) -> None:
    await site.as_role("administrator")
    fields = {"name": NUMBER, **SECRETS, "api": meta.url, "active": "ya", "title": "Pemkot", **given}
    answer = await site.send_form("/kanal/baru/whatsapp", fields)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert "Pemkot" in answer.text
    assert not any(secret in answer.text for secret in SECRETS.values())
    assert await site.world.fetchval("SELECT count(*) FROM channel_account") == 0


async def test_the_same_account_is_kept_once(site: Visitor, meta: GraphApi) -> None:
    await _opened(site, meta)
    again = await site.send_form("/kanal/baru/whatsapp", {"name": NUMBER, **SECRETS, "active": ""})
    assert again.status_code == 422
    assert "sudah ada" in again.text


async def test_a_trial_message_leaves_and_the_page_says_what_became_of_it(
    site: Visitor, meta: GraphApi, settings: Settings, simulated: World
) -> None:
    number = await _opened(site, meta)
    path = f"/kanal/akun/{number}"
    wrong = await site.send_form(f"{path}/uji", {"to": "siapa"}, page=path)
    assert wrong.status_code == 422
    assert (await site.send_form(f"{path}/uji", {"to": "+62 812-0000-9999"}, page=path)).status_code == 303
    assert "menunggu dikirim" in (await site.get(path)).text
    await drain(settings)
    assert meta.sent[0]["to"] == "6281200009999"
    assert meta.sent[0]["type"] == "template"
    assert "sudah diterima penyedia" in (await site.get(path)).text
    meta.refusals = [(401, 190, {})]
    await site.send_form(f"{path}/uji", {"to": "6281200009999"}, page=path)
    await drain(settings)
    shown = (await site.get(path)).text
    assert "kode 190" in shown


@pytest.mark.parametrize("role", ["liaison", "agency_admin", "coordinator", "head_of_region", "inspector"])
async def test_nobody_but_an_administrator_opens_it(site: Visitor, meta: GraphApi, role: str) -> None:
    number = await _opened(site, meta)
    await site.as_role(role)
    for page in ("/kanal", "/kanal/baru/whatsapp", f"/kanal/akun/{number}"):
        assert (await site.get(page)).status_code == 403
    assert "/kanal" not in (await site.get("/akun")).text


async def test_an_account_that_is_not_there_is_not_found(site: Visitor) -> None:
    await site.as_role("administrator")
    for page in ("/kanal/akun/77", f"/kanal/akun/{2**70}", "/kanal/baru/partner", "/kanal/baru/x"):
        assert (await site.get(page)).status_code == 404


async def test_an_account_whose_key_is_gone_silences_no_other_and_can_be_typed_in_anew(
    site: Visitor, meta: GraphApi, settings: Settings
) -> None:
    number = await _opened(site, meta)
    await site.world.execute("UPDATE channel_account SET secrets = secrets || 'x'::bytea")
    assert await drain(settings) == Drained()
    body = json.dumps(delivery(text("halo"))).encode()
    assert (await site.post("/hooks/whatsapp", content=body, headers=signed(body))).status_code == 401
    path = f"/kanal/akun/{number}"
    assert "Sudah diisi" not in (await site.get(path)).text
    again = {**SECRETS, "api": meta.url, "active": "ya"}
    assert (await site.send_form(path, again)).status_code == 303
    assert (await site.post("/hooks/whatsapp", content=body, headers=signed(body))).status_code == 200
