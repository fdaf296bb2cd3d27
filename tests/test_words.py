"""English is whole: the catalogue against the sentences of the source, and pages read in English."""

from __future__ import annotations

import html
import re

import httpx
import pytest

from lapor import locales
from lapor.complaints import desk
from lapor.complaints.tickets import show
from tests.admin import cases
from tests.catalogue import ROOT, english, of_catalogue, sentences
from tests.ground import World
from tests.intake.resident import LAMP, file
from tests.visitor import Visitor

ENGLISH = {"Accept-Language": "en-GB,en;q=0.9"}
PLACES = re.compile(r"%\((\w+)\)s|\{(\w+)\}|(<[^>]+>)")
# Words that no sentence of Indonesian does without for long, and that no English one has.
INDONESIAN = frozenset(
    [
        "yang",
        "dan",
        "untuk",
        "laporan",
        "dari",
        "kepada",
        "dengan",
        "tidak",
        "belum",
        "sudah",
        "pada",
        "atau",
        "anda",
        "kami",
        "instansi",
        "jawaban",
        "tenggat",
        "oleh",
        "dapat",
        "akan",
        "lewat",
        "sisa",
        "hari",
        "jam",
        "menit",
        "ini",
        "itu",
        "bila",
        "kirim",
        "lacak",
        "masuk",
        "semua",
        "pelapor",
        "petugas",
        "tanggapan",
        "pilih",
        "surel",
        "telepon",
        "kecamatan",
        "kelurahan",
    ]
)
# What somebody wrote or named is shown as it is: what was said, and the names in the region's registers.
SAID = re.compile(r'<(p|a|li|span|h3)[^>]*class="[^"]*said[^"]*"[^>]*>.*?</\1>', re.DOTALL)
NAMES = """
SELECT name FROM agency UNION SELECT short_name FROM agency UNION SELECT title FROM office
UNION SELECT name FROM region UNION SELECT name FROM emergency_number UNION SELECT name FROM outside_body
UNION SELECT reason FROM routing_rule UNION SELECT source FROM policy UNION SELECT full_name FROM person UNION SELECT text FROM content
UNION SELECT address FROM content UNION SELECT text FROM statement UNION SELECT title FROM answer_template"""


def test_every_sentence_of_a_page_has_its_english() -> None:
    known = {of_catalogue(message) for message in english() if message.id and all(_forms(message.string))}
    missing = sorted(sentences() - known)
    assert not missing, f"lapor/locale/en.po has no English for: {missing}"


def test_the_catalogue_holds_nothing_that_no_page_says() -> None:
    catalogue = english()
    left_over = sorted({of_catalogue(message) for message in catalogue if message.id} - sentences())
    assert not left_over, f"lapor/locale/en.po still has: {left_over}"
    assert not catalogue.obsolete
    assert not [message.id for message in catalogue if message.id and message.fuzzy]


def test_what_is_put_into_a_sentence_stands_in_its_english_too() -> None:
    for message in english():
        wanted = _places(of_catalogue(message).text)
        for form in _forms(message.string):
            if message.id:
                assert _places(form) == wanted, f"{message.id!r} has other places than {form!r}"


def test_no_compiled_catalogue_is_kept() -> None:
    assert not list((ROOT / "lapor").rglob("*.mo"))


def test_no_page_translates_what_is_not_written_in_it() -> None:
    """A variable as msgid would trust its content: what comes from elsewhere goes through `retell`."""
    loose = re.compile(r"\b_\((?![\"'])")
    found = [path for path in sorted((ROOT / "templates").rglob("*.html")) if loose.search(path.read_text())]
    assert not found, found


@pytest.mark.parametrize(
    ("made", "told"),
    [
        ("Pilih tanggalnya.", "Choose the date."),
        (
            "Tulisan terlalu panjang. Paling banyak 5000 huruf.",
            "This text is too long. At most 5000 letters.",
        ),
        (
            "Ini tidak dapat dilakukan pada laporan yang berstatus “Ditutup”.",
            "This cannot be done with a complaint whose status is “Closed”.",
        ),
        ("Kata-kata orang lain 100%", "Kata-kata orang lain 100%"),
        ("", ""),
    ],
)
def test_a_refusal_of_the_record_is_told_in_english(made: str, told: str) -> None:
    locales.use("en")
    try:
        assert locales.retell(made) == told
        locales.use("id")
        assert locales.retell(made) == made
    finally:
        locales.use(locales.DEFAULT)


async def test_a_resident_reads_english_from_the_first_page_to_the_answer(
    site: Visitor, world: World
) -> None:
    filed = await file(site, LAMP)
    await filed.answered()
    await filed.completed()
    for address in ("/", "/lapor", "/laporan", "/lacak", "/bukti", "/privasi", "/masuk"):
        await _reads_english(site, world, address)
    for address in (filed.address, f"{filed.address}/terkirim?kontak=none", f"{filed.address}?kabar=reply"):
        await _reads_english(site, world, address)
    await _reads_english(site.another(), world, filed.address)
    own = await site.get(filed.address, headers=ENGLISH)
    assert "The result checker of" in own.text
    assert "Work done" in own.text


async def test_what_is_wrong_with_a_form_is_said_in_english(site: Visitor, world: World) -> None:
    site.headers.update(ENGLISH)
    wrong = {**LAMP, "text": "", "contact_kind": "phone", "phone": "12"}
    sent = await site.send_form("/lapor", wrong)
    assert sent.status_code == 422
    assert "Tell us what happened." in sent.text
    await _is_english(world, sent)
    await _is_english(world, await site.send_form("/masuk", {"username": "nobody", "password": "no"}))


async def test_an_error_page_speaks_the_language_of_the_browser(site: Visitor, world: World) -> None:
    await _is_english(world, await site.get("/tidak-ada", headers=ENGLISH))
    await site.as_role("liaison", cases.DPU)
    closed = await site.get("/pimpinan/eskalasi", headers=ENGLISH)
    assert closed.status_code == 403
    assert "This page is open to other offices." in closed.text
    await _is_english(world, closed)


async def test_an_officer_reads_and_refuses_in_english(site: Visitor, simulated: World) -> None:
    site.headers.update(ENGLISH)
    complaint = (await cases.file()).complaint_id
    await desk.ask(await cases.officer(simulated, "liaison"), complaint, text="Di sebelah mana?")
    await desk.request_rejection(
        await cases.officer(simulated, "liaison"), complaint, reason_code="unclear", text="Tidak jelas."
    )
    await simulated.advance(60)
    await desk.sweep()
    await site.as_role("checker", cases.DPU)
    for address in ("/meja", "/meja/ditawarkan", "/meja/pemeriksa", "/meja/selesai", "/sandi"):
        await _reads_english(site, simulated, address)
    page = await _reads_english(site, simulated, f"/meja/aduan/{complaint}")
    assert "The complaint stayed unclear after the reporter was asked" in page.text
    refused = await site.send_form(
        f"/meja/aduan/{complaint}/jawaban", {"text": "", "version": ""}, page=f"/meja/aduan/{complaint}"
    )
    assert refused.status_code in (409, 422)
    await _is_english(simulated, refused)


async def test_the_leadership_reads_english(site: Visitor, simulated: World) -> None:
    site.headers.update(ENGLISH)
    complaint = (await cases.file()).complaint_id
    await simulated.advance(60)
    await desk.sweep()
    await site.as_role("head_of_region", "smg-walikota")
    page = await _reads_english(site, simulated, "/pimpinan/eskalasi")
    assert "complaint past its deadline" in page.text
    await _reads_english(site, simulated, f"/pimpinan/aduan/{complaint}")


async def test_what_a_policy_would_mean_is_told_in_english(site: Visitor, world: World) -> None:
    await site.as_role("administrator", "smg-diskominfo")
    for question in ("", "?waktu=completion&kategori=jalan-rusak", "?waktu=promise", "?waktu=transfer"):
        await _reads_english(site, world, f"/meja/kebijakan{question}")


async def test_a_category_is_named_in_english_where_the_register_has_it(site: Visitor, world: World) -> None:
    site.headers.update(ENGLISH)
    filed = await cases.file()
    name, name_en = (await world.fetch("SELECT name, name_en FROM category WHERE code = 'jalan-rusak'"))[0]
    assert name_en
    await site.as_role("liaison", cases.DPU)
    for address in ("/meja", f"/meja/aduan/{filed.complaint_id}"):
        page = html.unescape((await site.get(address)).text)
        assert name_en in page
        assert name not in page
    assert show(filed.ticket) in page


async def _reads_english(site: Visitor, world: World, address: str) -> httpx.Response:
    page = await site.get(address, headers=ENGLISH)
    assert page.status_code == 200, f"{address}: {page.status_code}"
    await _is_english(world, page)
    return page


async def _is_english(world: World, page: httpx.Response) -> None:
    assert '<html lang="en">' in page.text
    left = SAID.sub(" ", page.text)
    words = html.unescape(re.sub(r"<(script|style|textarea)\b.*?</\1>|<[^>]+>", " ", left, flags=re.DOTALL))
    words = " ".join([words, *_attributes(left)])
    words = " ".join(words.split())
    for name in await _names(world):
        words = words.replace(name, " ")
    found = sorted(INDONESIAN & set(re.findall(r"[a-z]+", words.lower())))
    shown = [
        words[max(at.start() - 60, 0) : at.end() + 60] for word in found[:5] for at in _first(word, words)
    ]
    assert not found, f"{page.request.url}: {found} in {shown}"


def _attributes(page: str) -> list[str]:
    """What a page says where only some look: labels read aloud, words that a script shows."""
    return [
        html.unescape(said)
        for said in re.findall(
            r'(?:aria-label|label|alt|title|data-on|data-off|data-done|data-title)="([^"]*)"', page
        )
    ]


def _first(word: str, words: str) -> list[re.Match[str]]:
    found = re.search(rf"\b{word}\b", words, re.IGNORECASE)
    return [found] if found else []


async def _names(world: World) -> list[str]:
    names = {" ".join(str(row[0]).split()) for row in await world.fetch(NAMES) if row[0]}
    beginnings = {name[: name.rfind(" ", 0, 100)] for name in names if len(name) > 100}
    return sorted(names | beginnings, key=len, reverse=True)


def _forms(string: object) -> list[str]:
    return [str(form) for form in string] if isinstance(string, tuple | list) else [str(string)]


def _places(sentence: str) -> list[str]:
    return sorted("".join(found) for found in PLACES.findall(sentence))


def test_a_reason_with_a_reason_in_it_is_told_whole_in_english() -> None:
    locales.use("en")
    said = "Kanal sms tidak dapat mengirim: penyedia SMS menjawab 401, kode 20003. Periksa token dan izinnya di halaman Kanal."
    assert locales.retell(said) == (
        "Channel sms cannot send: the SMS provider answered 401, code 20003. Check its token and permissions on the page"
        " Channels."
    )
    locales.use("id")
    assert locales.retell(said) == said
