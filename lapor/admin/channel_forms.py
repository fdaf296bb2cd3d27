"""Which forms there are for the accounts of channels; each says which secrets and settings it asks for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from lapor.admin.channel_fields import ChannelForm
from lapor.admin.channel_forms_chat import SMS, TELEGRAM
from lapor.admin.channel_forms_mail import MAIL
from lapor.admin.channel_forms_meta import SOCIAL, WHATSAPP

FORMS: Final[Mapping[str, ChannelForm]] = {
    form.channel: form for form in (WHATSAPP, MAIL, TELEGRAM, SMS, SOCIAL)
}
