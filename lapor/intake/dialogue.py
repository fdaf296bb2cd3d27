"""What is said to and fro: a message as we heard it, what somebody has told us so far, what we say, and what it leads to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from lapor.intake import phrases

LEAST_WORDS = 3

WHAT, WHERE, PHOTO, PRIVACY, SUMMARY, FILED = "what", "where", "photo", "privacy", "summary", "filed"
OPEN, ANONYMOUS, CONFIDENTIAL = "open", "anonymous", "confidential"
# What stands for words that nobody has written: a person listens, or looks.
UNHEARD: Final = {
    "voice": "(pesan suara, belum didengarkan)",
    "video": "(video, belum dilihat)",
    "document": "(dokumen, belum dibaca)",
}
# What a contact begins with that somebody handed on.
CARD: Final = "Kontak: "


@dataclass(frozen=True)
class Heard:
    """One message as a channel has parsed it."""

    text: str = ""
    # The code of a button or list row that was pressed.
    choice: str = ""
    photos: int = 0
    # Latitude and longitude of a pin.
    point: tuple[float, float] | None = None
    # A voice message, video or document, kept for a person: a key of UNHEARD.
    unheard: str = ""
    # The ticket of the complaint to which the message replies in the channel's own way.
    replies_to: str = ""
    # The name and address that the provider knows of a pinned place.
    place: str = ""
    # Photos that were sent together come as messages of their own, with the same mark.
    album: str = ""
    # Whether it is what an earlier message says now: an addition, never the answer to a question.
    edited: bool = False
    # Whether the text is a contact: it tells whom to ask, never what was asked.
    card: bool = False
    # A picture of a feeling, which tells nothing.
    sticker: bool = False


@dataclass(frozen=True)
class Dialogue:
    """What somebody has told us so far, and what we asked last."""

    language: str = "id"
    step: str = ""
    asked: int = 0
    text: str = ""
    codes: tuple[str, ...] = ()
    address: str = ""
    point: tuple[float, float] | None = None
    photos: int = 0
    privacy: str = ""
    ticket: str = ""
    # Where the photos go that come with the one that was added last.
    album: str = ""
    statement: int | None = None
    # Whether a sticker has been answered.
    sticker: bool = False

    @property
    def located(self) -> bool:
        """Whether we know where it is."""
        return bool(self.codes or self.address or self.point)

    @property
    def story(self) -> str:
        """The words without the contacts among them."""
        return "\n".join(line for line in self.text.split("\n") if not line.startswith(CARD)).strip()

    @property
    def enough(self) -> bool:
        """Whether it can be filed as it is: words that say something, and do not sell anything."""
        said = len(self.story.split()) >= LEAST_WORDS or self.story in UNHEARD.values()
        return said and not phrases.sells(self.text)


@dataclass(frozen=True)
class Reply:
    """Something we say: a code of `conversation_words`, and the buttons beneath it."""

    code: str
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Turn:
    """What a message leads to.

    `act` is one of "", "file", "add", "join" (photos of the album that was added last), "look" (`ticket` may be empty:
    all that this sender filed). After "file" the caller keeps the dialogue at step FILED, so that what follows joins
    the same complaint. What belongs to a dialogue that ends in None is let go.
    """

    dialogue: Dialogue | None
    says: tuple[Reply, ...] = ()
    act: str = ""
    ticket: str = ""
    language: str = "id"


@dataclass(frozen=True)
class Ears:
    """What helps to understand: the codes of the places that a text names, smallest first, and the ticket in it."""

    places: Callable[[str], tuple[str, ...]]
    ticket: Callable[[str], str | None]
