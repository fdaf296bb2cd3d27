"""Which channels there are: a line each for what hears and for what reads. `docs/channels/README.md` says how to add one."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from lapor.channel_accounts import Account
from lapor.intake import comments, dialogues, mail_reading, read_filings, sms_reading
from lapor.intake.channels.interface import Hears, Part, Reads, Speaks
from lapor.intake.channels.mail_in import MailIn
from lapor.intake.channels.messenger import Messenger
from lapor.intake.channels.messenger_api import MessengerApi
from lapor.intake.channels.partner import Partner
from lapor.intake.channels.sms import Sms
from lapor.intake.channels.sms import answer as answer_sms
from lapor.intake.channels.sms_api import SmsApi
from lapor.intake.channels.talk import Fetches
from lapor.intake.channels.telegram import Telegram
from lapor.intake.channels.telegram import answer as answer_telegram
from lapor.intake.channels.telegram_api import TelegramApi
from lapor.intake.channels.twilio_files import TwilioFiles
from lapor.intake.channels.whatsapp import WhatsApp
from lapor.intake.channels.whatsapp_api import WhatsAppApi

_PARTNER = Partner()
_MAIL = MailIn()
_WHATSAPP = WhatsApp()
_TELEGRAM = Telegram()
_SMS = Sms()
_SOCIAL = Messenger()

# What is delivered to /hooks/{name}.
HEARING: Final[Mapping[str, Hears]] = {
    channel.name: channel for channel in (_PARTNER, _MAIL, _WHATSAPP, _TELEGRAM, _SMS, _SOCIAL)
}

# What a provider reads in our answer to its delivery, as media type and content; the others read only the status.
ANSWERS: Final[Mapping[str, Callable[[Sequence[Part]], tuple[str, bytes] | None]]] = {
    _TELEGRAM.name: answer_telegram,
    _SMS.name: answer_sms,
}

# Who reads what was stored of a channel, wherever it came from.
READERS: Final[Mapping[str, Reads]] = {
    _PARTNER.name: read_filings.reader(_PARTNER.parse),
    _WHATSAPP.name: dialogues.reader(_WHATSAPP),
    _TELEGRAM.name: dialogues.reader(_TELEGRAM),
    _SMS.name: sms_reading.read,
    _SOCIAL.name: comments.reader(_SOCIAL.comment, dialogues.reader(_SOCIAL)),
    _MAIL.name: mail_reading.read,
}

# What speaks for an account of ours that is switched on.
SPEAKING: Final[Mapping[str, Callable[[Account], Speaks]]] = {
    _WHATSAPP.name: WhatsAppApi,
    _TELEGRAM.name: TelegramApi,
    _SMS.name: SmsApi,
    _SOCIAL.name: MessengerApi,
}

# Whose provider holds photos and voice messages until they are fetched.
FETCHING: Final[Mapping[str, Callable[[Account], Fetches]]] = {
    _WHATSAPP.name: WhatsAppApi,
    _TELEGRAM.name: TelegramApi,
    _SMS.name: TwilioFiles,
    _SOCIAL.name: MessengerApi,
}
