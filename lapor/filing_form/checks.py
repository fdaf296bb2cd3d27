"""The form of a complaint: what was typed, what is wrong with it, and the filing that it makes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import phonenumbers
from email_validator import EmailNotValidError, validate_email

from lapor.complaints.desk import Filing
from lapor.complaints.filing import TEXT_LIMIT
from lapor.filing_form import asked
from lapor.locales import current, say
from lapor.routing.directory import Registry
from lapor.routing.tables import COMPLAINT_TYPES

HONEYPOT = "website"
FIELDS = (
    "type",
    "category",
    "text",
    "district",
    "village",
    "address",
    "contact_kind",
    "phone",
    "email",
    "first_way",
    "name",
    "privacy",
    "about_official",
    "reported_agency",
    "form",
)
LIMITS = {"address": 300, "name": 120, "phone": 40, "email": 254}
# Where both are given, on which of the two an answer leaves first.
FIRST_WAYS = ("email", "sms")
PRIVACY = ("open", "anonymous", "confidential")
COUNTRY = "ID"

# PostgreSQL keeps no NUL, and nobody types the other control characters.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


@dataclass
class Checked:
    """A form that was read: `errors` are sentences by field, `filing` is there when there are none."""

    typed: dict[str, str]
    errors: dict[str, str] = field(default_factory=dict)
    filing: Filing | None = None
    photos: int = 0

    @property
    def contact_kind(self) -> str:
        """How the reporter will be reached: phone, email, sms or none."""
        if self.filing is None:
            return "none"
        if self.filing.first_way == "sms":
            return "sms"
        return "email" if self.filing.email else "phone" if self.filing.phone else "none"


def read(data: Mapping[str, Any]) -> dict[str, str]:
    """Return what was typed into each field, as text that can be stored; a field given twice counts once."""
    return {name: tidy(data.get(name)) for name in FIELDS}


def tidy(value: Any) -> str:
    """Return one value of a form as text: lines end as on every system, nothing unprintable."""
    if isinstance(value, list):
        value = value[-1] if value else ""
    if not isinstance(value, str):
        return ""
    lines = value.replace("\r\n", "\n").replace("\r", "\n")
    return _CONTROL.sub("", lines).encode(errors="replace").decode().strip()


def check(data: Mapping[str, Any], registry: Registry, *, must_answer: bool = True) -> Checked:
    """Read the form and say everything that is wrong at once.

    `must_answer` is False where the questions of a category may stay open: paper cannot be asked.
    """
    form = Checked(read(data))
    category = registry.categories.get(form.typed["category"])
    form.typed.update({name: tidy(data.get(name)) for name in asked.fields_of(category)})
    if tidy(data.get(HONEYPOT)):
        # Whoever is a person reads this and sends once more; a machine goes away.
        form.errors[""] = say(
            "Ada kolom tersembunyi yang terisi. Kami sudah mengosongkannya; kirim sekali lagi."
        )
    _check_choices(form, registry)
    answers = asked.answers_of(category, form.typed, form.errors, must_answer=must_answer)
    _check_text(form)
    phone, email = _contact(form)
    about_official, reported = _reported(form, registry)
    if form.errors:
        return form
    typed = form.typed
    form.filing = Filing(
        type=typed["type"] or "complaint",
        text=typed["text"],
        category=typed["category"] or None,
        district=_district(typed, registry),
        village=typed["village"] or None,
        address=typed["address"],
        name=typed["name"],
        phone=phone,
        email=email,
        anonymous=typed["privacy"] == "anonymous",
        confidential=typed["privacy"] == "confidential",
        first_way=typed["first_way"] if phone and email else "",
        about_official=about_official,
        reported_agency=reported,
        language=current(),
        answers=answers,
    )
    return form


def _check_choices(form: Checked, registry: Registry) -> None:
    typed, errors = form.typed, form.errors
    if typed["type"] and typed["type"] not in COMPLAINT_TYPES:
        errors["type"] = say("Pilih jenis laporan.")
    category = registry.categories.get(typed["category"])
    if typed["category"] and (category is None or not category.active):
        errors["category"] = say("Pilih topik dari daftar, atau pilih “Tidak tahu”.")
    for name, kinds in (("district", ("district",)), ("village", ("village", "urban_village"))):
        place = registry.regions.get(typed[name])
        if typed[name] and (place is None or place.kind not in kinds):
            errors[name] = say("Pilih tempat dari daftar.")
    chosen = typed["district"] and typed["village"] and not errors.keys() & {"district", "village"}
    if chosen and typed["district"] not in registry.chain(typed["village"]):
        errors["village"] = say("Kelurahan atau desa ini tidak berada di kecamatan yang Anda pilih.")
    if typed["privacy"] and typed["privacy"] not in PRIVACY:
        errors["privacy"] = say("Pilih salah satu.")
    if typed["first_way"] and typed["first_way"] not in FIRST_WAYS:
        errors["first_way"] = say("Pilih salah satu.")


def _check_text(form: Checked) -> None:
    text = form.typed["text"]
    if not text:
        form.errors["text"] = say("Ceritakan apa yang terjadi.")
    elif len(text) > TEXT_LIMIT:
        form.errors["text"] = say(
            "Cerita ini {count} huruf, paling banyak {limit}. Pendekkan sedikit; sisanya dapat Anda tambahkan setelah"
            " laporan terkirim."
        ).format(count=_number(len(text)), limit=_number(TEXT_LIMIT))
    for name, limit in LIMITS.items():
        if len(form.typed[name]) > limit:
            form.errors[name] = say("Terlalu panjang. Paling banyak {limit} huruf.").format(limit=limit)


def _number(count: int) -> str:
    return f"{count:,}".replace(",", "." if current() == "id" else ",")


def _contact(form: Checked) -> tuple[str, str]:
    """Return phone and e-mail in their normal form; whoever chose "none" keeps nothing that was typed before."""
    typed, kind = form.typed, form.typed["contact_kind"]
    if kind not in ("", "none", "phone", "email", "both"):
        form.errors["contact_kind"] = say("Pilih salah satu.")
        return "", ""
    phone = _phone(form) if typed["phone"] and kind in ("", "phone", "both") else ""
    email = _email(form) if typed["email"] and kind in ("", "email", "both") else ""
    if kind in ("phone", "both") and not typed["phone"]:
        form.errors["phone"] = say("Tulis nomor telepon Anda, atau pilih “Tanpa kontak”.")
    if kind in ("email", "both") and not typed["email"]:
        form.errors["email"] = say("Tulis alamat surel Anda, atau pilih “Tanpa kontak”.")
    return phone, email


def _phone(form: Checked) -> str:
    number = phone_of(form.typed["phone"])
    if not number:
        form.errors.setdefault(
            "phone", say("Nomor ini tidak dapat kami hubungi. Periksa angkanya, misalnya 0812 0000 1234.")
        )
    return number


def phone_of(typed: str) -> str:
    """Return a telephone number in E.164 form, or nothing when it can be nobody's."""
    try:
        number = phonenumbers.parse(typed, COUNTRY)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_valid_number(number):
        return ""
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _email(form: Checked) -> str:
    try:
        return validate_email(form.typed["email"], check_deliverability=False).normalized
    except EmailNotValidError:
        form.errors.setdefault(
            "email", say("Alamat surel ini tidak lengkap. Periksa lagi, misalnya nama@contoh.id.")
        )
        return ""


def _reported(form: Checked, registry: Registry) -> tuple[bool, str | None]:
    """Return whether it is about an official, and the office that must not receive it."""
    typed = form.typed
    agency = registry.agencies.get(typed["reported_agency"])
    if typed["about_official"] not in ("", "yes", "no"):
        form.errors["about_official"] = say("Pilih salah satu.")
    elif typed["reported_agency"] and (agency is None or not agency.active):
        form.errors["reported_agency"] = say("Pilih kantor dari daftar.")
    elif typed["about_official"] == "no" and agency:
        # Guessing wrong here would hand the complaint to the very office that it is about.
        form.errors["about_official"] = say(
            "Sebuah kantor masih terpilih. Pilih “Ya” kalau laporan ini tentang kantor itu, atau kosongkan pilihan"
            " kantornya."
        )
    return bool(typed["about_official"] == "yes" or agency), agency.code if agency else None


def _district(typed: Mapping[str, str], registry: Registry) -> str | None:
    """The chosen district, or the one in which the chosen village lies."""
    if typed["district"] or not typed["village"]:
        return typed["district"] or None
    above = (code for code in registry.chain(typed["village"]) if registry.regions[code].kind == "district")
    return next(above, None)
