"""Questions of a category in the panel: who may write them, what they must be, what becomes of them."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.ground import World
from tests.visitor import Visitor

SLUG = "/tables/pertanyaan_kategori/"


async def _question(world: World, **changed: Any) -> dict[str, Any]:
    category = await world.fetchval("SELECT id FROM category WHERE code = 'pasar'")
    return {
        "code": "pasar-nama",
        "category": category,
        "text": "Pasar mana?",
        "text_en": "Which market?",
        "kind": "choice",
        "choices": ["Johar", "Bulu"],
        "choices_en": [],
        "required": True,
        "position": 10,
        "active": True,
        **changed,
    }


async def test_a_coordinator_writes_a_question_and_the_form_asks_it_at_once(
    site: Visitor, world: World
) -> None:
    assert "Pasar mana?" not in (await site.get("/lapor")).text
    await site.as_role("coordinator")
    answer = await site.panel("POST", SLUG, json=await _question(world))
    assert answer.status_code == 201, answer.text
    assert "Pasar mana?" in (await site.get("/lapor")).text
    kept = (await world.fetch("SELECT register, person FROM register_change ORDER BY id DESC LIMIT 1"))[0]
    assert (kept["register"], kept["person"]) == ("category_question", site.person)


async def test_a_question_is_taken_away_after_a_second_question(site: Visitor, world: World) -> None:
    await site.as_role("administrator")
    number = await world.fetchval("SELECT id FROM category_question WHERE code = 'jalan-luka'")
    asked = (await site.panel("DELETE", f"{SLUG}{number}/")).json()["confirm"]
    shown = await site.get(asked)
    assert "Baris ini dihapus" in shown.text
    seal = re.search(r'name="seal" value="(\w+)"', shown.text)
    assert seal
    await site.send_form(asked, {"seal": seal.group(1)})
    assert await world.fetchval("SELECT count(*) FROM category_question WHERE id = $1", number) == 0


@pytest.mark.parametrize("role", ["liaison", "agency_admin", "head_of_region", "inspector"])
async def test_nobody_else_writes_questions(site: Visitor, world: World, role: str) -> None:
    await site.as_role(role)
    answer = await site.panel("POST", SLUG, json=await _question(world))
    assert answer.status_code == 403, answer.text


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        (
            {"choices": ["Johar"]},
            "Pertanyaan pilihan punya 2 sampai 12 pilihan jawaban; jenis lain tidak punya.",
        ),
        ({"kind": "text"}, "Pertanyaan pilihan punya 2 sampai 12 pilihan jawaban; jenis lain tidak punya."),
        (
            {"choices_en": ["One"]},
            "Pilihan dalam bahasa Inggris harus sebanyak pilihan Indonesianya, atau kosong.",
        ),
        ({"text": " "}, "Pertanyaan wajib diisi."),
        ({"code": "jalan-luka"}, "Kode ini sudah dipakai."),
    ],
)
async def test_a_question_that_cannot_be_asked_is_refused_in_words(
    site: Visitor, world: World, changed: dict[str, Any], sentence: str
) -> None:
    await site.as_role("administrator")
    answer = await site.panel("POST", SLUG, json=await _question(world, **changed))
    assert answer.status_code >= 400
    assert sentence in answer.text


async def test_a_category_that_may_be_deleted_takes_its_questions_along(site: Visitor, world: World) -> None:
    await site.as_role("administrator")
    await site.panel("POST", SLUG, json=await _question(world))
    await world.execute("DELETE FROM routing_rule WHERE 'pasar' = ANY (categories)")
    await world.execute("DELETE FROM category WHERE code = 'pasar'")
    assert await world.fetchval("SELECT count(*) FROM category_question WHERE code = 'pasar-nama'") == 0
