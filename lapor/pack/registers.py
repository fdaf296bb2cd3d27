"""Which registers a region pack fills, from which file, and what each column may hold."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from lapor.complaints.tables import CHANNELS
from lapor.complaints.tables_desk import TEMPLATE_KINDS
from lapor.routing import outlines
from lapor.routing.tables import (
    AGENCY_KINDS,
    COMPLAINT_TYPES,
    COMPLETION_CLASSES,
    OFFICE_ROLES,
    PUBLISH_RULES,
    QUESTION_KINDS,
    REGION_KINDS,
)

Row = Mapping[str, Any]
Kind = Literal["text", "flag", "number", "day", "time", "moment", "texts"]


@dataclass(frozen=True)
class Column:
    """One column: what it holds, and the register whose code it names.

    `by_id` says that the database stores the named row's id and not its code, which is its column `known_by`.
    A `moment` is written as a day when it is midnight in the region's zone.
    """

    name: str
    kind: Kind = "text"
    required: bool = False
    choices: tuple[str, ...] = ()
    length: int | None = None
    names: str | None = None
    by_id: bool = False
    default: Any = None
    known_by: str = "code"


@dataclass(frozen=True)
class Register:
    """One register: its table, its file (and the table of tables in it, for TOML), and its key.

    `retires` says that a row which left the pack is made inactive; other rows stay as they are.
    """

    table: str
    file: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ("code",)
    section: str | None = None
    optional: bool = False
    retires: bool = False

    def key_of(self, row: Row) -> tuple[Any, ...]:
        """Return what identifies a row, the same in file and database."""
        return tuple(row[name] for name in self.key)

    def column(self, name: str) -> Column:
        """Return the column of this name; KeyError when there is none."""
        return {column.name: column for column in self.columns}[name]


def _text(name: str, length: int, *, required: bool = False) -> Column:
    return Column(name, required=required, length=length, default="")


def _choice(name: str, choices: tuple[str, ...]) -> Column:
    return Column(name, required=True, choices=choices)


def _ref(name: str, names: str, *, required: bool = False) -> Column:
    return Column(name, names=names, by_id=True, required=required)


_CODE = Column("code", required=True, length=60)
_SHORT_CODE = Column("code", required=True, length=40)
_POSITION = Column("position", "number", default=100)

REGION = Register(
    "region",
    "regions.csv",
    (
        Column("code", required=True, length=13),
        _text("name", 120, required=True),
        _choice("kind", REGION_KINDS),
        _ref("parent", "region"),
        Column("timezone", length=40, default="Asia/Jakarta"),
        Column("live_from", "moment"),
    ),
)
REGION_OUTLINE = Register(
    "region_outline",
    "outlines.csv",
    (_ref("region", "region", required=True), _text("outline", outlines.LONGEST, required=True)),
    key=("region",),
    optional=True,
)
AGENCY = Register(
    "agency",
    "agencies.csv",
    (
        _SHORT_CODE,
        _text("name", 160, required=True),
        _text("short_name", 40, required=True),
        _choice("kind", AGENCY_KINDS),
        _ref("region", "region", required=True),
        _ref("parent", "agency"),
        _ref("place", "region"),
        Column("coordinating", "flag", default=False),
        _text("email", 160),
        _text("phone", 40),
        Column("live_from", "moment"),
    ),
    retires=True,
)
OUTSIDE_BODY = Register(
    "outside_body",
    "outside_bodies.csv",
    (_SHORT_CODE, _text("name", 160, required=True), _text("phone", 40), _text("email", 160)),
    optional=True,
    retires=True,
)
OFFICE = Register(
    "office",
    "offices.csv",
    (
        _CODE,
        _ref("agency", "agency", required=True),
        _text("title", 160, required=True),
        _choice("role", OFFICE_ROLES),
        Column("named_desk", "flag", default=False),
    ),
    retires=True,
)
CATEGORY = Register(
    "category",
    "categories.csv",
    (
        _CODE,
        _text("name", 120, required=True),
        _text("name_en", 120),
        _choice("type", COMPLAINT_TYPES),
        _text("hint", 300),
        Column("emergency", "flag", default=False),
        Column("protected", "flag", default=False),
        _choice("completion_class", COMPLETION_CLASSES),
        Column("completion_days", "number"),
        _choice("publish", PUBLISH_RULES),
        _POSITION,
    ),
    retires=True,
)
CATEGORY_QUESTION = Register(
    "category_question",
    "questions.toml",
    (
        _CODE,
        _ref("category", "category", required=True),
        _text("text", 200, required=True),
        _text("text_en", 200),
        _choice("kind", QUESTION_KINDS),
        Column("choices", "texts", default=()),
        Column("choices_en", "texts", default=()),
        Column("required", "flag", default=False),
        _POSITION,
    ),
    section="question",
    optional=True,
    retires=True,
)
ROUTING_RULE = Register(
    "routing_rule",
    "rules.toml",
    (
        _CODE,
        _POSITION,
        Column("categories", "texts", names="category", default=()),
        Column("words", "texts", default=()),
        Column("places", "texts", names="region", default=()),
        Column("types", "texts", choices=COMPLAINT_TYPES, default=()),
        Column("channels", "texts", choices=CHANNELS, default=()),
        Column("agency", names="agency", length=40),
        Column("office_of", choices=AGENCY_KINDS),
        _text("reason", 300, required=True),
    ),
    section="rule",
    retires=True,
)
ANSWER_TEMPLATE = Register(
    "answer_template",
    "answers.toml",
    (
        _CODE,
        _ref("agency", "agency"),
        _ref("category", "category"),
        _choice("kind", TEMPLATE_KINDS),
        _text("title", 120, required=True),
        _text("text", 5_000, required=True),
        _POSITION,
    ),
    section="answer",
    optional=True,
    retires=True,
)
EMERGENCY_NUMBER = Register(
    "emergency_number",
    "emergency.csv",
    (
        _ref("region", "region", required=True),
        Column("number", required=True, length=20),
        _text("name", 120, required=True),
        _POSITION,
    ),
    key=("region", "number"),
    optional=True,
)
CALENDAR_YEAR = Register(
    "calendar_year",
    "calendar.toml",
    (
        _ref("region", "region", required=True),
        Column("year", "number", required=True),
        _text("source", 300, required=True),
    ),
    key=("region", "year"),
    section="year",
)
OFFICE_HOURS = Register(
    "office_hours",
    "calendar.toml",
    (
        _ref("region", "region", required=True),
        _text("name", 80, required=True),
        Column("weekday", "number"),
        Column("valid_from", "day"),
        Column("valid_until", "day"),
        Column("opening", "time", required=True),
        Column("closing", "time", required=True),
    ),
    key=("region", "name", "weekday", "valid_from"),
    section="hours",
)
CALENDAR_DAY = Register(
    "calendar_day",
    "calendar.toml",
    (
        _ref("region", "region", required=True),
        Column("day", "day", required=True),
        Column("working", "flag", default=False),
        _text("name", 160, required=True),
    ),
    key=("region", "day"),
    section="day",
)

# In the order in which they are written: what is named stands before what names it.
REGISTERS = (
    REGION,
    REGION_OUTLINE,
    AGENCY,
    OUTSIDE_BODY,
    OFFICE,
    CATEGORY,
    CATEGORY_QUESTION,
    ROUTING_RULE,
    ANSWER_TEMPLATE,
    EMERGENCY_NUMBER,
    CALENDAR_YEAR,
    OFFICE_HOURS,
    CALENDAR_DAY,
)
POLICIES = "policy"
POLICY_FILE = "policies.toml"
TABLES = (*(register.table for register in REGISTERS), POLICIES)
