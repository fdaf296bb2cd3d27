"""Photos: what is kept of a file, what a proof is compared with, and who sees which."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path

import asyncpg
import pytest
from PIL import Image

from lapor import crypto, database
from lapor.complaints import desk, ledger, pictures
from lapor.complaints.desk import Filed, Picture, Refused
from lapor.complaints.queries.photos import Photo, photos_of, picture
from tests.complaints.conftest import Scene, reporter
from tests.images import MAKER, bomb, encoded, from_phone, heic, jpeg
from tests.images import scene as drawn

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def taken(seed: int) -> Picture:
    return pictures.read(jpeg(seed))


def _opened(body: bytes) -> Image.Image:
    return Image.open(io.BytesIO(body))


# --- what is kept of a file --------------------------------------------------------------------------------


def test_nothing_is_kept_but_the_pixels() -> None:
    raw = from_phone(1)
    assert MAKER.encode() in raw
    kept = _opened(pictures.read(raw).body)
    assert dict(kept.getexif()) == {}
    assert kept.info.keys() <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    body = pictures.read(raw).body
    assert not any(hidden in body for hidden in (b"Exif", MAKER.encode(), b"Lestari", b"2026"))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photo_stands_upright(orientation: int) -> None:
    upright = drawn(2)
    back = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}
    turned = upright if orientation == 1 else upright.transpose(Image.Transpose(back[orientation]))
    exif = Image.Exif()
    exif[0x0112] = orientation
    kept = pictures.read(encoded(turned, exif=exif))
    assert (kept.width, kept.height) == (800, 600)
    assert pictures.distance(kept.likeness, taken(2).likeness) <= 2


def test_a_large_photo_is_reduced() -> None:
    kept = pictures.read(jpeg(3, (4608, 3456)))
    assert (kept.width, kept.height) == (1600, 1200)
    assert _opened(kept.body).size == (1600, 1200)
    assert max(_opened(pictures.small(kept.body)).size) == pictures.SMALL_SIDE


@pytest.mark.parametrize(
    ("kind", "mode"),
    [
        ("PNG", "RGBA"),
        ("PNG", "P"),
        ("PNG", "LA"),
        ("PNG", "1"),
        ("WEBP", "RGBA"),
        ("JPEG", "CMYK"),
        ("JPEG", "L"),
    ],
)
def test_every_common_kind_of_picture_is_kept_as_jpeg(kind: str, mode: str) -> None:
    kept = pictures.read(encoded(drawn(4).convert(mode), kind))
    assert _opened(kept.body).format == "JPEG"
    assert _opened(kept.body).mode == "RGB"


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "kosong"),
        (SVG, "jenis"),
        (b"<!doctype html><script>alert(1)</script>", "jenis"),
        (encoded(drawn(5, (20, 20)), "GIF"), "jenis"),
        (heic(), "heic"),
        (b"\x00\x00\x00\x20ftypisom" + bytes(100), "video"),
        (jpeg(5)[:2000], "rusak"),
        (b"\xff\xd8\xff" + SVG, "rusak"),
        (b"\x89PNG\r\n\x1a\n" + bytes(64), "rusak"),
        (bomb(), "besar"),
        (jpeg(5, (4200, 3100), progressive=True), "besar"),
        (b"\xff\xd8\xff" + bytes(pictures.MOST_BYTES), "berat"),
    ],
    ids=[
        "empty",
        "svg",
        "html",
        "gif",
        "heic",
        "video",
        "cut",
        "svg inside",
        "nothing inside",
        "bomb",
        "progressive",
        "heavy",
    ],
)
def test_what_is_no_usable_photo_is_refused_with_its_reason(raw: bytes, code: str) -> None:
    with pytest.raises(pictures.Unusable) as refused:
        pictures.read(raw)
    assert refused.value.code == code


def test_the_same_scene_is_alike_however_it_was_saved() -> None:
    image = drawn(6)
    first = pictures.read(encoded(image)).likeness
    for other in (
        image.resize((400, 300)),
        image.crop((4, 4, 796, 596)),
        image.point(lambda value: value * 0.9),
    ):
        assert pictures.distance(first, pictures.read(encoded(other, quality=60)).likeness) <= pictures.ALIKE
    assert -(2**63) <= first < 2**63


def test_other_scenes_are_not_alike() -> None:
    likenesses = [taken(seed).likeness for seed in range(20)]
    pairs = [(a, b) for number, a in enumerate(likenesses) for b in likenesses[:number]]
    assert min(pictures.distance(a, b) for a, b in pairs) > pictures.ALIKE


# --- with the report and with a reply ----------------------------------------------------------------------


async def _seen_by_reporter(filed: Filed) -> list[Photo]:
    async with database.transaction("reporter", reporter_key=crypto.secret_hash(filed.secret)):
        return list(await photos_of(filed.complaint_id))


async def _seen_by(person: int | None, complaint: int) -> list[Photo]:
    async with database.transaction("reader", user_id=person):
        return list(await photos_of(complaint))


async def test_a_photo_is_stored_encrypted_and_proved_by_the_ledger(scene: Scene, tmp_path: Path) -> None:
    filed = await scene.file()
    await desk.add_photos(reporter(filed), filed.complaint_id, [taken(1)])
    row = (await scene.world.fetch("SELECT * FROM attachment"))[0]
    assert taken(1).body not in row["body"]
    event = (await scene.world.fetch("SELECT * FROM event WHERE kind = 'photo_added'"))[0]
    async with database.transaction("reporter", reporter_key=crypto.secret_hash(filed.secret)):
        body = await picture(row["id"], filed.complaint_id)
    assert body == taken(1).body
    assert event["digest"] == crypto.digest(row["salt"], body)
    await ledger.export(tmp_path / "ledger.jsonl")
    assert ledger.verify(tmp_path / "ledger.jsonl").events > 0


async def test_a_photo_in_another_row_is_unreadable(scene: Scene) -> None:
    filed = await scene.file()
    await desk.add_photos(reporter(filed), filed.complaint_id, [taken(1), taken(2)])
    await scene.world.execute(
        "UPDATE attachment a SET body = (SELECT body FROM attachment b WHERE b.id <> a.id) WHERE sha256 = $1",
        taken(1).sha256,
    )
    async with database.transaction("reporter", reporter_key=crypto.secret_hash(filed.secret)):
        moved = await database.fetchval("SELECT id FROM attachment WHERE sha256 = $1", taken(1).sha256)
        with pytest.raises(crypto.Undecipherable):
            await picture(moved, filed.complaint_id)


async def test_the_same_photos_sent_again_stand_there_once(scene: Scene) -> None:
    filed = await scene.file()
    for _ in range(2):
        await desk.add_photos(reporter(filed), filed.complaint_id, [taken(1), taken(2), taken(1)])
    assert await scene.world.fetchval("SELECT count(*) FROM attachment") == 2
    assert (await scene.kinds(filed)).count("photo_added") == 2


async def test_only_so_many_photos_are_taken(scene: Scene) -> None:
    filed = await scene.file()
    with pytest.raises(Refused, match="Paling banyak 5 foto"):
        await desk.add_photos(reporter(filed), filed.complaint_id, [taken(seed) for seed in range(6)])
    for first in range(0, 30, 5):
        photos = [taken(seed) for seed in range(first, first + 5)]
        await desk.reply(reporter(filed), filed.complaint_id, text=f"Foto {first}", photos=photos)
    with pytest.raises(Refused, match="sudah memuat 30 foto"):
        await desk.reply(reporter(filed), filed.complaint_id, text="Satu lagi", photos=[taken(30)])


async def test_nobody_but_the_reporter_adds_to_the_report(scene: Scene) -> None:
    filed = await scene.file()
    for actor in (scene.staff, reporter(await scene.file())):
        with pytest.raises(Refused):
            await desk.add_photos(actor, filed.complaint_id, [taken(1)])


async def test_a_reply_sent_twice_stands_there_once(scene: Scene) -> None:
    filed = await scene.file()
    sending = [
        desk.reply(reporter(filed), filed.complaint_id, text="Masih bocor.", photos=[taken(1)])
        for _ in range(3)
    ]
    await asyncio.gather(*sending)
    assert (await scene.kinds(filed)).count("replied") == 1
    assert await scene.world.fetchval("SELECT count(*) FROM attachment") == 1
    await desk.reply(reporter(filed), filed.complaint_id, text="Sekarang lebih parah.")
    await scene.world.advance(1)
    await desk.reply(reporter(filed), filed.complaint_id, text="Sekarang lebih parah.")
    assert (await scene.kinds(filed)).count("replied") == 3


# --- who sees which ----------------------------------------------------------------------------------------


async def test_photos_are_seen_by_those_who_may_read_the_words(scene: Scene) -> None:
    filed = await scene.file(confidential=True)
    await desk.add_photos(reporter(filed), filed.complaint_id, [taken(1)])
    stranger = await scene.world.officer("staff", "smg-dlh")
    assert len(await _seen_by(scene.staff.person, filed.complaint_id)) == 1
    assert await _seen_by(stranger, filed.complaint_id) == []
    assert await _seen_by(None, filed.complaint_id) == []
    assert len(await _seen_by_reporter(filed)) == 1
    other = await scene.file()
    async with database.transaction("reporter", reporter_key=crypto.secret_hash(other.secret)):
        assert await photos_of(filed.complaint_id) == []


async def test_the_accused_office_sees_no_photo(scene: Scene) -> None:
    filed = await scene.file(reported_agency="smg-dpu")
    await desk.add_photos(reporter(filed), filed.complaint_id, [taken(1)])
    assert await _seen_by(scene.staff.person, filed.complaint_id) == []


@pytest.mark.parametrize("role", ["public", "gate"])
async def test_the_public_has_no_way_to_a_photo(scene: Scene, role: database.Role) -> None:
    async with database.transaction(role):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await database.fetch("SELECT id FROM attachment")


async def test_a_proof_reaches_the_reporter_once_it_is_confirmed(scene: Scene) -> None:
    filed = await _answered(scene)
    await desk.claim_completion(scene.staff, filed.complaint_id, text="Sudah.", photos=[taken(1)])
    assert len(await _seen_by(scene.checker.person, filed.complaint_id)) == 1
    assert await _seen_by_reporter(filed) == []
    await desk.refuse(scene.checker, filed.complaint_id, reason="Fotonya gelap.")
    assert await _seen_by_reporter(filed) == []
    await desk.claim_completion(scene.staff, filed.complaint_id, text="Sudah.", photos=[taken(2)])
    await desk.confirm(scene.checker, filed.complaint_id)
    assert len(await _seen_by_reporter(filed)) == 1


# --- proof -------------------------------------------------------------------------------------------------


async def _answered(scene: Scene) -> Filed:
    filed = await scene.file()
    await desk.answer(scene.staff, filed.complaint_id, text="Kami kerjakan.")
    return filed


async def _claimed(scene: Scene, *photos: Picture) -> Filed:
    filed = await _answered(scene)
    await desk.claim_completion(scene.staff, filed.complaint_id, text="Sudah.", photos=photos)
    return filed


def _alike(seed: int) -> Picture:
    """The same scene, saved smaller and darker."""
    return pictures.read(encoded(drawn(seed).resize((500, 375)).point(lambda value: value * 0.9)))


async def test_the_proof_of_another_complaint_is_refused(scene: Scene) -> None:
    await _claimed(scene, taken(1))
    filed = await _answered(scene)
    with pytest.raises(Refused, match="Foto ke-2 sama dengan foto bukti laporan lain") as refused:
        await desk.claim_completion(
            scene.staff, filed.complaint_id, text="Sudah.", photos=[taken(2), taken(1)]
        )
    assert refused.value.field == "photos"
    assert await scene.world.fetchval("SELECT count(*) FROM approval") == 1
    assert await scene.world.fetchval("SELECT count(*) FROM attachment") == 1


async def test_the_reporters_own_photo_proves_nothing(scene: Scene) -> None:
    filed = await _answered(scene)
    await desk.reply(reporter(filed), filed.complaint_id, text="Begini.", photos=[taken(1)])
    with pytest.raises(Refused, match="sama dengan foto dari pelapor"):
        await desk.claim_completion(scene.staff, filed.complaint_id, text="Sudah.", photos=[taken(1)])
    await desk.claim_completion(scene.staff, filed.complaint_id, text="Sudah.", photos=[_alike(1)])
    proof = (await _seen_by(scene.checker.person, filed.complaint_id))[-1]
    assert (proof.like_reporter, proof.like_proof) == (True, False)
    event = (await scene.world.fetch("SELECT facts FROM event WHERE kind = 'photo_added' ORDER BY id"))[-1]
    assert '"like":"reporter"' in event["facts"]


async def test_a_proof_like_another_is_kept_and_flagged(scene: Scene) -> None:
    first = await _claimed(scene, taken(1))
    second = await _claimed(scene, _alike(1), taken(2))
    like, other = await _seen_by(scene.checker.person, second.complaint_id)
    assert (like.like_proof, like.like_reporter, like.other) == (True, False, first.ticket)
    assert not other.like_proof


async def test_across_agencies_a_proof_is_found_again_without_its_ticket(scene: Scene) -> None:
    await _claimed(scene, taken(1))
    filed = await scene.file(text="Sampah menumpuk di tepi jalan", category="sampah")
    agency = await scene.world.fetchval(
        "SELECT a.code FROM complaint c JOIN agency a ON a.id = c.owner_agency WHERE c.id = $1",
        filed.complaint_id,
    )
    assert agency != "smg-dpu"
    staff, checker = await scene.officer("staff", agency), await scene.officer("checker", agency)
    await desk.answer(staff, filed.complaint_id, text="Kami angkut.")
    await desk.claim_completion(staff, filed.complaint_id, text="Sudah.", photos=[_alike(1)])
    proof = (await _seen_by(checker.person, filed.complaint_id))[0]
    assert proof.like_proof
    assert proof.other is None
    events = await scene.world.fetch("SELECT facts FROM event WHERE complaint = $1", filed.complaint_id)
    assert not any("proof:" in event["facts"] for event in events), "the chain names no other complaint"


async def test_a_refused_claim_may_come_again_with_its_own_photo(scene: Scene) -> None:
    filed = await _claimed(scene, taken(1))
    await desk.refuse(scene.checker, filed.complaint_id, reason="Tulis lebih jelas.")
    await desk.claim_completion(scene.staff, filed.complaint_id, text="Ditambal 2 meter.", photos=[taken(1)])
    assert [proof.like_proof for proof in await _seen_by(scene.checker.person, filed.complaint_id)] == [
        False,
        False,
    ]


async def test_a_photo_of_another_reporter_is_no_reason_to_doubt(scene: Scene) -> None:
    other = await scene.file()
    await desk.add_photos(reporter(other), other.complaint_id, [taken(1)])
    filed = await _claimed(scene, taken(1))
    assert not (await _seen_by(scene.checker.person, filed.complaint_id))[0].like_proof
