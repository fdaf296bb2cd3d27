"""The directory: regions, agencies, offices and who holds them, categories, rules."""

from typing import Any

from piccolo.apps.user.tables import BaseUser
from piccolo.columns import (
    Array,
    BigInt,
    BigSerial,
    Boolean,
    ForeignKey,
    Integer,
    Text,
    Time,
    Timestamptz,
    Varchar,
)
from piccolo.columns.base import OnDelete
from piccolo.table import Table

REGION_KINDS = ("province", "regency", "city", "district", "village", "urban_village")
AGENCY_KINDS = (
    "dinas",
    "badan",
    "bagian",
    "kecamatan",
    "kelurahan",
    "desa",
    "rsud",
    "bumd",
    "inspektorat",
    "sekretariat",
    "pimpinan",
)
OFFICE_ROLES = (
    "head_of_region",
    "deputy_head",
    "sekda",
    "leadership_staff",
    "inspector",
    "coordinator",
    "operator",
    "administrator",
    "agency_head",
    "checker",
    "liaison",
    "staff",
    "agency_admin",
)
APPOINTMENT_KINDS = ("definitive", "plt", "plh", "pj", "pjs")
COMPLAINT_TYPES = ("complaint", "aspiration", "information", "service")
COMPLETION_CLASSES = ("information", "aspiration", "service", "complaint", "examination")
PUBLISH_RULES = ("never", "officer", "automatic")
QUESTION_KINDS = ("text", "choice", "yes_no")


class Deployment(Table):
    """One row: what this database is. A simulation has a clock that can be set; a live database has not."""

    id = BigSerial(primary_key=True)
    simulation = Boolean(default=False)
    clock_offset_seconds = BigInt(default=0)
    default_region = Varchar(length=13, default="")
    register_version = BigInt(default=1)


class Region(Table):
    """Province → regency or city → district → village, by Kemendagri code."""

    id = BigSerial(primary_key=True)
    code = Varchar(length=13, unique=True)
    name = Varchar(length=120)
    kind = Varchar(length=16)
    parent: ForeignKey[Any] = ForeignKey("self", null=True, default=None, on_delete=OnDelete.restrict)
    timezone = Varchar(length=40, default="Asia/Jakarta")
    live_from = Timestamptz(null=True, default=None)


class RegionOutline(Table):
    """Where a region lies, for a map: well-known text, simplified."""

    id = BigSerial(primary_key=True)
    region = BigInt(unique=True)
    outline = Text()


class Agency(Table):
    """Whoever can be responsible for a complaint."""

    id = BigSerial(primary_key=True)
    code = Varchar(length=40, unique=True)
    name = Varchar(length=160)
    short_name = Varchar(length=40)
    kind = Varchar(length=16)
    region = ForeignKey(Region, on_delete=OnDelete.restrict)
    parent: ForeignKey[Any] = ForeignKey("self", null=True, default=None, on_delete=OnDelete.restrict)
    place = ForeignKey(Region, null=True, default=None, on_delete=OnDelete.restrict)
    coordinating = Boolean(default=False)
    email = Varchar(length=160, default="")
    phone = Varchar(length=40, default="")
    live_from = Timestamptz(null=True, default=None)
    active = Boolean(default=True)
    answers_need_approval = Boolean(default=False)


class OutsideBody(Table):
    """A body outside this deployment: a complaint can be referred to it, and is tracked there."""

    id = BigSerial(primary_key=True)
    code = Varchar(length=40, unique=True)
    name = Varchar(length=160)
    phone = Varchar(length=40, default="")
    email = Varchar(length=160, default="")
    active = Boolean(default=True)


class Person(BaseUser, tablename="person"):
    """Somebody who can log in; what they may do follows from the offices they hold."""

    full_name = Varchar(length=160, default="")
    phone = Varchar(length=40, default="")
    must_change_password = Boolean(default=False)
    notice_channels = Array(base_column=Varchar(), default=list)
    quiet_from = Time(null=True, default=None)
    quiet_until = Time(null=True, default=None)

    _min_password_length = 12


class Office(Table):
    """A position in an agency; its holder changes with dates."""

    id = BigSerial(primary_key=True)
    code = Varchar(length=60, unique=True)
    agency = ForeignKey(Agency, on_delete=OnDelete.restrict)
    title = Varchar(length=160)
    role = Varchar(length=20)
    named_desk = Boolean(default=False)
    active = Boolean(default=True)


class Appointment(Table):
    """Who holds an office from when until when, definitively or acting (Plt, Plh, Pj, Pjs)."""

    id = BigSerial(primary_key=True)
    office = ForeignKey(Office, on_delete=OnDelete.restrict)
    person = ForeignKey(Person, on_delete=OnDelete.restrict)
    kind = Varchar(length=12, default="definitive")
    starts_at = Timestamptz()
    ends_at = Timestamptz(null=True, default=None)


class Category(Table):
    """What a complaint is about, in residents' words."""

    id = BigSerial(primary_key=True)
    code = Varchar(length=60, unique=True)
    name = Varchar(length=120)
    name_en = Varchar(length=120, default="")
    type = Varchar(length=16, default="complaint")
    hint = Varchar(length=300, default="")
    emergency = Boolean(default=False)
    protected = Boolean(default=False)
    completion_class = Varchar(length=16, default="complaint")
    completion_days = Integer(null=True, default=None)
    publish = Varchar(length=12, default="officer")
    position = Integer(default=100)
    active = Boolean(default=True)


class CategoryQuestion(Table):
    """What the form asks about complaints of one category. The answers become part of the complaint's words."""

    id = BigSerial(primary_key=True)
    code = Varchar(length=60, unique=True)
    category = BigInt()
    text = Varchar(length=200)
    text_en = Varchar(length=200, default="")
    kind = Varchar(length=10, default="text")
    choices = Array(base_column=Varchar(), default=list)
    choices_en = Array(base_column=Varchar(), default=list)
    required = Boolean(default=False)
    position = Integer(default=100)
    active = Boolean(default=True)


class RoutingRule(Table):
    """One ordered rule; the first that matches decides. Empty lists match everything."""

    id = BigSerial(primary_key=True)
    code = Varchar(length=60, unique=True)
    position = Integer(default=100)
    categories = Array(base_column=Varchar(), default=list)
    words = Array(base_column=Varchar(), default=list)
    places = Array(base_column=Varchar(), default=list)
    types = Array(base_column=Varchar(), default=list)
    channels = Array(base_column=Varchar(), default=list)
    agency = Varchar(length=40, null=True, default=None)
    office_of = Varchar(length=16, null=True, default=None)
    reason = Varchar(length=300)
    active = Boolean(default=True)


class EmergencyNumber(Table):
    """A number to call first, of one region."""

    id = BigSerial(primary_key=True)
    region = ForeignKey(Region, on_delete=OnDelete.restrict)
    number = Varchar(length=20)
    name = Varchar(length=120)
    position = Integer(default=100)


class RegisterChange(Table):
    """What was changed in a register: before, after, by whom, when. Written by a trigger only."""

    id = BigSerial(primary_key=True)
    register = Varchar(length=40)
    row_id = BigInt()
    before = Text(null=True, default=None)
    after = Text(null=True, default=None)
    person = BigInt(null=True, default=None)
    changed_at = Timestamptz()
    region = BigInt(null=True, default=None)


TABLES = [
    Deployment,
    Region,
    RegionOutline,
    Agency,
    OutsideBody,
    Person,
    Office,
    Appointment,
    Category,
    CategoryQuestion,
    RoutingRule,
    EmergencyNumber,
    RegisterChange,
]
