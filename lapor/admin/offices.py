"""Officers: the offices that somebody holds, and what each role opens to them."""

from __future__ import annotations

from dataclasses import dataclass

from lapor.locales import say
from lapor.settings import Settings

DESK_ROLES = frozenset({"coordinator", "agency_head", "checker", "liaison", "staff", "inspector", "sekda"})
LEADER_ROLES = frozenset({"head_of_region", "deputy_head", "sekda", "leadership_staff", "inspector"})
WATCHING_ROLES = frozenset({"administrator", "coordinator"})
INSTRUCTORS = frozenset({"head_of_region", "deputy_head", "sekda", "leadership_staff"})
ARBITER_ROLES = frozenset({"sekda", "head_of_region"})
REGISTER_ROLES = frozenset({"administrator", "coordinator", "agency_admin"})
PREVIEW_ROLES = frozenset({"administrator", "coordinator"})
OPERATOR_ROLES = frozenset({"operator", "coordinator"})
SCREEN_MAKERS = frozenset({"administrator", "leadership_staff"})
# They see identities, change rules, let people in, or act as or for the head: their password alone opens nothing.
# Others may choose a code too.
CODE_ROLES = frozenset(
    {"administrator", "agency_admin", "coordinator", "inspector"}
    | {"head_of_region", "deputy_head", "leadership_staff", "sekda"}
)

QUEUE = "/meja"
ESCALATIONS = "/pimpinan/eskalasi"
INSTRUCTIONS = "/pimpinan/instruksi"
ARBITER = "/pimpinan/arbiter"
REGIONS_BELOW = "/pimpinan/daerah"
EXPLANATIONS = "/pimpinan/penjelasan"
SCREENS = "/pimpinan/layar"
CHANNELS = "/kanal"
DELIVERIES = "/kiriman"
LETTERS = "/pimpinan/surat"
INSPECTORATE = "/inspektorat"
COUNTER = "/loket"
FIGURES = "/angka"
PANEL = "/admin/"
PREVIEW = "/meja/kebijakan"
REGISTERS = "/meja/daftar"
PASSWORD = "/sandi"  # noqa: S105 (an address)
NOTICES = "/pemberitahuan"
ACCOUNT = "/akun"
AUTHENTICATOR = "/akun/autentikator"
SESSION = "/akun/sesi"
LOGIN = "/masuk"


@dataclass(frozen=True)
class Held:
    """An office that somebody holds now."""

    office: int
    title: str
    role: str
    agency: int
    agency_name: str
    region: int
    timezone: str
    named_desk: bool


@dataclass(frozen=True)
class Link:
    """An entry of the officer's menu."""

    href: str
    text: str


@dataclass(frozen=True)
class Officer:
    """A person who is logged in, with the offices they hold at this moment."""

    id: int
    username: str
    full_name: str
    must_change_password: bool
    offices: tuple[Held, ...]
    # What administrators and coordinators have to see to, in sentences.
    alarms: tuple[str, ...] = ()
    # How many messages and deliveries wait for one of them.
    deliveries: int = 0
    session: int = 0
    shared: bool = False
    idle_seconds: int = 0
    authenticator: bool = False
    # A first step stands before everything else, so that the menu leads nowhere.
    confined: bool = False

    @property
    def roles(self) -> frozenset[str]:
        """The roles of all offices held."""
        return frozenset(office.role for office in self.offices)

    @property
    def agencies(self) -> frozenset[int]:
        """The agencies in which an office is held."""
        return frozenset(office.agency for office in self.offices)

    @property
    def timezone(self) -> str:
        """The zone in which this officer works."""
        return self.offices[0].timezone if self.offices else "Asia/Jakarta"

    # What the frame of a page shows of its viewer.

    @property
    def name(self) -> str:
        """How the officer is called on screen."""
        return self.full_name or self.username

    @property
    def role_name(self) -> str:
        """The office under which the officer works, the first of several."""
        return self.offices[0].title if self.offices else ""

    @property
    def home(self) -> str:
        """Where this officer's work is."""
        return self._open_to()[0].href

    @property
    def links(self) -> tuple[Link, ...]:
        """The menu: what these offices open, the main work first."""
        return () if self.confined else self._open_to()

    def link_at(self, path: str) -> Link | None:
        """Return the entry of the menu under which a page stands, whatever it is asked; none for a page apart."""
        page = f"{path.partition('?')[0]}/"
        above = [link for link in self.links if page.startswith(f"{link.href.rstrip('/')}/")]
        return max(above, key=lambda link: len(link.href), default=None)

    def first_step(self, settings: Settings) -> str:
        """Return the address that comes before everything else, or nothing."""
        if self.must_change_password:
            return PASSWORD
        coded = settings.two_factor == "required" and self.roles & CODE_ROLES
        return AUTHENTICATOR if coded and not self.authenticator else ""

    def _waiting(self, text: str) -> str:
        return f"{text} ({self.deliveries})" if self.deliveries else text

    def _open_to(self) -> tuple[Link, ...]:
        leading = self.roles & LEADER_ROLES
        entries = [
            (leading, ESCALATIONS, say("Eskalasi")),
            (leading, INSTRUCTIONS, say("Instruksi")),
            (self.roles & ARBITER_ROLES, ARBITER, say("Menunggu putusan")),
            (leading, LETTERS, say("Surat mingguan")),
            (self.roles & {"inspector"}, INSPECTORATE, say("Inspektorat")),
            (self.roles & DESK_ROLES, QUEUE, say("Antrean saya")),
            (self.roles & OPERATOR_ROLES, COUNTER, say("Loket")),
            (self.roles, FIGURES, say("Angka")),
            (self.roles, PANEL, say("Panel data")),
            (self.roles & PREVIEW_ROLES, PREVIEW, say("Uji tenggat")),
            (self.roles & PREVIEW_ROLES, REGISTERS, say("Data induk")),
            (self.roles & SCREEN_MAKERS, SCREENS, say("Layar")),
            (self.roles & {"administrator"}, CHANNELS, say("Kanal")),
            (self.roles & WATCHING_ROLES, DELIVERIES, self._waiting(say("Kiriman"))),
            (self.roles, NOTICES, say("Pemberitahuan")),
            (True, ACCOUNT, say("Akun saya")),
        ]
        return tuple(Link(href, text) for open_to, href, text in entries if open_to)
