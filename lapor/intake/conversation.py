"""What comes next when somebody writes to us on a channel: a pure function over (dialogue, message).

It asks for what is missing, at most four questions, and never asks before it has looked whether the message already
says it. It knows no database, no channel and no clock: `hear` answers a message, `after_silence` answers nothing.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from lapor.intake import phrases
from lapor.intake.dialogue import (
    ANONYMOUS,
    CONFIDENTIAL,
    FILED,
    OPEN,
    PHOTO,
    PRIVACY,
    SUMMARY,
    UNHEARD,
    WHAT,
    WHERE,
    Dialogue,
    Ears,
    Heard,
    Reply,
    Turn,
)
from lapor.routing.words import spelled

MOST_QUESTIONS = 4
LONGEST = 10_000
# The crossing of letters and digits, with or without dashes, that a ticket could be; the check character decides.
_TICKET = re.compile(r"\b[0-9A-Za-z]{5}[- ]?[0-9A-Za-z]{5}[- ]?[0-9A-Za-z]\b")


def hear(dialogue: Dialogue | None, heard: Heard, ears: Ears) -> Turn:
    """Return what this message leads to."""
    language = phrases.language_of("" if heard.card else heard.text, dialogue.language if dialogue else "")
    dialogue = replace(dialogue, language=language) if dialogue else None
    if heard.sticker:
        turn = _stuck(dialogue)
    elif heard.card:
        turn = _handed(dialogue or Dialogue(language=language), heard)
    else:
        turn = _heard(dialogue, heard, ears, language)
    return replace(turn, language=language)


def _heard(dialogue: Dialogue | None, heard: Heard, ears: Ears, language: str) -> Turn:
    words = spelled(heard.text).split()
    if dialogue and heard.album and heard.album == dialogue.album and dialogue.step == FILED:
        return Turn(dialogue, act="join", ticket=dialogue.ticket)
    if turn := _commanded(dialogue, heard, words, ears, language):
        return turn
    if turn := _empty(dialogue, heard, words, language):
        return turn
    if dialogue and dialogue.step == FILED:
        return Turn(dialogue, (Reply("added"),), act="add", ticket=dialogue.ticket)
    if heard.edited:
        return _edited(dialogue, heard)
    if dialogue and _outdated(dialogue, heard):
        return Turn(dialogue, (_question(dialogue, dialogue.step),))
    if dialogue and _one_more_photo(dialogue, heard):
        # An album comes one by one: what was asked stands already, and is not asked ten times.
        return Turn(replace(dialogue, photos=dialogue.photos + heard.photos))
    if dialogue and _beside_the_point(dialogue, heard):
        return Turn(
            replace(dialogue, point=heard.point or dialogue.point), (_question(dialogue, dialogue.step),)
        )
    told = _understood(dialogue or Dialogue(language=language), heard, ears)
    turn = told if isinstance(told, Turn) else _next(told)
    if phrases.emergency(words):
        turn = replace(turn, says=(Reply("emergency"), *turn.says))
    return turn


def after_silence(dialogue: Dialogue) -> Turn:
    """Return what is done with a dialogue that nobody went on with: filed when there is enough, else let go."""
    if dialogue.step == FILED or not dialogue.enough:
        return Turn(None)
    filed = replace(dialogue, privacy=dialogue.privacy or OPEN, step=FILED)
    return Turn(filed, (Reply("filed_silently"),), act="file", language=dialogue.language)


def _commanded(
    dialogue: Dialogue | None, heard: Heard, words: list[str], ears: Ears, language: str
) -> Turn | None:
    """What is understood at any time: a ticket, a reply to one of our messages, help, cancelling, beginning anew."""
    command = heard.choice or phrases.command(words)
    found = next(filter(None, map(ears.ticket, _TICKET.findall(heard.text))), None)
    if command == "look" or (found and len(words) <= 4):
        return Turn(dialogue, act="look", ticket=found or "")
    if heard.replies_to and not found and phrases.thanks(words):
        return Turn(dialogue, (Reply("welcome"),))
    if found or heard.replies_to:
        return Turn(dialogue, (Reply("added"),), act="add", ticket=found or heard.replies_to)
    if command == "help":
        return Turn(dialogue, (Reply("help"),))
    if command == "cancel":
        going = dialogue is not None and dialogue.step != FILED
        return Turn(None, (Reply("cancelled" if going else "nothing_to_cancel"),))
    if command == "new":
        return _next(Dialogue(language=language))
    return None


def _outdated(dialogue: Dialogue, heard: Heard) -> bool:
    """Whether a button was pressed that stands under an earlier question; it must not decide a later one."""
    known = _CHOICES.get(dialogue.step, ()) + (_CHANGES if dialogue.step == SUMMARY else ())
    return bool(heard.choice) and not heard.text.strip() and heard.choice not in known


def _edited(dialogue: Dialogue | None, heard: Heard) -> Turn:
    """What was written anew joins what was told, and the question that stands is asked again."""
    if dialogue is None:
        # Whatever it once was is over: nothing is begun with it.
        return Turn(None, (Reply("help"),))
    told = replace(dialogue, text=_joined(dialogue.text, heard.text.strip()))
    return Turn(told, (_question(told, told.step),))


def _stuck(dialogue: Dialogue | None) -> Turn:
    """A sticker is answered where a question stands, and once only."""
    if dialogue is None or dialogue.step == FILED or dialogue.sticker:
        return Turn(dialogue)
    return Turn(replace(dialogue, sticker=True), (Reply("sticker"),))


def _handed(dialogue: Dialogue, heard: Heard) -> Turn:
    """A contact joins what was told, and answers no question; who asks about a complaint finds it there."""
    if ticket := heard.replies_to or (dialogue.ticket if dialogue.step == FILED else ""):
        return Turn(dialogue, (Reply("added"),), act="add", ticket=ticket)
    told = replace(dialogue, text=_joined(dialogue.text, heard.text.strip()))
    return Turn(told, (_question(told, told.step),)) if told.step else _ask(told, WHAT)


def _one_more_photo(dialogue: Dialogue, heard: Heard) -> bool:
    """Whether a message is nothing but photos, and something else was asked."""
    alone = not (heard.text.strip() or heard.choice or heard.point or heard.unheard)
    return bool(heard.photos) and alone and dialogue.step not in ("", PHOTO)


def _beside_the_point(dialogue: Dialogue, heard: Heard) -> bool:
    """Whether a pin or a voice message came where only words or a button can answer; it must not decide."""
    wordless = not (heard.text.strip() or heard.choice or heard.photos)
    return dialogue.step == PRIVACY and wordless


def _empty(dialogue: Dialogue | None, heard: Heard, words: list[str], language: str) -> Turn | None:
    """A message that tells nothing: it is answered politely, and counts as nothing."""
    if heard.choice or heard.photos or heard.point or heard.unheard:
        return None
    if not words:
        return Turn(dialogue, (Reply("empty"),))
    if phrases.abuse(words):
        return Turn(dialogue, (Reply("calm"),))
    if phrases.thanks(words) and (dialogue is None or dialogue.step == FILED):
        return Turn(dialogue, (Reply("welcome"),))
    if phrases.thanks(words) and dialogue and dialogue.step != SUMMARY:
        # "Ok" agrees to nothing that was asked here.
        return Turn(dialogue, (_question(dialogue, dialogue.step),))
    if phrases.greeting(words):
        if dialogue is None:
            return _ask(Dialogue(language=language), WHAT, greeting=True)
        if dialogue.step == FILED:
            return Turn(dialogue, (Reply("filed_before"),))
        return Turn(dialogue, (_question(dialogue, dialogue.step),))
    return None


def _understood(dialogue: Dialogue, heard: Heard, ears: Ears) -> Dialogue | Turn:
    """The dialogue with what this message tells; a turn when that is all."""
    told = replace(dialogue, photos=dialogue.photos + heard.photos, point=heard.point or dialogue.point)
    if heard.place:
        place = _joined(told.address, heard.place)[:300]
        told = replace(told, address=place, codes=told.codes or ears.places(heard.place))
    text = heard.text.strip()
    if heard.unheard and not text and not told.story:
        return replace(told, text=_joined(told.text, UNHEARD[heard.unheard]))
    if dialogue.step == SUMMARY:
        return _decided(told, heard, text, ears)
    if dialogue.step == PRIVACY and (choice := phrases.privacy(heard.choice, spelled(text).split())):
        return replace(told, privacy=choice)
    if dialogue.step == PHOTO and (heard.choice == "skip" or phrases.no(spelled(text).split())):
        return told
    if dialogue.step == WHERE and text:
        return replace(told, address=_joined(told.address, text)[:300], codes=ears.places(text) or told.codes)
    if text:
        told = replace(told, text=_joined(told.text, text), codes=told.codes or ears.places(text))
    return told


def _decided(told: Dialogue, heard: Heard, text: str, ears: Ears) -> Dialogue | Turn:
    """The answer to the summary: send it, change something, or more words that belong to it."""
    words = spelled(text).split()
    choice = heard.choice or phrases.decision(words)
    if choice == "send":
        return Turn(replace(told, step=FILED), act="file")
    if choice == "change":
        return Turn(told, (Reply("change", _CHANGES),))
    if choice == "change_what":
        return _asking_again(replace(told, text=""), WHAT)
    if choice == "change_where":
        return _asking_again(replace(told, codes=(), address="", point=None), WHERE)
    if choice == "change_privacy":
        return _asking_again(replace(told, privacy=""), PRIVACY)
    if text:
        return replace(told, text=_joined(told.text, text), codes=told.codes or ears.places(text))
    return told


def _next(dialogue: Dialogue) -> Turn:
    """Ask for the next thing that is missing; with nothing missing, or no question left, go on to the end."""
    if not dialogue.story:
        return _ask(dialogue, WHAT)
    left = MOST_QUESTIONS - dialogue.asked
    if not dialogue.located and left > 0 and dialogue.step != WHERE:
        return _ask(dialogue, WHERE)
    # A photo is asked for only when a question is left after privacy and summary.
    if not dialogue.photos and left > 2 and dialogue.step in ("", WHAT, WHERE):
        return _ask(dialogue, PHOTO)
    if not dialogue.privacy and left > 0 and dialogue.step != PRIVACY:
        return _ask(dialogue, PRIVACY)
    complete = replace(dialogue, privacy=dialogue.privacy or OPEN)
    if left > 0 or dialogue.step == SUMMARY:
        return _ask(complete, SUMMARY)
    return Turn(replace(complete, step=FILED), act="file")


def _ask(dialogue: Dialogue, step: str, *, greeting: bool = False) -> Turn:
    # The summary that is shown once more after an addition is no new question.
    again = dialogue.step == step
    asked = replace(dialogue, step=step, asked=dialogue.asked + (0 if again else 1))
    said = _question(asked, step)
    return Turn(asked, (Reply("greeting"), said) if greeting else (said,))


def _asking_again(dialogue: Dialogue, step: str) -> Turn:
    """A question that the resident wished for counts none of ours."""
    asked = replace(dialogue, step=step)
    return Turn(asked, (_question(asked, step),))


_CHANGES: Final = ("change_what", "change_where", "change_privacy")
_CHOICES: Final[dict[str, tuple[str, ...]]] = {
    PHOTO: ("skip",),
    PRIVACY: (OPEN, ANONYMOUS, CONFIDENTIAL),
    SUMMARY: ("send", "change"),
}


def _question(dialogue: Dialogue, step: str) -> Reply:
    return Reply(step, _CHOICES.get(step, ()))


def _joined(before: str, more: str) -> str:
    return f"{before}\n{more}".strip()[:LONGEST]
