"""The conversation: what a message leads to, in Indonesian, English and a little Javanese."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from lapor.complaints import tickets
from lapor.intake.conversation import MOST_QUESTIONS, after_silence, hear
from lapor.intake.dialogue import ANONYMOUS, CONFIDENTIAL, FILED, OPEN, Dialogue, Ears, Heard, Turn
from lapor.routing.places import Place, PlaceNames

TICKET = "YF0BK4RRW25"
NAMES = PlaceNames(
    [
        Place("33", "Jawa Tengah"),
        Place("33.74", "Kota Semarang"),
        Place("33.74.06", "Pedurungan"),
        Place("33.74.06.1010", "Tlogosari Kulon"),
        Place("33.74.01", "Semarang Tengah"),
    ]
)


def _ticket(text: str) -> str | None:
    try:
        return tickets.parse(text)
    except ValueError:
        return None


EARS = Ears(
    places=lambda text: NAMES.find(text).codes,
    ticket=_ticket,
)


def _talk(*messages: Heard | str) -> list[Turn]:
    dialogue: Dialogue | None = None
    turns = []
    for message in messages:
        turn = hear(dialogue, Heard(text=message) if isinstance(message, str) else message, EARS)
        turns.append(turn)
        dialogue = turn.dialogue
    return turns


def _codes(turn: Turn) -> list[str]:
    return [reply.code for reply in turn.says]


def test_a_greeting_is_greeted_and_four_questions_lead_to_a_complaint() -> None:
    turns = _talk(
        "Assalamualaikum pak", "Lampu jalan mati sudah seminggu", "RT 3 RW 5 Tlogosari Kulon", "2", "kirim"
    )
    assert [_codes(turn) for turn in turns] == [["greeting", "what"], ["where"], ["privacy"], ["summary"], []]
    filed = turns[-1]
    assert filed.act == "file"
    assert filed.dialogue is not None
    assert filed.dialogue.text == "Lampu jalan mati sudah seminggu"
    assert filed.dialogue.address == "RT 3 RW 5 Tlogosari Kulon"
    assert filed.dialogue.codes[0] == "33.74.06.1010"
    assert filed.dialogue.privacy == ANONYMOUS
    assert filed.dialogue.asked == MOST_QUESTIONS


@pytest.mark.parametrize(
    "greeting", ["kulo nuwun", "Sugeng enjing mas admin", "halo", "Good morning", "P", "tes"]
)
def test_a_greeting_in_any_of_our_languages_is_no_complaint(greeting: str) -> None:
    turn = _talk(greeting)[0]
    assert _codes(turn) == ["greeting", "what"]
    assert turn.act == ""


def test_a_message_that_says_all_is_asked_for_nothing_that_it_says() -> None:
    turns = _talk(
        Heard(text="Jalan berlubang dalam di Tlogosari Kulon, sudah dua motor jatuh", photos=2), "biasa", "ya"
    )
    assert [_codes(turn) for turn in turns] == [["privacy"], ["summary"], []]
    assert turns[-1].dialogue is not None
    assert (turns[-1].dialogue.photos, turns[-1].dialogue.privacy) == (2, OPEN)


def test_a_pin_says_where() -> None:
    turns = _talk("Pohon tumbang menutup jalan", Heard(point=(-6.98, 110.42)), "tidak ada", "3", "ya")
    assert [_codes(turn) for turn in turns] == [["where"], ["photo"], ["privacy"], ["summary"], []]
    assert turns[-1].dialogue is not None
    assert turns[-1].dialogue.point == (-6.98, 110.42)
    assert turns[-1].dialogue.privacy == CONFIDENTIAL


def test_the_summary_is_corrected_before_it_is_sent() -> None:
    turns = _talk(
        "Sampah menumpuk di Kecamatan Pedurungan",
        Heard(choice="skip"),
        "1",
        "ubah",
        Heard(choice="change_where"),
        "Pasar Johar, Semarang Tengah",
        "kirim",
    )
    assert _codes(turns[3]) == ["change"]
    assert _codes(turns[4]) == ["where"]
    assert _codes(turns[5]) == ["summary"]
    assert turns[-1].act == "file"
    assert turns[-1].dialogue is not None
    assert turns[-1].dialogue.codes[0] == "33.74.01"


def test_a_button_of_an_earlier_question_decides_nothing() -> None:
    turns = _talk(
        "Sampah menumpuk di Kecamatan Pedurungan",
        "tidak ada",
        Heard(choice="skip"),
        Heard(choice="anonymous"),
    )
    assert [_codes(turn) for turn in turns] == [["photo"], ["privacy"], ["privacy"], ["summary"]]
    assert turns[-1].dialogue is not None
    assert turns[-1].dialogue.privacy == ANONYMOUS


def test_a_pin_is_no_answer_to_how_it_shall_be_handled() -> None:
    turns = _talk(
        "Sampah menumpuk di Kecamatan Pedurungan", "tidak ada", Heard(point=(-7.0, 110.4)), "rahasia"
    )
    assert [_codes(turn) for turn in turns] == [["photo"], ["privacy"], ["privacy"], ["summary"]]
    assert turns[-1].dialogue is not None
    assert (turns[-1].dialogue.privacy, turns[-1].dialogue.point) == (CONFIDENTIAL, (-7.0, 110.4))


def test_more_words_at_the_summary_join_the_complaint() -> None:
    turns = _talk("Air keruh di Pedurungan dua hari", "tidak ada", "1", "baunya juga menyengat", "ya")
    assert _codes(turns[3]) == ["summary"]
    assert turns[-1].dialogue is not None
    assert turns[-1].dialogue.text.splitlines() == [
        "Air keruh di Pedurungan dua hari",
        "baunya juga menyengat",
    ]


def test_silence_files_what_is_enough_and_lets_go_what_is_not() -> None:
    told = _talk("halo", "Lampu jalan mati sudah seminggu")[-1].dialogue
    assert told is not None
    done = after_silence(told)
    assert (done.act, _codes(done)) == ("file", ["filed_silently"])
    assert done.dialogue is not None
    assert (done.dialogue.privacy, done.dialogue.step) == (OPEN, FILED)
    assert after_silence(done.dialogue) == Turn(None)
    greeted = _talk("halo")[-1].dialogue
    assert greeted is not None
    assert after_silence(greeted) == Turn(None)
    advertised = _talk("Promo pinjol bunga nol klik https://contoh.example sekarang")[-1].dialogue
    assert advertised is not None
    assert after_silence(advertised) == Turn(None)


def test_what_follows_a_filed_complaint_joins_it() -> None:
    filed = Dialogue(step=FILED, ticket=TICKET, text="Lampu mati di gang")
    added = hear(filed, Heard(photos=1), EARS)
    assert (added.act, added.ticket) == ("add", TICKET)
    assert _codes(hear(filed, Heard(text="terima kasih banyak pak"), EARS)) == ["welcome"]
    assert _codes(hear(filed, Heard(text="halo"), EARS)) == ["filed_before"]
    assert _codes(hear(filed, Heard(text="goblok"), EARS)) == ["calm"]
    assert hear(filed, Heard(text="lapor"), EARS).dialogue == Dialogue(step="what", asked=1)


@pytest.mark.parametrize(
    "text", [f"cek {tickets.show(TICKET)}", tickets.show(TICKET).lower(), f"status {TICKET}"]
)
def test_a_ticket_alone_asks_for_its_status(text: str) -> None:
    turn = _talk(text)[0]
    assert (turn.act, turn.ticket) == ("look", TICKET)


def test_a_message_that_names_a_ticket_is_added_and_files_no_second_complaint() -> None:
    text = f"Mengenai {tickets.show(TICKET)}, lampunya masih mati sampai hari ini"
    for before in ((), ("halo",), ("Sampah menumpuk di pasar",)):
        turn = _talk(*before, text)[-1]
        assert (turn.act, turn.ticket) == ("add", TICKET)
    answered = hear(None, Heard(text="masih mati", replies_to=TICKET), EARS)
    assert (answered.act, answered.ticket) == ("add", TICKET)


def test_status_help_and_cancel_are_understood_at_any_time() -> None:
    for before in ((), ("halo",), ("Lampu jalan mati di Pedurungan",)):
        assert _talk(*before, "status")[-1].act == "look"
        assert _codes(_talk(*before, "bantuan")[-1]) == ["help"]
    ended = _talk("Lampu jalan mati", "batal")[-1]
    assert (ended.dialogue, _codes(ended)) == (None, ["cancelled"])
    assert _codes(_talk("batal")[0]) == ["nothing_to_cancel"]


def test_insults_and_empty_messages_are_answered_politely_and_count_as_nothing() -> None:
    assert _codes(_talk("goblok")[0]) == ["calm"]
    assert _codes(_talk("...")[0]) == ["empty"]
    turn = _talk("Jalan rusak parah di Pedurungan, goblok semua pejabatnya")[0]
    assert turn.dialogue is not None
    assert turn.dialogue.text


def test_an_album_of_ten_is_asked_about_once_and_every_photo_counts() -> None:
    first = Heard(text="Jalan rusak parah sudah sebulan", photos=1)
    turns = _talk(first, *[Heard(photos=1)] * 9, "Tlogosari Kulon")
    assert [_codes(turn) for turn in turns] == [["where"], *[[]] * 9, ["privacy"]]
    assert turns[-1].dialogue is not None
    assert (turns[-1].dialogue.photos, turns[-1].dialogue.asked) == (10, 2)
    without_words = _talk(*[Heard(photos=1)] * 3)
    assert [_codes(turn) for turn in without_words] == [["what"], [], []]


@pytest.mark.parametrize("text", ["status", "cek laporan saya", "Status", "track my report"])
def test_asking_how_it_stands_is_no_complaint(text: str) -> None:
    assert hear(None, Heard(text=text), EARS).act == "look"
    assert hear(None, Heard(text="cek jalan rusak pak"), EARS).act == ""


def test_ok_agrees_to_nothing_but_the_summary() -> None:
    turns = _talk("Sampah menumpuk di Kecamatan Pedurungan", "tidak ada", "ok", "1", "ok")
    assert [_codes(turn) for turn in turns] == [["photo"], ["privacy"], ["privacy"], ["summary"], []]
    assert turns[-1].act == "file"


def test_a_voice_message_is_kept_for_a_person_to_listen_to() -> None:
    turn = _talk(Heard(unheard="voice"))[0]
    assert turn.dialogue is not None
    assert turn.dialogue.enough
    assert _codes(turn) == ["where"]


def test_an_emergency_is_told_the_numbers_before_anything_else() -> None:
    assert _codes(_talk("Ada kebakaran di Pedurungan")[0])[0] == "emergency"


def test_english_is_answered_in_english_and_stays_so() -> None:
    turns = _talk("Hello, the street light is broken", "Tlogosari Kulon")
    assert [turn.dialogue.language for turn in turns if turn.dialogue] == ["en", "en"]


_MESSAGES = some.builds(
    Heard,
    text=some.one_of(
        some.text(max_size=60),
        some.sampled_from(
            [
                "halo",
                "ya",
                "ubah",
                "1",
                "2",
                "tidak ada",
                "Lampu mati di Pedurungan",
                "batal",
                "lapor",
                "goblok",
                TICKET,
            ]
        ),
    ),
    choice=some.sampled_from(["", "", "", "send", "change", "change_what", "change_where", "skip", "open"]),
    photos=some.integers(0, 2),
    point=some.sampled_from([None, (-6.9, 110.4)]),
)


@given(some.lists(_MESSAGES, max_size=12))
def test_whatever_is_written_no_more_than_four_questions_are_asked_and_nothing_is_forgotten(
    messages: list[Heard],
) -> None:
    dialogue: Dialogue | None = None
    for message in messages:
        before = dialogue
        turn = hear(dialogue, message, EARS)
        dialogue = turn.dialogue
        if dialogue:
            assert dialogue.asked <= MOST_QUESTIONS
        if turn.act == "file":
            assert dialogue is not None
            assert dialogue.text
            assert dialogue.privacy
        elif before and dialogue and before.step != FILED and dialogue.step == before.step:
            assert dialogue.photos >= before.photos
