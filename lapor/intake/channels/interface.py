"""What a channel is: it hears (accepts what is delivered), it speaks (sends, within its reply window), or both."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Protocol

from lapor.channel_accounts import Account
from lapor.complaints.filing import Filing
from lapor.intake.channels.rates import Rates
from lapor.settings import Settings

# Before the account of a delivery that comes from a machine: its complaint has no reporter.
SENSOR: Final = "sensor:"


class Unverified(Exception):
    """A delivery that nobody we know has signed: 401, and nothing of it is stored."""


class Unreadable(Exception):
    """A genuine delivery that holds no complaint; the message says why, without repeating what was sent."""


class Undelivered(Exception):
    """A message that did not leave; the reason holds neither address nor content.

    `for_good` says that the same attempt would fail again. `wait` is how long the provider wants to be left alone by
    this account, whatever the message; a `broken` account sends nothing until somebody has mended it. An `unwanted`
    message is one that its addressee has asked us not to send: nobody can mend that.
    """

    def __init__(
        self,
        reason: str,
        *,
        for_good: bool = False,
        wait: timedelta | None = None,
        broken: bool = False,
        unwanted: bool = False,
        code: int = 0,
    ) -> None:
        super().__init__(reason)
        self.for_good = for_good
        self.wait = wait
        self.broken = broken
        self.unwanted = unwanted
        self.code = code


@dataclass(frozen=True)
class Keys:
    """What a delivery can be checked with: the settings, and the accounts of the channel that are switched on."""

    settings: Settings
    accounts: Sequence[Account] = ()


@dataclass(frozen=True)
class Posted:
    """A delivery as it came. `address` is the path with its query under which we were reached."""

    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    address: str = ""


@dataclass(frozen=True)
class Part:
    """One thing in a delivery, stored as one row: a message, a receipt.

    `key` is the provider's own id of it, which makes repeats harmless; `payload` is all that its reader is given.
    """

    account: str
    key: str
    payload: bytes = field(repr=False)


@dataclass(frozen=True)
class Delivered:
    """A stored part, as its reader is given it."""

    id: int
    channel: str
    account: str
    key: str
    received_at: datetime
    payload: bytes = field(repr=False)


@dataclass(frozen=True)
class Read:
    """What became of a part: the complaint that it led to or belongs to, and what a person should know.

    What was `left` led to nothing, and may be somebody's words all the same: a person can look at it. What is read
    `later` has not been read: it is given to its reader again then.
    """

    complaint: int | None = None
    note: str = ""
    left: bool = False
    later: datetime | None = None


@dataclass(frozen=True)
class Received:
    """One complaint found in a delivery, with the sender's id of its reporter (empty: not given)."""

    filing: Filing
    reporter: str = ""


@dataclass(frozen=True)
class Below:
    """The comment that a letter answers: `public` for everybody to read, else to its writer alone."""

    comment: str
    public: bool
    instagram: bool


@dataclass(frozen=True)
class Chat:
    """What a message in a conversation has besides: our account, buttons, and when its addressee was last heard.

    `link` is what a letter leads to; a conversation's own words lead nowhere. An answer to a comment has `below`.
    """

    account: str
    heard_at: datetime | None = None
    choices: tuple[tuple[str, str], ...] = ()
    language: str = "id"
    link: str = ""
    below: Below | None = None


@dataclass(frozen=True)
class Outgoing:
    """A message ready to leave. The same `key` means the same message, however often it is sent."""

    key: str
    kind: str
    ticket: str
    office: str
    addresses: tuple[str, ...]
    subject: str
    body: str
    at: datetime
    chat: Chat | None = None
    # By mail: where answers go, if anywhere, and the id of the mail that this one answers.
    reply_to: str = ""
    answers: str = ""


class Hears(Protocol):
    """A channel through which something is delivered to an address of ours."""

    name: str
    # Whether its secrets stand in `channel_account`; a channel whose secrets are settings needs none.
    has_accounts: bool

    def challenge(self, query: Mapping[str, str], keys: Keys) -> str | None:
        """Return the answer to a provider's question whether this address is ours; None when it is not, or unasked."""
        ...

    def accept(self, posted: Posted, keys: Keys) -> list[Part]:
        """Return the parts of a delivery; raises Unverified, also when no secret is set.

        A genuine delivery that cannot be taken apart is one part: its reader finds it Unreadable, and it is seen.
        """
        ...


class Reads(Protocol):
    """What reads the stored parts of a channel, one after the other, each in a transaction of the worker."""

    async def __call__(self, delivered: Delivered) -> Read:
        """Do what the part asks for; raises Unreadable, or Refused with what is wrong about its complaint."""
        ...


class Speaks(Protocol):
    """A channel through which messages leave."""

    name: str
    # How long after the reporter's last message the channel may still be used; None means always.
    reply_window: timedelta | None
    # How fast its provider lets us send.
    rates: Rates

    async def send(self, message: Outgoing) -> str:
        """Hand the message over and return the provider's reference; raises Undelivered."""
        ...

    async def close(self) -> None:
        """Give back whatever connections are open."""
        ...
