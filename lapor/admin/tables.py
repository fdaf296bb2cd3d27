"""Sessions and failed log-ins."""

from piccolo.columns import BigSerial, Timestamptz, Varchar
from piccolo.table import Table
from piccolo_api.session_auth.tables import SessionsBase


class Session(SessionsBase, tablename="session"):
    """A log-in on one device, shared by the desk pages and the panel."""


class LoginAttempt(Table):
    """A failed log-in; enough of them lock the name for a while, never for ever."""

    id = BigSerial(primary_key=True)
    username_lookup = Varchar(length=80)
    failed_at = Timestamptz()


TABLES = [Session, LoginAttempt]
