"""The exchange with SP4N-LAPOR!: files in, files out, through the command as an administrator uses it."""

from __future__ import annotations

import base64
import csv
import io
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from openpyxl import Workbook, load_workbook

from lapor import crypto
from lapor.complaints import desk, tickets
from lapor.complaints.counting import count_all
from lapor.complaints.desk import Actor
from lapor.complaints.draft import identity_context
from lapor.complaints.escalating import sweep
from lapor.complaints.queries.figures import Period
from lapor.complaints.queries.received_late import received_late
from lapor.database import transaction
from lapor.intake import sp4n
from lapor.intake.outbound import drain
from lapor.intake.sp4n import TakenOver
from lapor.intake.sp4n_files import FileExchange
from lapor.intake.sp4n_profile import Profile, Unusable, read_profile
from tests.ground import World
from tests.images import jpeg
from tests.test_cli import addresses, lapor

ZONE = "Asia/Jakarta"
HEAD = (
    "nomor",
    "tanggal",
    "judul",
    "isi",
    "jenis",
    "kategori",
    "kecamatan",
    "kelurahan",
    "alamat",
    "nama",
    "surel",
    "anonim",
    "rahasia",
    "foto",
)
Row = dict[str, Any]


def row(
    number: str, at: str | datetime, text: str = "Jalan berlubang dalam di depan pasar.", **more: Any
) -> Row:
    """One of their complaints."""
    return {"nomor": number, "tanggal": at, "judul": "", "isi": text, "kategori": "jalan-rusak", **more}


def written(path: Path, rows: Sequence[Row]) -> Path:
    """Their file, as CSV or as a workbook."""
    lines = [HEAD, *([one.get(name, "") for name in HEAD] for one in rows)]
    if path.suffix == ".xlsx":
        book = Workbook()
        for line in lines:
            book.active.append(list(line))
        book.save(path)
        return path
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, delimiter=";").writerows(lines)
    return path


async def taken_over(path: Path, *, rehearse: bool = False, profile: Profile | None = None) -> TakenOver:
    """Take a file over."""
    return await sp4n.take_over(FileExchange(path, ZONE, profile or Profile()), rehearse=rehearse)


async def handed_back(path: Path, **wanted: Any) -> list[dict[str, str]]:
    """Hand back, and read what was written."""
    await sp4n.hand_back(FileExchange(path, ZONE), **wanted)
    return read_back(path)


def read_back(path: Path) -> list[dict[str, str]]:
    """The rows of a file for them."""
    if path.suffix == ".xlsx":
        head, *lines = load_workbook(path).active.iter_rows(values_only=True)
        return [dict(zip(head, (cell or "" for cell in line), strict=True)) for line in lines]
    return list(csv.DictReader(io.StringIO(path.read_text("utf-8-sig")), delimiter=";"))


async def local(world: World, *, hours: float) -> datetime:
    """The region's time some hours ago, as their files give it."""
    at = (await world.now() - timedelta(hours=hours)).astimezone(ZoneInfo(ZONE))
    return at.replace(tzinfo=None, microsecond=0)


async def of_number(world: World, number: str) -> dict[str, Any]:
    """The complaint that has this number there."""
    rows = await world.fetch(
        "SELECT c.*, w.text, w.address, s.received_at FROM sp4n_report s JOIN complaint c ON c.id = s.complaint"
        " JOIN content w ON w.complaint = c.id WHERE s.sp4n_id = $1",
        number,
    )
    return dict(rows[0])


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
async def test_a_complaint_keeps_its_number_and_the_date_of_its_receipt(
    simulated: World, tmp_path: Path, suffix: str
) -> None:
    at = await local(simulated, hours=5)
    given: Any = at if suffix == "xlsx" else at.isoformat(" ")
    rows = [
        row(
            "SP4N-1001",
            given,
            judul="Jalan rusak",
            kelurahan="Tlogosari Kulon",
            nama="Sri Contoh",
            surel="Sri@warga.example",
        )
    ]
    done = await taken_over(written(tmp_path / f"masuk.{suffix}", rows))
    assert (done.filed, done.known, done.wrong, done.notes) == (1, 0, [], [])
    complaint = await of_number(simulated, "SP4N-1001")
    assert complaint["text"] == "Jalan rusak\n\nJalan berlubang dalam di depan pasar."
    assert complaint["channel"] == "partner"
    assert complaint["received_at"].astimezone(ZoneInfo(ZONE)).replace(tzinfo=None) == at
    village = await simulated.fetchval("SELECT code FROM region WHERE id = $1", complaint["village"])
    assert village == "33.74.06.1004"
    clock = (
        await simulated.fetch(
            "SELECT started_at, due_at FROM clock WHERE complaint = $1 AND kind = 'response'", complaint["id"]
        )
    )[0]
    assert clock["started_at"] == complaint["received_at"]
    assert clock["due_at"] == complaint["received_at"] + timedelta(hours=48)
    identity = (await simulated.fetch("SELECT * FROM identity"))[0]
    email = crypto.keyring().decrypt(identity["email"], identity_context(complaint["id"], "email"))
    assert email == b"sri@warga.example"


async def test_photos_that_lie_beside_the_file_come_along_and_nothing_else_does(
    simulated: World, tmp_path: Path
) -> None:
    (tmp_path / "rahasia.jpg").write_bytes(jpeg(3))
    folder = tmp_path / "kiriman"
    folder.mkdir()
    (folder / "satu.jpg").write_bytes(jpeg(1))
    (folder / "rusak.jpg").write_bytes(b"bukan foto")
    named = "satu.jpg; rusak.jpg; ../rahasia.jpg, https://sp4n.example/2.jpg"
    file = written(
        folder / "masuk.csv", [row("7", (await local(simulated, hours=1)).isoformat(), foto=named)]
    )
    rehearsed = await taken_over(file, rehearse=True)
    done = await taken_over(file)
    assert await simulated.fetchval("SELECT count(*) FROM attachment WHERE purpose = 'report'") == 1
    assert done.filed == 1
    assert [note.why for note in done.notes] == [
        "foto ../rahasia.jpg tidak ada di samping berkas ini",
        "foto https://sp4n.example/2.jpg tidak ada di samping berkas ini",
        "foto ke-2 tidak dapat disimpan (jenis)",
    ]
    assert rehearsed.notes == done.notes
    assert (await taken_over(file)).known == 1
    assert await simulated.fetchval("SELECT count(*) FROM attachment") == 1


async def test_what_is_overdue_already_fires_at_the_next_sweep_and_counts_as_received_late(
    simulated: World, tmp_path: Path
) -> None:
    at = await local(simulated, hours=72)
    await taken_over(written(tmp_path / "masuk.csv", [row("1", at.isoformat())]))
    complaint = await of_number(simulated, "1")
    await sweep()
    steps = await simulated.fetch(
        "SELECT step FROM escalation WHERE complaint = $1 AND step = 'escalate'", complaint["id"]
    )
    assert len(steps) >= 1
    facts = await simulated.fetchval(
        "SELECT facts FROM event WHERE complaint = $1 AND seq = 1", complaint["id"]
    )
    assert '"received_late":true' in facts
    today = complaint["filed_at"].astimezone(ZoneInfo(ZONE)).date().replace(day=1)
    coordinator = await simulated.officer("coordinator", "smg-diskominfo")
    await count_all()
    async with transaction("reader", user_id=coordinator):
        assert await received_late(Period(today, today)) == 1


async def test_the_same_file_again_changes_nothing_and_a_longer_one_adds_what_is_new(
    simulated: World, tmp_path: Path
) -> None:
    at = (await local(simulated, hours=3)).isoformat()
    first = written(tmp_path / "masuk.csv", [row("1", at), row("2", at)])
    assert (await taken_over(first)).filed == 2
    again = await taken_over(first)
    assert (again.filed, again.known) == (0, 2)
    longer = await taken_over(written(tmp_path / "lagi.csv", [row("1", at), row("2", at), row("3", at)]))
    assert (longer.filed, longer.known) == (1, 2)
    assert await simulated.fetchval("SELECT count(*) FROM complaint") == 3


async def test_a_rehearsal_keeps_nothing_and_says_the_same(simulated: World, tmp_path: Path) -> None:
    at = (await local(simulated, hours=3)).isoformat()
    path = written(tmp_path / "masuk.csv", [row("1", at), row("2", "kemarin")])
    rehearsed = await taken_over(path, rehearse=True)
    assert await simulated.fetchval("SELECT count(*) FROM complaint") == 0
    assert await simulated.fetchval("SELECT count(*) FROM sp4n_report") == 0
    assert rehearsed == await taken_over(path)


async def test_wrong_rows_are_named_and_the_others_taken_over(simulated: World, tmp_path: Path) -> None:
    at = (await local(simulated, hours=3)).isoformat()
    rows = [
        row("1", at),
        row("", at),
        row("3", "31/02/2026 10:00"),
        row("4", at, ""),
        row("5", at, jenis="keluh kesah"),
        row("6", (await local(simulated, hours=-5)).isoformat()),
        row("7", (await local(simulated, hours=24 * 400)).isoformat()),
        row("1", at),
        row("9", at, "x" * 10_001),
        row("10", at, kategori="tidak-ada"),
    ]
    done = await taken_over(written(tmp_path / "masuk.csv", rows))
    assert done.filed == 2
    assert [wrong.where for wrong in done.wrong] == [f"row {number}" for number in (3, 4, 5, 6, 7, 8, 9, 10)]
    assert [(note.number, note.why) for note in done.notes] == [("10", "category tidak ada dalam daftar")]
    assert all("keluh kesah" not in wrong.why for wrong in done.wrong)


async def test_a_day_without_an_hour_charges_nobody_with_the_hours_before(
    simulated: World, tmp_path: Path
) -> None:
    yesterday = await local(simulated, hours=24)
    today = await local(simulated, hours=0)
    rows = [
        row("1", f"{yesterday:%d/%m/%Y}"),
        row("2", f"{today:%d-%m-%Y}"),
        row("3", f"{yesterday:%d/%m/%Y %H.%M}"),
    ]
    assert (await taken_over(written(tmp_path / "masuk.csv", rows))).filed == 3
    first = (await of_number(simulated, "1"))["received_at"].astimezone(ZoneInfo(ZONE))
    assert (first.date(), first.hour, first.minute) == (yesterday.date(), 23, 59)
    second = await of_number(simulated, "2")
    assert second["received_at"] == second["filed_at"]
    third = (await of_number(simulated, "3"))["received_at"].astimezone(ZoneInfo(ZONE))
    assert third.replace(tzinfo=None) == yesterday.replace(second=0)


async def test_a_place_that_nobody_knows_stays_in_the_address(simulated: World, tmp_path: Path) -> None:
    at = (await local(simulated, hours=3)).isoformat()
    rows = [
        row("1", at, kecamatan="Antah Berantah", alamat="Jalan Mawar 3"),
        row("2", at, kecamatan="33.74.06"),
    ]
    done = await taken_over(written(tmp_path / "masuk.csv", rows))
    assert [note.why for note in done.notes] == ["tempat tidak ada dalam daftar"]
    assert (await of_number(simulated, "1"))["address"] == "Jalan Mawar 3, Antah Berantah"
    assert (await of_number(simulated, "2"))["district"] is not None


async def test_anything_unclear_about_secrecy_protects_the_reporter(simulated: World, tmp_path: Path) -> None:
    at = (await local(simulated, hours=3)).isoformat()
    rows = [row("1", at, anonim="Tidak"), row("2", at, anonim="X", rahasia="Ya")]
    await taken_over(written(tmp_path / "masuk.csv", rows))
    first, second = await of_number(simulated, "1"), await of_number(simulated, "2")
    assert (first["anonymous"], first["confidential"]) == (False, False)
    assert (second["anonymous"], second["confidential"]) == (True, True)


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
async def test_answers_and_statuses_go_back(simulated: World, tmp_path: Path, suffix: str) -> None:
    at = (await local(simulated, hours=3)).isoformat()
    await taken_over(written(tmp_path / "masuk.csv", [row("1", at), row("2", at)]))
    complaint = await of_number(simulated, "1")
    before = await simulated.now()
    await simulated.advance(1)
    officer = Actor.officer(await simulated.officer("liaison", "smg-dpu"))
    await desk.answer(officer, complaint["id"], text="=Lubangnya kami tambal besok.", undoable=True)
    # What its author may still take back has not been said yet.
    assert (await handed_back(tmp_path / f"keluar.{suffix}"))[0]["tanggapan"] == ""
    await simulated.advance(0.1)
    told = await handed_back(tmp_path / f"keluar.{suffix}")
    assert [one["nomor"] for one in told] == ["1", "2"]
    assert told[0]["tanggal"] == at[:16].replace("T", " ")
    assert told[0]["tanggapan"].removeprefix("'") == "=Lubangnya kami tambal besok."
    assert told[0]["status"] == "Diproses"
    assert told[0]["nomor laporan"] == tickets.show(complaint["ticket"])
    assert told[1]["tanggapan"] == told[1]["tanggal tanggapan"] == ""
    changed = await handed_back(tmp_path / f"baru.{suffix}", since=before + timedelta(minutes=30))
    assert [one["nomor"] for one in changed] == ["1"]
    assert (tmp_path / f"keluar.{suffix}").stat().st_mode & 0o077 == 0


async def test_what_is_said_about_a_confidential_complaint_goes_back_on_request_only(
    simulated: World, tmp_path: Path
) -> None:
    at = (await local(simulated, hours=3)).isoformat()
    await taken_over(written(tmp_path / "masuk.csv", [row("1", at, rahasia="ya")]))
    complaint = await of_number(simulated, "1")
    officer = Actor.officer(await simulated.officer("liaison", "smg-dpu"))
    await desk.answer(officer, complaint["id"], text="Sedang kami periksa diam-diam.")
    await simulated.advance(0.1)
    path = tmp_path / "keluar.csv"
    assert (await handed_back(path))[0]["tanggapan"] == ""
    assert (await handed_back(path, with_confidential=True))[0]["tanggapan"].startswith("Sedang")


async def test_a_profile_names_their_columns_and_words(simulated: World, tmp_path: Path) -> None:
    toml = tmp_path / "profil.toml"
    toml.write_text(
        '[incoming]\nnumber = "Tracking ID"\ntext = "Isi Laporan"\n[types]\n"Keluhan" = "complaint"\n'
        '[categories]\n"Infrastruktur Jalan" = "jalan-rusak"\n[statuses]\nrouted = "Belum Diproses"\n',
        encoding="utf-8",
    )
    profile = read_profile(toml)
    at = (await local(simulated, hours=3)).isoformat()
    path = tmp_path / "masuk.csv"
    path.write_text(
        f"Tracking ID,tanggal,Isi Laporan,jenis,kategori\n77,{at},Jalan berlubang,keluhan,Infrastruktur Jalan\n",
        encoding="utf-8",
    )
    assert (await taken_over(path, profile=profile)).filed == 1
    complaint = await of_number(simulated, "77")
    category = await simulated.fetchval("SELECT code FROM category WHERE id = $1", complaint["category"])
    assert category == "jalan-rusak"
    out = tmp_path / "keluar.csv"
    await sp4n.hand_back(FileExchange(out, ZONE, profile))
    assert "Belum Diproses" in out.read_text("utf-8-sig")


@pytest.mark.parametrize(
    "wrong", ["[kolom]\n", "incoming = 1\n", '[incoming]\nkota = "x"\n', "[statuses]\ndone = 1\n", "["]
)
def test_a_profile_that_cannot_be_used_is_refused_in_one_line(tmp_path: Path, wrong: str) -> None:
    path = tmp_path / "profil.toml"
    path.write_text(wrong, encoding="utf-8")
    with pytest.raises(Unusable) as refused:
        read_profile(path)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("kosong.csv", b""),
        ("lain.csv", b"a;b\n1;2\n"),
        ("latin.csv", "nomor;tanggal;isi\n1;2;caf\xe9".encode("latin-1")),
        ("bukan.xlsx", b"PK nonsense"),
        ("tidak-ada.csv", None),
    ],
)
async def test_a_file_that_cannot_be_read_is_refused_as_a_whole(
    world: World, tmp_path: Path, name: str, content: bytes | None
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(Unusable):
        await taken_over(path)


async def test_whoever_gave_no_address_is_written_to_by_nobody(simulated: World, tmp_path: Path) -> None:
    at = (await local(simulated, hours=3)).isoformat()
    await taken_over(written(tmp_path / "masuk.csv", [row("1", at)]))
    await drain(replace(simulated.settings, smtp_url="smtp://127.0.0.1:1", mail_from="lapor@contoh.example"))
    state = await simulated.fetchval("SELECT state FROM message WHERE kind = 'acknowledgement'")
    assert state == "cancelled"


async def test_the_command_takes_over_and_hands_back(world: World, tmp_path: Path) -> None:
    keys = {
        "LAPOR_ENCRYPTION_KEYS": _keys(world.settings.encryption_keys),
        "LAPOR_LOOKUP_KEYS": _keys(world.settings.lookup_keys),
    }
    environ = {**addresses(world), **keys}
    at = (await local(world, hours=3)).isoformat()
    path = written(tmp_path / "masuk.csv", [row("1", at), row("2", "kapan-kapan")])
    rehearsed = await lapor(environ, "sp4n", "import", str(path), "--dry-run")
    assert rehearsed.code == 1, rehearsed.err
    assert rehearsed.out.splitlines()[-1] == "1 would be taken over, 0 were here already, 1 are wrong"
    assert await world.fetchval("SELECT count(*) FROM complaint") == 0
    done = await lapor(environ, "sp4n", "import", str(path))
    assert done.out.splitlines() == [
        "row 3 (2): the date is missing or cannot be read",
        "1 taken over, 0 were here already, 1 are wrong",
    ]
    out = tmp_path / "keluar.xlsx"
    assert (await lapor(environ, "sp4n", "export", str(out))).code == 0
    assert load_workbook(out).active["A2"].value == "1"
    assert (await lapor(environ, "sp4n", "import", str(tmp_path / "masuk.pdf"))).complaint


def _keys(keys: Any) -> str:
    return ",".join(f"{key.version}:{base64.b64encode(key.key).decode()}" for key in keys)
