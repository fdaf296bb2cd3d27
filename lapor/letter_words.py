"""The words of letters: the one place where a template of a message becomes subject and body, for sending and for a look before."""

from collections.abc import Sequence
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from lapor.pages import TEMPLATES

# The only words about a confidential complaint: there is news, and where to read it.
NEWS = "kabar"
MAIL, CHAT = "email", "chat"
CONVERSATIONS = ("whatsapp", "telegram", "sms", "social")

_TEMPLATES = Environment(
    loader=FileSystemLoader(TEMPLATES / "messages"),
    autoescape=select_autoescape(["html"], default=False),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,
)


def render(kind: str, context: dict[str, Any], *, sensitive: bool, channel: str = "email") -> tuple[str, str]:
    """Return subject and body of a kind of message; a kind without words of its own says that there is news."""
    form = _form(channel)
    names = [f"{NEWS}.{form}.txt"] if sensitive else [f"{kind}.{form}.txt", f"{NEWS}.{form}.txt"]
    return _parted(names, context)


def render_gathered(kind: str, context: dict[str, Any]) -> tuple[str, str]:
    """Return subject and body of a letter about many things."""
    return _parted([f"gathered/{kind}.email.txt"], context)


def has_words(channel: str) -> bool:
    """Return whether letters have words of their own for a channel."""
    return channel == MAIL or channel in CONVERSATIONS


def _form(channel: str) -> str:
    """In which form a channel carries letters: as mails, or as messages of a conversation."""
    return CHAT if channel in CONVERSATIONS else MAIL


def _parted(names: Sequence[str], context: dict[str, Any]) -> tuple[str, str]:
    subject, _, body = _TEMPLATES.select_template(names).render(context).strip().partition("\n")
    return subject.strip(), body.strip() + "\n"
