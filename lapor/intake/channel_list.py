"""Which channels there are: a line each for what hears and for what reads. `docs/channels/README.md` says how to add one."""

from collections.abc import Mapping
from typing import Final

from lapor.intake import mail_reading, read_filings
from lapor.intake.channels.interface import Hears, Reads
from lapor.intake.channels.partner import Partner

_PARTNER = Partner()

# What is delivered to /hooks/{name}.
HEARING: Final[Mapping[str, Hears]] = {channel.name: channel for channel in (_PARTNER,)}

# Who reads what was stored of a channel, wherever it came from.
READERS: Final[Mapping[str, Reads]] = {
    _PARTNER.name: read_filings.reader(_PARTNER.parse),
    mail_reading.CHANNEL: mail_reading.read,
}
