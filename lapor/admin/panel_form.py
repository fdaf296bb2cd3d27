"""What a form of the panel is: it parses, calls one verb, and says in a sentence what happened."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from piccolo_admin.endpoints import FormConfig
from pydantic import BaseModel
from starlette.requests import Request

from lapor.admin.offices import Officer
from lapor.complaints.desk import Refused

ANSWER = "1. Menjawab"
HAND_ON = "2. Meneruskan"
FINISH = "3. Menyelesaikan"
PUBLIC = "4. Untuk umum"
LOOK = "5. Melihat"
TAKE_DOWN = "6. Menerima laporan"
PEOPLE = "7. Akun petugas"


def form(
    name: str,
    group: str,
    model: type[BaseModel],
    submit: Callable[[Officer, Any], Awaitable[str]],
    description: str,
) -> FormConfig:
    """Return a form of the panel; what the desk refuses is shown in its own words, and nothing is kept."""

    async def endpoint(request: Request, data: Any) -> str:
        try:
            return await submit(request.user.officer, data)
        except Refused as refused:
            # The panel shows the words of a ValueError, and the door rolls back.
            raise ValueError(refused.message) from refused

    return FormConfig(name, model, endpoint, description, group)
