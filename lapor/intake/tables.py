"""What came in through a channel, stored before it is read; our accounts there, and who is talking to us."""

from piccolo.columns import BigInt, BigSerial, Boolean, Bytea, Integer, Text, Timestamptz, Varchar
from piccolo.table import Table

# `left` led to nothing and may still be somebody's words; `aside` is what a person found to be none.
INBOUND_STATES = ("waiting", "read", "unreadable", "dead", "left", "aside")
MEDIA_STATES = ("heard", "waiting", "kept", "refused", "dead")


class Inbound(Table):
    """One delivery of a provider, encrypted, once per (channel, external_id)."""

    id = BigSerial(primary_key=True)
    channel = Varchar(length=12)
    account = Varchar(length=60, default="")
    external_id = Varchar(length=200)
    payload = Bytea()
    received_at = Timestamptz()
    state = Varchar(length=12, default="waiting")
    attempts = Integer(default=0)
    next_attempt_at = Timestamptz()
    complaint = BigInt(null=True, default=None)
    trouble = Varchar(length=300, null=True, default=None)


class ChannelAccount(Table):
    """Our account at a provider. `name` is the provider's own id of it; its secrets are encrypted and never shown."""

    id = BigSerial(primary_key=True)
    channel = Varchar(length=12)
    name = Varchar(length=60)
    title = Varchar(length=80, default="")
    active = Boolean(default=False)
    secrets = Bytea(default=b"")
    settings = Text(default="{}")
    last_seen_at = Timestamptz(null=True, default=None)
    # Deliveries in its name that nobody we know had signed, and when the last one came.
    refusals = Integer(default=0)
    refused_at = Timestamptz(null=True, default=None)
    # What the provider has told us to wait for, and how often in a row sending has failed.
    paused_until = Timestamptz(null=True, default=None)
    failures = Integer(default=0)
    trouble = Varchar(length=300, null=True, default=None)
    changed_by = BigInt(null=True, default=None)
    changed_at = Timestamptz()


class Dialogue(Table):
    """Who talks to us on a channel, encrypted, and what they have told us of a complaint that is not filed yet.

    `heard_at` opens the provider's window for answers; at `silent_at` what was told so far is filed, or let go.
    """

    id = BigSerial(primary_key=True)
    channel = Varchar(length=12)
    account = Varchar(length=60)
    sender_lookup = Varchar(length=80)
    sender = Bytea()
    state = Bytea(null=True, default=None)
    heard_at = Timestamptz()
    received_at = Timestamptz(null=True, default=None)
    silent_at = Timestamptz(null=True, default=None)
    # What was read of this sender in the windows that began then, of minutes and of a day, and photos without words.
    window_at = Timestamptz(null=True, default=None)
    window_count = Integer(default=0)
    day_at = Timestamptz(null=True, default=None)
    day_count = Integer(default=0)
    photo_count = Integer(default=0)


class ChannelMedia(Table):
    """A photo, voice message, video or document that a provider holds for us, until it is fetched."""

    id = BigSerial(primary_key=True)
    channel = Varchar(length=12)
    account = Varchar(length=60)
    reference = Varchar(length=200)
    kind = Varchar(length=10)
    filename = Varchar(length=120, default="")
    # Exactly one of both, once it belongs to somebody: a complaint, or a dialogue that has not led to one yet.
    dialogue = BigInt(null=True, default=None)
    complaint = BigInt(null=True, default=None)
    statement = BigInt(null=True, default=None)
    state = Varchar(length=10, default="heard")
    attempts = Integer(default=0)
    next_attempt_at = Timestamptz()
    received_at = Timestamptz()
    trouble = Varchar(length=300, null=True, default=None)


TABLES = [Inbound, ChannelAccount, Dialogue, ChannelMedia]
