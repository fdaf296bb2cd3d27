from lapor import database
from lapor.complaints import desk
from lapor.complaints.queries.complaint import one_complaint
from lapor.complaints.queries.same_words import Repeated, identical_replies
from tests.complaints.conftest import LEAD, Scene


async def _repeated(scene: Scene, from_: int) -> list[Repeated]:
    async with database.transaction("reader", user_id=scene.coordinator.person):
        return list(await identical_replies(await scene.agency(LEAD), same_words_from=from_))


async def test_the_same_words_to_many_complaints_are_counted_whatever_their_case_and_punctuation(
    scene: Scene,
) -> None:
    texts = ["Sudah ditindaklanjuti.", "sudah   ditindaklanjuti", "SUDAH ditindaklanjuti!"]
    for text in texts:
        filed = await scene.file()
        await desk.answer(scene.staff, filed.complaint_id, text=text)
        await desk.answer(scene.staff, filed.complaint_id, text=text)
    assert await _repeated(scene, 2) == []
    found = await _repeated(scene, 1)
    assert [one.complaints for one in found] == [3]


async def test_a_claim_counts_once_the_second_person_has_sent_it(scene: Scene) -> None:
    for _ in range(3):
        filed = await scene.file()
        await desk.answer(scene.staff, filed.complaint_id, text=f"Kami kerjakan {filed.ticket}.")
        await desk.claim_completion(scene.staff, filed.complaint_id, text="Selesai.")
        if not await _repeated(scene, 0):
            await desk.confirm(scene.checker, filed.complaint_id)
    assert [one.complaints for one in await _repeated(scene, 0)] == [2]


async def test_words_between_officers_and_of_reporters_are_not_counted(scene: Scene) -> None:
    for _ in range(3):
        filed = await scene.file()
        await desk.note(scene.staff, filed.complaint_id, text="Cek lapangan.")
    assert await _repeated(scene, 0) == []


async def test_a_statement_knows_to_how_many_others_its_words_went(scene: Scene) -> None:
    for _ in range(4):
        filed = await scene.file()
        await desk.answer(scene.staff, filed.complaint_id, text="Terima kasih atas laporannya.")
    async with database.transaction("reader", user_id=scene.staff.person):
        one = await one_complaint(filed.complaint_id)
    said = [happened.said for happened in one.story if happened.said]
    assert [statement.same_words for statement in said] == [3]
