"""Pictures by MMS: delivered by Twilio as addresses, fetched with our credentials, filed with the words."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from urllib.parse import urlencode

import pytest
import pytest_asyncio
from twilio.request_validator import RequestValidator

from lapor.settings import Settings
from tests.ground import World
from tests.images import jpeg
from tests.intake.line import Talking
from tests.intake.local_api import opened
from tests.intake.sms_api import AUTH_TOKEN, SID, SmsServer
from tests.intake.switched_on import switched_on
from tests.visitor import Visitor

OURS = "62811000111"
SRI = "+6281200009999"
TOLD = "Lampu jalan mati sudah seminggu di Tlogosari Kulon"


def _path(message: int, file: int) -> str:
    return f"/2010-04-01/Accounts/{SID}/Messages/MM{message:032x}/Media/ME{file:032x}"


class Line(Talking[SmsServer]):
    """Somebody whose telephone sends pictures."""

    async def send(self, message: int, text: str, *files: tuple[str, str]) -> int:
        """Deliver an MMS with files, each an address and a type, and return the status."""
        given = {"AccountSid": SID, "From": SRI, "To": f"+{OURS}", "Body": text, "NumMedia": str(len(files))}
        given["MessageSid"] = f"MM{message:032x}"
        for number, (address, kind) in enumerate(files):
            given[f"MediaUrl{number}"] = address
            given[f"MediaContentType{number}"] = kind
        signed = RequestValidator(AUTH_TOKEN).compute_signature(f"{self.settings.base_url}/hooks/sms", given)
        headers = {"x-twilio-signature": signed, "content-type": "application/x-www-form-urlencoded"}
        return (await self.site.post("/hooks/sms", content=urlencode(given), headers=headers)).status_code

    def holds(self, message: int, *photos: bytes) -> list[tuple[str, str]]:
        """Let Twilio hold photos of a message, and return how it names them."""
        for number, photo in enumerate(photos):
            self.api.files[_path(message, number)] = 200, {"Content-Type": "image/jpeg"}, photo
        return [
            (f"https://api.twilio.com{_path(message, number)}", "image/jpeg") for number in range(len(photos))
        ]

    async def media(self) -> list[tuple[str, str]]:
        """What became of the files, by their kinds."""
        rows = await self.world.fetch("SELECT kind, state FROM channel_media ORDER BY id")
        return [(row["kind"], row["state"]) for row in rows]


@pytest_asyncio.fixture
async def line(simulated: World, site: Visitor, settings: Settings) -> AsyncIterator[Line]:
    async with opened(SmsServer()) as api:
        account = {"provider": "twilio", "account_sid": SID, "api": api.url}
        await switched_on(simulated, "sms", OURS, {"auth_token": AUTH_TOKEN}, account)
        yield Line(api, site, settings)


async def test_ten_pictures_in_one_message_are_ten_photos_of_one_complaint(line: Line) -> None:
    files = line.holds(1, *(jpeg(seed, (200, 150)) for seed in range(10)))
    assert await line.send(1, TOLD, *files) == 200
    await line.work()
    assert [row["text"] for row in await line.complaints()] == [TOLD]
    assert await line.world.fetchval("SELECT count(*) FROM attachment WHERE media_type = 'image/jpeg'") == 10
    assert await line.send(1, TOLD, *files) == 200
    await line.work()
    assert await line.world.fetchval("SELECT count(*) FROM attachment") == 10
    assert len(await line.complaints()) == 1


async def test_a_picture_that_cannot_be_fetched_costs_only_itself_and_its_sender_is_told(line: Line) -> None:
    good = line.holds(2, jpeg(1))
    line.api.files[_path(2, 7)] = 307, {"Location": "http://127.0.0.1:1/rahasia"}, b""
    line.api.files[_path(2, 8)] = 200, {}, b"bukan foto"
    twilio = "https://api.twilio.com"
    bad = [
        (f"{twilio}{_path(2, 7)}", "image/png"),
        (f"{twilio}{_path(2, 8)}", "image/jpeg"),
        (f"{twilio}{_path(2, 9)}", "image/jpeg"),
        (f"{line.api.url}/kirim", "image/jpeg"),
    ]
    assert await line.send(2, TOLD, *good, *bad) == 200
    await line.work()
    assert await line.media() == [("photo", "kept"), *[("photo", "refused")] * 4]
    assert len(await line.complaints()) == 1
    await line.work()
    assert sum("satu berkas yang Anda kirim" in text for text in line.api.texts()) == 1
    # Nothing was asked for but what stands at the provider's own path.
    assert {path for method, path, _ in line.api.asked if method == "GET"} == {
        _path(2, number) for number in (0, 7, 8, 9)
    }


async def test_pictures_without_words_are_kept_until_somebody_says_what_they_show(line: Line) -> None:
    await line.send(3, "", *line.holds(3, jpeg(1), jpeg(2)))
    await line.work()
    assert await line.complaints() == []
    assert await line.media() == [("photo", "heard")] * 2
    await line.send(4, TOLD)
    await line.work()
    assert [row["text"] for row in await line.complaints()] == [TOLD]
    assert await line.media() == [("photo", "kept")] * 2


async def test_what_is_no_picture_is_kept_for_a_person_to_hear(line: Line) -> None:
    line.api.files[_path(5, 0)] = 200, {}, b"OggS suara"
    await line.send(5, TOLD, (f"https://api.twilio.com{_path(5, 0)}", "audio/ogg"))
    await line.work()
    assert await line.media() == [("voice", "kept")]
    assert await line.world.fetchval("SELECT media_type FROM attachment") == "audio/ogg"


@pytest.mark.parametrize(
    ("base", "told_at"),
    [("https://lapor.example", "https://lapor.example/hooks/sms"), ("http://localhost:8000", None)],
)
async def test_every_message_says_where_twilio_tells_what_became_of_it(
    line: Line, base: str, told_at: str | None
) -> None:
    await line.send(6, TOLD)
    line.settings = replace(line.settings, base_url=base)
    await line.work()
    found = line.api.bodies[0].get("StatusCallback")
    assert (found.partition("?")[0] if found else None) == told_at


async def test_a_message_whose_sender_died_is_known_by_its_receipt_and_not_sent_again(line: Line) -> None:
    await line.send(7, TOLD)
    line.settings = replace(line.settings, base_url="https://lapor.example")
    await line.work()
    told_at = line.api.bodies[0]["StatusCallback"]
    # As it stands when the worker was killed between Twilio's answer and the note of it.
    await line.world.execute(
        "UPDATE message SET state = 'sending', provider_reference = NULL, sent_at = NULL, channel = NULL,"
        " leased_until = lapor_now() + interval '2 minutes', next_attempt_at = lapor_now() + interval '2 minutes'"
        " WHERE kind = 'acknowledgement'"
    )
    given = {"MessageSid": f"SM{7:032x}", "MessageStatus": "sent", "From": f"+{OURS}", "To": SRI}
    path = told_at.removeprefix("https://lapor.example")
    signed = RequestValidator(AUTH_TOKEN).compute_signature(
        f"{line.site.world.settings.base_url}{path}", given
    )
    headers = {"x-twilio-signature": signed, "content-type": "application/x-www-form-urlencoded"}
    assert (await line.site.post(path, content=urlencode(given), headers=headers)).status_code == 200
    await line.work()
    await line.world.advance(1 / 20)
    await line.work()
    row = (await line.world.fetch("SELECT * FROM message WHERE kind = 'acknowledgement'"))[0]
    assert (row["state"], row["provider_reference"], row["receipt"]) == ("sent", f"SM{7:032x}", "sent")
    assert len(line.api.sent) == 1
