"""The words of letters: the one place where a template of a message becomes subject and body, for sending and for a look before."""

from collections.abc import Sequence
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from lapor.pages import TEMPLATES

# The only words about a confidential complaint: there is news, and where to read it.
NEWS = "kabar"

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
    names = [f"{NEWS}.{channel}.txt"] if sensitive else [f"{kind}.{channel}.txt", f"{NEWS}.{channel}.txt"]
    return _parted(names, context)


def render_gathered(kind: str, context: dict[str, Any]) -> tuple[str, str]:
    """Return subject and body of a letter about many things."""
    return _parted([f"gathered/{kind}.email.txt"], context)


def has_words(channel: str) -> bool:
    """Return whether letters have words of their own for a channel."""
    return f"{NEWS}.{channel}.txt" in _TEMPLATES.list_templates()


def _parted(names: Sequence[str], context: dict[str, Any]) -> tuple[str, str]:
    subject, _, body = _TEMPLATES.select_template(names).render(context).strip().partition("\n")
    return subject.strip(), body.strip() + "\n"
