"""Every sentence that a page may say, found in the templates and in the Python around them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po

from lapor.admin.column_labels import column_label
from lapor.admin.value_labels import value_label
from lapor.locales import CATALOGUES, RETOLD
from lapor.routing.tables import AGENCY_KINDS, COMPLAINT_TYPES, COMPLETION_CLASSES
from lapor.sla.policy import SELECTORS
from lapor.sla.tables import CLOCK_KINDS, STEPS, UNITS

ROOT = Path(__file__).parent.parent
SAID = ("lapor/admin", "lapor/filing_form", "lapor/intake")
TOLD = ("lapor/complaints", "lapor/routing")
# Why a delivery was not read, and why a message did not leave: shown to whoever tends them.
REASONED = ("lapor/intake",)

# Calls whose argument is shown on a page, by the name of what is called and the place of the argument.
SAYING = {"say": 0, "say_many": 0}
TELLING = {"Refused": 0, "Conflict": 0, "Kind": 0, "_by": 1, "phrase": 0}
REASONING = {"Unreadable": 0, "Undelivered": 0, "Unreachable": 0}

# Sentences that stand in tables, or that a function returns, and are told again where they are shown.
TABLES = {
    "lapor/complaints/states.py": ("LABELS",),
    "lapor/complaints/approving.py": ("REJECTION_REASONS",),
    "lapor/complaints/inspectors.py": ("CHANGES",),
    "lapor/complaints/pictures.py": ("REASONS",),
    "lapor/complaints/photos.py": ("_examined",),
    "lapor/complaints/queries/figures/names.py": ("NO_NAME", "CHANNELS"),
    "lapor/complaints/revealing.py": ("_why_closed",),
    "lapor/intake/mail_automatic.py": ("AUTOMATIC", "LIST", "SPAM"),
    "lapor/intake/pace.py": ("WAITS", "FOR_A_PERSON", "sentence"),
    "lapor/intake/mail_reports.py": ("_REASONS", "_sentence"),
    "lapor/intake/stopped.py": ("ASKED",),
    "lapor/intake/breaker.py": ("note_failure",),
    "lapor/intake/channel_backlog.py": ("_sentence",),
    "lapor/intake/channel_watch.py": ("_silence", "_wrong_signatures"),
    "lapor/intake/partner_watch.py": ("_silence", "_wrong_signatures"),
    "lapor/intake/media_fetching.py": ("_sentence",),
    "lapor/intake/mail_breaker.py": ("_sentence",),
    "lapor/intake/mailbox.py": ("_failed",),
    "lapor/intake/channels/mail.py": ("_reason",),
    "lapor/intake/channels/messenger_api.py": ("_refusal",),
    "lapor/intake/channels/sms_api.py": ("_refusal",),
    "lapor/intake/channels/telegram_api.py": ("_refusal",),
    "lapor/intake/channels/whatsapp_api.py": ("_refusal",),
    "lapor/intake/outbound.py": ("_give_up", "_reason", "INTERRUPTED"),
    "lapor/intake/letters.py": ("NO_HOLDER", "NO_ADDRESS", "NO_REPORTER_ADDRESS", "REPORTED"),
    "lapor/admin/delivery_words.py": ("LETTERS", "OTHER"),
    "lapor/admin/passwords.py": ("trouble_with",),
    "lapor/admin/login_events.py": ("KINDS",),
    "lapor/admin/account_pages.py": ("NOTES",),
    "lapor/admin/authenticator_pages.py": ("NOTES",),
    "lapor/routing/rules.py": ("_for_triage", "_leadership"),
    "lapor/sla/alarms.py": ("SENTENCES",),
}

# Fixed values that a page names with the panel's label.
LABELLED = (CLOCK_KINDS, COMPLAINT_TYPES, COMPLETION_CLASSES, AGENCY_KINDS, UNITS, STEPS)


@dataclass(frozen=True, order=True)
class Sentence:
    """A sentence of the source. `retold` is a pattern: the sentence is shown with its values already in it."""

    text: str
    plural: bool = False
    retold: bool = False


def english() -> Catalog:
    """The English catalogue."""
    with (CATALOGUES / "en.po").open("rb") as source:
        return read_po(source, locale="en")


def of_catalogue(message: Message) -> Sentence:
    """The sentence that an entry of the catalogue is for."""
    if isinstance(message.id, tuple):
        return Sentence(message.id[0], plural=True)
    return Sentence(str(message.id), retold=message.context == RETOLD)


def sentences() -> set[Sentence]:
    """Every sentence of the source."""
    found = set(_of_templates())
    for folder in SAID:
        for path in sorted((ROOT / folder).rglob("*.py")):
            found.update(_called(path, SAYING))
    for folder in TOLD:
        for path in sorted((ROOT / folder).rglob("*.py")):
            found.update(_called(path, TELLING))
    for folder in REASONED:
        for path in sorted((ROOT / folder).rglob("*.py")):
            found.update(_called(path, REASONING))
            found.update(_noted(path))
    for name, tables in TABLES.items():
        found.update(_tabled(ROOT / name, tables))
    found.update(Sentence(value_label(value)) for values in LABELLED for value in values)
    found.update(Sentence(column_label(column)) for column in SELECTORS)
    return found


def _of_templates() -> Iterator[Sentence]:
    for path in sorted((ROOT / "templates").rglob("*.html")):
        options = {"trim_blocks": "true", "lstrip_blocks": "true", "silent": "false"}
        for _, message, _, _ in extract_from_file("jinja2.ext:babel_extract", str(path), options=options):
            if isinstance(message, tuple):
                assert message[0] == message[1], f"{path}: Indonesian has one form: {message}"
                yield Sentence(message[0], plural=True)
            else:
                yield Sentence(message)


def _called(path: Path, calls: dict[str, int]) -> Iterator[Sentence]:
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or node.func.id not in calls:
            continue
        place = calls[node.func.id]
        argument = node.args[place] if len(node.args) > place else None
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
            yield Sentence(argument.value, plural=node.func.id == "say_many")
        elif isinstance(argument, ast.JoinedStr):
            yield Sentence(_pattern(argument), retold=True)


def _noted(path: Path) -> Iterator[Sentence]:
    """What is noted with a delivery that led to nothing."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Read":
            given = {one.arg: one.value for one in node.keywords}
            note = given.get("note")
            if "left" in given and isinstance(note, ast.Constant):
                yield Sentence(str(note.value))


def _pattern(sentence: ast.JoinedStr) -> str:
    """The sentence with a place for each value, named after the last word of what is put there."""
    parts = []
    for part in sentence.values:
        if isinstance(part, ast.Constant):
            parts.append(str(part.value))
        else:
            assert isinstance(part, ast.FormattedValue)
            parts.append("{" + re.findall(r"\w+", ast.unparse(part.value))[-1].lower() + "}")
    return "".join(parts)


def _tabled(path: Path, names: tuple[str, ...]) -> Iterator[Sentence]:
    missing = set(names)
    for node in ast.parse(path.read_text()).body:
        name = _name(node)
        if name in names:
            missing.discard(name)
            yield from _texts(node)
    assert not missing, f"{path} has no {missing}"


def _name(node: ast.stmt) -> str:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return node.name
    target = (
        node.target
        if isinstance(node, ast.AnnAssign)
        else node.targets[0]
        if isinstance(node, ast.Assign)
        else None
    )
    return target.id if isinstance(target, ast.Name) else ""


def _texts(node: ast.stmt) -> Iterator[Sentence]:
    """The texts of a table or a constant; of a function those that it assigns or returns."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        values = [one.value for one in ast.walk(node) if isinstance(one, ast.Assign | ast.Return)]
    else:
        value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
        values = list(value.values) if isinstance(value, ast.Dict) else [value]
    for value in values:
        if isinstance(value, ast.BinOp) and isinstance(value.left, ast.JoinedStr):
            # A sentence, and what may be added to it.
            assert isinstance(value.right, ast.IfExp)
            assert isinstance(value.right.body, ast.JoinedStr)
            yield Sentence(_pattern(value.left), retold=True)
            yield Sentence(_pattern(value.left) + _pattern(value.right.body), retold=True)
        for one in (value.body, value.orelse) if isinstance(value, ast.IfExp) else (value,):
            if isinstance(one, ast.Constant) and isinstance(one.value, str) and one.value:
                yield Sentence(one.value, retold="{" in one.value)
            elif isinstance(one, ast.JoinedStr):
                yield Sentence(_pattern(one), retold=True)
