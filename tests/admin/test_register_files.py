"""Registers as files: what office programs write comes in, what goes out opens there, and nothing happens unseen."""

from __future__ import annotations

import ast
import re
from html import unescape
from pathlib import Path

import httpx
import pytest

from lapor.admin.register_files import FILES
from lapor.admin.register_problems import is_known
from lapor.admin.register_rows import REGISTERS
from tests.admin.cases import DPU, file
from tests.ground import World
from tests.visitor import TOKEN, Visitor

SEAL = re.compile(r'name="seal" value="(\w+)"')
ROOT = Path(__file__).parent.parent.parent


def _words(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


async def _upload(site: Visitor, slug: str, text: str | bytes, whole: bool = False) -> httpx.Response:
    path = f"/meja/daftar/{slug}/unggah"
    token = TOKEN.search((await site.get(path)).text)
    assert token
    body = text if isinstance(text, bytes) else text.encode()
    return await site.post(
        path,
        data={"_csrf_token": token.group(1), "whole": "1" if whole else ""},
        files={"file": ("daftar.csv", body, "text/csv")},
    )


async def _confirm(site: Visitor, address: str) -> httpx.Response:
    found = SEAL.search((await site.get(address)).text)
    assert found
    return await site.send_form(address, {"seal": found.group(1)})


@pytest.mark.parametrize("table", sorted(FILES))
async def test_what_was_downloaded_changes_nothing_when_it_comes_back(
    site: Visitor, world: World, table: str
) -> None:
    await world.officer("liaison", DPU)
    await site.as_role("administrator", "smg-diskominfo")
    slug = REGISTERS[table].slug
    got = await site.get(f"/meja/daftar/{slug}/unduh")
    assert got.status_code == 200
    assert got.content.startswith(b"\xef\xbb\xbf")
    sent = await _upload(site, slug, got.content, whole=True)
    assert sent.status_code == 303, _words(sent.text)
    text = _words((await site.get(sent.headers["location"])).text)
    assert "Tidak ada yang berubah" in text, text


async def test_a_file_adds_and_changes_rows_after_it_was_seen_and_the_history_has_the_name(
    site: Visitor, world: World
) -> None:
    await site.as_role("administrator", "smg-diskominfo")
    sent = await _upload(
        site,
        "instansi_luar",
        "code;name;phone\r\npln;PT PLN (Persero);0271-123\r\nbulog;Perum Bulog;021-500\r\n",
    )
    address = sent.headers["location"]
    text = _words((await site.get(address)).text)
    assert "Ditambahkan 1 Diubah 1" in text
    assert "Telepon 123 → menjadi 0271-123" in text
    assert await world.fetchval("SELECT count(*) FROM outside_body WHERE code = 'bulog'") == 0
    done = await _confirm(site, address)
    assert done.status_code == 303
    row = (await world.fetch("SELECT phone, email FROM outside_body WHERE code = 'pln'"))[0]
    assert (row["phone"], row["email"]) == ("0271-123", "pengaduan@pln.example")
    people = await world.fetch("SELECT DISTINCT person FROM register_change ORDER BY 1 NULLS LAST")
    assert people[0]["person"] == site.person
    assert "Perum Bulog" in (await site.get(done.headers["location"])).text


async def test_what_is_wrong_is_said_beside_its_row_and_nothing_is_saved(site: Visitor, world: World) -> None:
    await site.as_role("administrator", "smg-diskominfo")
    before = await world.fetchval("SELECT count(*) FROM agency")
    sent = await _upload(
        site,
        "instansi",
        "code,name,short_name,kind,region,parent\n"
        "smg-baru,Dinas Baru,Dinbar,dinas,33.74,\n"
        "smg-salah,Dinas Salah,Dinsal,kerajaan,33.74,\n"
        "smg-jauh,Dinas Jauh,Dinjau,dinas,99.99,\n"
        "smg-kel,Kelurahan X,Kel X,kelurahan,33.74,\n"
        "smg-baru,Dinas Kembar,Kembar,dinas,33.74,\n",
    )
    address = sent.headers["location"]
    page = (await site.get(address)).text
    text = _words(page)
    assert "Jenis tidak dapat “kerajaan”; hanya:" in text
    assert "Daerah: kode “99.99” tidak ada." in text
    assert "Kelurahan harus punya wilayah kerja yang sesuai." in text
    assert "Baris dengan kunci 'smg-baru' ada dua kali." in text
    assert not SEAL.search(page)
    refused = await site.send_form(address, {"seal": "x"})
    assert refused.status_code in (403, 404, 422) or "Belum tersimpan" in refused.text
    assert await world.fetchval("SELECT count(*) FROM agency") == before


async def test_a_whole_file_says_what_ending_the_rest_touches(site: Visitor, world: World) -> None:
    await file()
    await site.as_role("administrator", "smg-diskominfo")
    got = (await site.get("/meja/daftar/instansi/unduh")).content.decode("utf-8-sig")
    kept = "".join(line for line in got.splitlines(keepends=True) if not line.startswith(f"{DPU};"))
    partly = await _upload(site, "instansi", kept)
    assert "Tidak ada yang berubah" in (await site.get(partly.headers["location"])).text
    sent = await _upload(site, "instansi", kept, whole=True)
    text = _words((await site.get(sent.headers["location"])).text)
    assert "1 laporan yang belum selesai ada pada instansi ini" in text
    done = await _confirm(site, sent.headers["location"])
    assert done.status_code == 303
    assert not await world.fetchval("SELECT active FROM agency WHERE code = $1", DPU)


async def test_days_times_and_lists_come_in_as_indonesian_office_programs_write_them(
    site: Visitor, world: World
) -> None:
    await site.as_role("administrator", "smg-diskominfo")
    days = await _upload(
        site, "hari_khusus", "sep=;\r\nregion;day;working;name\r\n33.74;2/5/2031;tidak;Hari jadi kota\r\n"
    )
    assert (await _confirm(site, days.headers["location"])).status_code == 303
    assert (
        str(await world.fetchval("SELECT day FROM calendar_day WHERE name = 'Hari jadi kota'"))
        == "2031-05-02"
    )
    hours = await _upload(
        site,
        "jam_kerja",
        "region;name;weekday;valid_from;opening;closing\r\n33.74;Khusus;1;01/03/2031;8.00;14.30\r\n",
    )
    assert (await _confirm(site, hours.headers["location"])).status_code == 303
    rules = await _upload(
        site,
        "aturan_disposisi",
        f"code;position;words;agency;reason\r\npohon;7;pohon tumbang | dahan patah;{DPU};Pohon di jalan.\r\n",
    )
    assert (await _confirm(site, rules.headers["location"])).status_code == 303
    assert await world.fetchval("SELECT words FROM routing_rule WHERE code = 'pohon'") == [
        "pohon tumbang",
        "dahan patah",
    ]


async def test_no_cell_that_goes_out_is_a_formula_and_it_comes_back_as_it_was(
    site: Visitor, world: World
) -> None:
    await world.execute("UPDATE agency SET name = '=HYPERLINK(1)', phone = '+62 24 1' WHERE code = $1", DPU)
    await site.as_role("administrator", "smg-diskominfo")
    got = (await site.get("/meja/daftar/instansi/unduh")).content
    for line in got.decode("utf-8-sig").splitlines():
        assert not re.search(r"(^|;)[=+@]", line)
    sent = await _upload(site, "instansi", got)
    assert "Tidak ada yang berubah" in (await site.get(sent.headers["location"])).text


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"", "Berkas ini kosong."),
        ("code;name\r\nx;Kant\xf6r\r\n".encode("latin-1"), "Simpan berkasnya sebagai “CSV UTF-8”"),
        (b"code;name\r\n" + b"x" * (2 * 1024 * 1024), "Berkas ini terlalu besar."),
        (b"nama\r\nPLN\r\n", "Kolom ini tidak ada: code."),
        (b"\x50\x4b\x03\x04\x00\x00", "Ini bukan berkas CSV."),
        (b'code;name\r\n"x;y\r\n', "tidak dapat dibaca sebagai CSV."),
        (b"code;name\r\n", "Berkas ini tidak punya baris isi."),
    ],
)
async def test_a_file_that_cannot_be_used_is_refused_beside_its_field(
    site: Visitor, body: bytes, sentence: str
) -> None:
    await site.as_role("administrator", "smg-diskominfo")
    answer = await _upload(site, "instansi_luar", body)
    assert answer.status_code == 422
    assert sentence in unescape(answer.text)


async def test_a_file_does_no_more_than_its_sender_may(site: Visitor, world: World) -> None:
    await site.as_role("coordinator", "smg-diskominfo")
    sent = await _upload(site, "instansi_luar", "code;name\r\nbulog;Perum Bulog\r\n")
    text = _words((await site.get(sent.headers["location"])).text)
    assert "Jabatan Anda tidak berwenang untuk ini." in text
    guarded = await _upload(site, "kategori", "code;protected\r\njalan-rusak;ya\r\n")
    assert "Jabatan Anda tidak berwenang" in (await site.get(guarded.headers["location"])).text
    taught = await _upload(site, "kategori", "code;hint\r\njalan-rusak;Sebutkan jalannya.\r\n")
    assert (await _confirm(site, taught.headers["location"])).status_code == 303
    stranger = await site.another().as_role("administrator", "smg-diskominfo")
    assert (await stranger.get(sent.headers["location"])).status_code == 404
    liaison = await site.another().as_role("liaison", DPU)
    for path in ("", "/instansi/unduh", "/instansi/unggah", "/berkas/1", "/riwayat"):
        assert (await liaison.get(f"/meja/daftar{path}")).status_code == 403


async def test_nobody_appoints_themselves_with_a_file(site: Visitor, world: World) -> None:
    await site.as_role("administrator", "smg-diskominfo")
    name = await world.fetchval("SELECT username FROM person WHERE id = $1", site.person)
    office = await world.fetchval("SELECT code FROM office WHERE role = 'head_of_region' ORDER BY id LIMIT 1")
    sent = await _upload(
        site, "pemegang_jabatan", f"office;person;starts_at\r\n{office};{name};2026-01-01\r\n"
    )
    assert "Jabatan Anda tidak berwenang" in (await site.get(sent.headers["location"])).text


async def test_people_are_in_no_file(site: Visitor) -> None:
    await site.as_role("administrator", "smg-diskominfo")
    assert "person" not in FILES
    assert (await site.get("/meja/daftar/petugas/unduh")).status_code == 404


def test_every_problem_that_the_pack_names_is_said_in_indonesian() -> None:
    """Each message of the pack's checks about a row, with something in its places, has its sentence."""
    unsaid = []
    for name in ("checks.py", "files.py"):
        for node in ast.walk(ast.parse((ROOT / "lapor/pack" / name).read_text())):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                continue
            if node.func.id == "ValueError":
                message = f"name {_filled(node.args[0])}"
            elif node.func.id == "Problem" and "where" in ast.unparse(node.args[0]):
                message = _filled(node.args[1])
            else:
                continue
            if not is_known(message):
                unsaid.append(message)
    # A ladder in TOML and outlines are no files of ours; the last only puts a column before a message.
    assert [one for one in unsaid if "rung" not in one and one not in ("outline name", "name name")] == []


def _filled(node: ast.expr) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    assert isinstance(node, ast.JoinedStr), ast.unparse(node)
    parts = []
    for part in node.values:
        if isinstance(part, ast.Constant):
            parts.append(str(part.value))
        else:
            assert isinstance(part, ast.FormattedValue)
            quoted = part.conversion == ord("r")
            parts.append("'x'" if quoted else "12" if "length" in ast.unparse(part.value) else "name")
    return "".join(parts)
