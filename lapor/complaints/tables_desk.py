"""What officers need to work on a complaint together: who has it in hand, and what is often said."""

from typing import Final

from piccolo.columns import BigInt, BigSerial, Boolean, Integer, Text, Timestamptz, Varchar
from piccolo.table import Table

# What a prepared answer is for: a final or an interim answer, or a question.
TEMPLATE_KINDS: Final = ("final", "interim", "question")


class Assignment(Table):
    """Whose hands a complaint is in. The latest row counts; without a person it is in nobody's."""

    id = BigSerial(primary_key=True)
    complaint = BigInt()
    person = BigInt(null=True, default=None)
    assigned_by = BigInt(null=True, default=None)
    assigned_at = Timestamptz()


class AnswerTemplate(Table):
    """A prepared answer with named fields. Without an agency it is every agency's, without a category for every one."""

    id = BigSerial(primary_key=True)
    code = Varchar(length=60, unique=True)
    agency = BigInt(null=True, default=None)
    category = BigInt(null=True, default=None)
    kind = Varchar(length=10, default="final")
    title = Varchar(length=120)
    text = Text()
    position = Integer(default=100)
    active = Boolean(default=True)


TABLES = [Assignment, AnswerTemplate]
