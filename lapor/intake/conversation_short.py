"""The conversation as it is by SMS: whoever writes one message has filed; at most one thing is asked."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from lapor.intake import phrases
from lapor.intake.dialogue import ANONYMOUS, CONFIDENTIAL, FILED, OPEN, WHAT, WHERE, Dialogue, Turn

# Written before everything else, because nobody is asked.
_MARKS: Final = {"anonim": ANONYMOUS, "anonymous": ANONYMOUS, "rahasia": CONFIDENTIAL}


def brief(turn: Turn) -> Turn:
    """Return what a turn of the longer conversation becomes: filed at once when there is enough.

    It asks what has happened, or where it is, and the other never after the one. An advertisement is not answered.
    """
    dialogue = turn.dialogue
    if turn.act or dialogue is None or dialogue.step in ("", FILED) or not dialogue.text:
        return turn
    told = _marked(dialogue)
    urgent = tuple(reply for reply in turn.says if reply.code == "emergency")
    if phrases.sells(told.text):
        return Turn(told, language=turn.language)
    if told.located or (told.enough and told.asked > 1):
        filed = replace(told, privacy=told.privacy or OPEN, step=FILED)
        return Turn(filed, urgent, act="file", language=turn.language)
    if told.step in (WHAT, WHERE):
        return replace(turn, dialogue=told)
    return Turn(told, urgent, language=turn.language)


def _marked(dialogue: Dialogue) -> Dialogue:
    first, _, rest = dialogue.text.partition(" ")
    privacy = _MARKS.get(first.strip(".,:;!-").lower(), "")
    return replace(dialogue, text=rest.strip(), privacy=privacy) if privacy and rest.strip() else dialogue
