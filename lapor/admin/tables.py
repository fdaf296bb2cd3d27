"""Sessions, what guards a log-in, and what happened to it."""

from piccolo.columns import BigInt, BigSerial, Boolean, Bytea, Integer, Timestamptz, Varchar
from piccolo.table import Table
from piccolo_api.session_auth.tables import SessionsBase


class Session(SessionsBase, tablename="session"):
    """A log-in on one device, shared by the desk pages and the panel.

    It ends unused at `expiry_date`, in any case at `max_expiry_date`. At stage `code` the password was right and the
    code of the authenticator is still asked for: such a session opens nothing else.
    """

    stage = Varchar(length=8, default="full")
    opened_at = Timestamptz(null=True, default=None)
    used_at = Timestamptz(null=True, default=None)
    idle_minutes = Integer(default=480)
    shared = Boolean(default=False)
    device = Varchar(length=40, default="")
    network = Varchar(length=45, default="")


class LoginAttempt(Table):
    """A failed log-in; enough of them lock the name for a while, never for ever."""

    id = BigSerial(primary_key=True)
    username_lookup = Varchar(length=80)
    failed_at = Timestamptz()


class ListLink(Table):
    """A short-lived link from a notice that opens the escalation list without a log-in, and nothing confidential."""

    id = BigSerial(primary_key=True)
    token_hash = Varchar(length=64, unique=True)
    person = BigInt()
    made_at = Timestamptz()
    expires_at = Timestamptz()


class SecondFactor(Table):
    """The authenticator of a person. Unconfirmed, it is what the set-up page of one session shows."""

    id = BigSerial(primary_key=True)
    person = BigInt(unique=True)
    secret = Bytea()
    made_at = Timestamptz()
    session = BigInt(null=True, default=None)
    confirmed_at = Timestamptz(null=True, default=None)
    last_step = BigInt(default=0)


class RecoveryCode(Table):
    """One code that stands in for the authenticator, once; only its HMAC is stored."""

    id = BigSerial(primary_key=True)
    person = BigInt()
    lookup = Varchar(length=80)
    used_at = Timestamptz(null=True, default=None)


class PasswordReset(Table):
    """A link that sets a new password, once and not for long. By mail it gets its token as the letter is written."""

    id = BigSerial(primary_key=True)
    person = BigInt()
    made_at = Timestamptz()
    token_hash = Varchar(length=64, null=True, default=None)
    expires_at = Timestamptz(null=True, default=None)


class LoginEvent(Table):
    """What happened to somebody's log-in, for the person and the administrators; `by_person` when another did it."""

    id = BigSerial(primary_key=True)
    person = BigInt()
    kind = Varchar(length=24)
    at = Timestamptz()
    by_person = BigInt(null=True, default=None)
    device = Varchar(length=40, default="")
    network = Varchar(length=45, default="")


TABLES = [Session, LoginAttempt, ListLink, SecondFactor, RecoveryCode, PasswordReset, LoginEvent]
