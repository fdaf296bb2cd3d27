"""Which channels there are: a line each for what hears and for what reads. `docs/channels/README.md` says how to add one."""

from collections.abc import Callable, Mapping
from typing import Final

from lapor.channel_accounts import Account
from lapor.intake import dialogues, mail_reading, read_filings
from lapor.intake.channels.interface import Hears, Reads, Speaks
from lapor.intake.channels.mail_in import MailIn
from lapor.intake.channels.partner import Partner
from lapor.intake.channels.talk import Fetches
from lapor.intake.channels.whatsapp import WhatsApp
from lapor.intake.channels.whatsapp_api import WhatsAppApi

_PARTNER = Partner()
_MAIL = MailIn()
_WHATSAPP = WhatsApp()

# What is delivered to /hooks/{name}.
HEARING: Final[Mapping[str, Hears]] = {channel.name: channel for channel in (_PARTNER, _MAIL, _WHATSAPP)}

# Who reads what was stored of a channel, wherever it came from.
READERS: Final[Mapping[str, Reads]] = {
    _PARTNER.name: read_filings.reader(_PARTNER.parse),
    _WHATSAPP.name: dialogues.reader(_WHATSAPP),
    _MAIL.name: mail_reading.read,
}

# What speaks for an account of ours that is switched on.
SPEAKING: Final[Mapping[str, Callable[[Account], Speaks]]] = {
    _WHATSAPP.name: WhatsAppApi,
}

# Whose provider holds photos and voice messages until they are fetched.
FETCHING: Final[Mapping[str, Callable[[Account], Fetches]]] = {
    _WHATSAPP.name: WhatsAppApi,
}
