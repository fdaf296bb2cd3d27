"""Questions of a category: asked by the form, kept as part of the words, never in the way of another channel."""

from __future__ import annotations

import re

import httpx
import pytest

from lapor.complaints import desk
from lapor.complaints.desk import Filing, Refused
from lapor.filing_form.asked import MOST_QUESTIONS
from tests.ground import World
from tests.intake.resident import LAMP, ROAD, file, plain, send
from tests.visitor import Visitor

WATER = {**ROAD, "category": "air-bersih", "text": "Air leding di rumah kami bermasalah sejak pagi."}


async def _field(world: World, code: str) -> str:
    found = await world.fetchval("SELECT id FROM category_question WHERE code = $1", code)
    return f"answer-{found}"


async def _words(world: World) -> str:
    words: str = await world.fetchval("SELECT text FROM content")
    return words


def _shown(page: str) -> list[str]:
    """The categories whose questions are open in the page."""
    return [
        found.group(1)
        for found in re.finditer(r'<fieldset[^>]*data-asked-for="([^"]+)"([^>]*)>', page)
        if "hidden" not in found.group(2)
    ]


async def test_no_question_stands_open_before_a_category_is_chosen(site: Visitor) -> None:
    page = (await site.get("/lapor")).text
    assert 'data-asked-for="lampu-jalan" hidden disabled' in page
    assert _shown(page) == []


async def test_a_required_question_comes_back_beside_its_field_and_nothing_is_lost(
    site: Visitor, world: World
) -> None:
    kind = await _field(world, "air-keadaan")
    sent = await send(site, {**WATER, await _field(world, "air-pelanggan"): "A-771"})
    assert sent.status_code == 422
    assert plain(sent.text).count("Jawab dulu: Bagaimana keadaan airnya?") == 2
    assert f'href="#f-{kind}"' in sent.text
    assert f'id="f-{kind}-wrong"' in sent.text
    assert _shown(sent.text) == ["air-bersih"]
    assert 'value="A-771"' in sent.text
    assert WATER["text"] in sent.text
    assert await world.fetchval("SELECT count(*) FROM complaint") == 0
    filed = await file(site, {**WATER, kind: "Pipa bocor"})
    assert await filed.owner() == "smg-pdam"


async def test_answers_stand_below_the_words_for_officer_and_reporter(site: Visitor, world: World) -> None:
    filed = await file(
        site,
        {
            **WATER,
            await _field(world, "air-pelanggan"): " A-771 ",
            await _field(world, "air-keadaan"): "Pipa bocor",
        },
    )
    told = "Nomor pelanggan, bila ada → A-771\nBagaimana keadaan airnya? → Pipa bocor"
    assert await _words(world) == f"{WATER['text']}\n\n{told}"
    own = await site.get(filed.address)
    assert "Bagaimana keadaan airnya? → Pipa bocor" in plain(own.text)
    await site.as_role("liaison", await filed.owner())
    page = await site.get(f"/meja/aduan/{await filed.id()}")
    assert "Nomor pelanggan, bila ada → A-771" in plain(page.text)


async def test_the_ledger_proves_the_answers_too(site: Visitor, world: World) -> None:
    await file(site, {**LAMP, await _field(world, "lampu-jumlah"): "Satu"})
    proven = await world.fetchval(
        "SELECT e.digest = sha256(c.salt || convert_to(c.text, 'UTF8')) FROM event e JOIN content c"
        " ON c.complaint = e.complaint WHERE e.kind = 'filed'"
    )
    assert proven is True
    assert "→ Satu" in await _words(world)


async def test_an_optional_question_left_open_is_left_out(site: Visitor, world: World) -> None:
    await file(site, {**ROAD, await _field(world, "jalan-luka"): "", await _field(world, "jalan-lebar"): " "})
    assert await _words(world) == ROAD["text"]


async def test_yes_and_no_are_kept_in_words(site: Visitor, world: World) -> None:
    await file(site, {**ROAD, await _field(world, "jalan-luka"): "no"})
    assert await _words(world) == f"{ROAD['text']}\n\nAda yang terluka? → Tidak"


async def test_the_answer_to_another_category_is_nobodys(site: Visitor, world: World) -> None:
    await file(site, {**ROAD, await _field(world, "lampu-tiang"): "12", "answer-999999": "x"})
    assert await _words(world) == ROAD["text"]


@pytest.mark.parametrize(
    ("code", "said", "sentence"),
    [
        ("jalan-luka", "mungkin", "Pilih salah satu."),
        ("jalan-lebar", "Satu kilometer", "Pilih salah satu."),
        ("lampu-tiang", "1" * 201, "Terlalu panjang. Paling banyak 200 huruf."),
    ],
)
async def test_an_answer_that_cannot_be_is_told_beside_its_field(
    site: Visitor, world: World, code: str, said: str, sentence: str
) -> None:
    field = await _field(world, code)
    sent = await send(site, {**(LAMP if code.startswith("lampu") else ROAD), field: said})
    assert sent.status_code == 422
    assert plain(sent.text).count(sentence) == 2
    assert f'id="f-{field}-wrong"' in sent.text


async def test_whoever_reads_english_is_asked_in_english_and_the_officer_reads_indonesian(
    site: Visitor, world: World
) -> None:
    site.headers["accept-language"] = "en"
    page = (await site.get("/lapor")).text
    assert "How many lights are out?" in page
    assert '<option value="Dua sampai lima">Two to five</option>' in page
    sent = await send(site, WATER)
    assert "Please answer: What is wrong with the water?" in plain(sent.text)
    await file(site, {**LAMP, await _field(world, "lampu-jumlah"): "Dua sampai lima"})
    assert (await _words(world)).endswith("\n\nBerapa lampu yang mati? → Dua sampai lima")


async def test_a_national_id_number_in_an_answer_does_not_stay(site: Visitor, world: World) -> None:
    await file(site, {**LAMP, await _field(world, "lampu-tiang"): "3374 1012 0187 0003"})
    assert (await _words(world)).endswith("Nomor tiang, bila ada → ▒▒▒")


async def test_lines_of_an_answer_stay_one_line(site: Visitor, world: World) -> None:
    await file(site, {**LAMP, await _field(world, "lampu-tiang"): "12\r\nBerapa lampu yang mati? → Satu"})
    assert (await _words(world)).count("\n") == 2


async def test_our_own_question_does_not_decide_who_becomes_responsible(world: World) -> None:
    said = {"type": "complaint", "text": "Mohon diperiksa."}
    asked = Filing(**said, answers=[("Apakah lampu jalan mati?", "Tidak")])
    plainly = await desk.file(Filing(**said))
    assert (await desk.file(asked)).agency_name == plainly.agency_name
    answered = await desk.file(Filing(**said, answers=[("Apa yang rusak?", "lampu jalan mati")]))
    assert answered.agency_name != plainly.agency_name


async def test_only_the_form_asks(world: World) -> None:
    filed = await desk.file(
        Filing(type="complaint", category="air-bersih", text="Air mati.", channel="whatsapp")
    )
    assert filed.ticket


async def test_the_verb_takes_no_endless_answer(world: World) -> None:
    with pytest.raises(Refused, match="Paling banyak 200 huruf"):
        await desk.file(Filing(type="complaint", text="Air mati.", answers=[("Apa?", "a" * 201)]))


async def test_a_question_that_ended_is_not_asked(site: Visitor, world: World) -> None:
    await world.execute("UPDATE category_question SET active = false WHERE code = 'air-keadaan'")
    assert "Bagaimana keadaan airnya?" not in (await site.get("/lapor")).text
    assert (await send(site, WATER)).status_code == 303


async def test_too_many_questions_for_a_page_are_asked_when_it_is_sent(site: Visitor, world: World) -> None:
    await world.execute(
        "INSERT INTO category_question (code, category, text, text_en, kind, choices, choices_en, required, position,"
        " active) SELECT 'q' || n, (SELECT id FROM category WHERE code = 'pasar'), 'Pertanyaan nomor ' || n, '',"
        f" 'text', '{{}}', '{{}}', false, n, true FROM generate_series(1, {MOST_QUESTIONS}) AS n"
    )
    assert "data-asked-for" not in (await site.get("/lapor")).text
    sent = await send(site, WATER)
    assert _shown(sent.text) == ["air-bersih"]
    assert "Pertanyaan nomor" not in sent.text


async def test_a_full_page_of_questions_still_weighs_little(site: Visitor, world: World) -> None:
    await world.execute(
        "INSERT INTO category_question (code, category, text, text_en, kind, choices, choices_en, required, position,"
        " active) SELECT 'q' || n, c.id, 'Seberapa ' || md5(n::text) || ' keadaannya di sana?', '', 'choice',"
        " ARRAY['Tidak ' || n, 'Sangat ' || n], '{}', false, n, true FROM generate_series(1, 80) AS n"
        " JOIN category c ON c.position = 100 + 10 * (n % 20)"
    )
    page = await site.get("/lapor", headers={"accept-encoding": "gzip"})
    assert page.text.count("data-asked-for") > 15
    assert await _weight(site, page) <= 60_000


async def _weight(site: Visitor, page: httpx.Response) -> int:
    assets = set(re.findall(r'"(/static/[^"]+)"', page.text))
    sent = [page, *[await site.get(asset, headers={"accept-encoding": "gzip"}) for asset in assets]]
    return sum(int(answer.headers["content-length"]) for answer in sent)
