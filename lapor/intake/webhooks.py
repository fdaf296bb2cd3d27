"""What providers deliver: verified over the raw bytes, stored encrypted, answered; read afterwards by the worker."""

from typing import Any, Final, cast

from litestar import Response, post
from litestar.exceptions import HTTPException
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from lapor import crypto, database
from lapor.database import transaction
from lapor.intake.channels.interface import Account, Hears, Unverified
from lapor.intake.channels.partner import Partner
from lapor.intake.inbound import READ_INBOUND, payload_context
from lapor.pages import AnyRequest

CHANNELS: Final[dict[str, Hears]] = {channel.name: channel for channel in (Partner(),)}

# The same delivery is stored once, however often and from however many sides at once it comes.
_STORE = """
INSERT INTO inbound (channel, account, external_id, payload, received_at, state, attempts, next_attempt_at)
VALUES ($1, $2, $3, $4, lapor_now(), 'waiting', 0, lapor_now())
ON CONFLICT (channel, account, external_id) DO NOTHING RETURNING id"""


@post("/hooks/{channel:str}", status_code=200)
async def receive(request: AnyRequest, channel: FromPath[str]) -> Response[dict[str, Any]]:
    """200 when the delivery is kept, now or already before; 401 and nothing kept when nobody we know signed it."""
    hears = CHANNELS.get(channel)
    if hears is None:
        raise _refusal(404, "There is no such channel.")
    body = await request.body()
    try:
        account = hears.verify(request.headers, body, request.app.state.settings)
    except Unverified:
        raise _refusal(401, "The signature does not fit, or is too old.") from None
    stored = await _store(hears.name, account, body)
    if stored:
        await request.app.state.nudger.nudge(READ_INBOUND)
    return Response({"received": True, "id": account.delivery, "repeated": not stored})


async def _store(channel: str, account: Account, body: bytes) -> bool:
    if not account.delivery.isprintable():
        raise _refusal(400, "The id of the delivery holds unprintable characters.")
    payload = crypto.keyring().encrypt(body, payload_context(channel, account.delivery))
    async with transaction("intake"):
        return bool(await database.fetchval(_STORE, channel, account.name, account.delivery, payload))


def _refusal(status: int, sentence: str) -> HTTPException:
    return HTTPException(status_code=status, extra=cast(Any, sentence))


ROUTES: list[ControllerRouterHandler] = [receive]
