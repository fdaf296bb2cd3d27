"""The seven statuses of a complaint and the legal moves between them.

A status says where the complaint is, and nothing else: waiting for a second person is an open approval, lateness
is a clock, delivery is a message, publication is a flag.
"""

from typing import Final

RECEIVED: Final = "received"
ROUTED: Final = "routed"
IN_PROGRESS: Final = "in_progress"
DONE: Final = "done"
CLOSED: Final = "closed"
REJECTED: Final = "rejected"
REFERRED: Final = "referred"

LABELS: Final = {
    RECEIVED: "Diterima",
    ROUTED: "Diteruskan ke instansi",
    IN_PROGRESS: "Diproses",
    DONE: "Selesai dikerjakan",
    CLOSED: "Ditutup",
    REJECTED: "Tidak dapat ditindaklanjuti",
    REFERRED: "Dilimpahkan",
}

OPEN: Final = frozenset({RECEIVED, ROUTED, IN_PROGRESS})
ENDED: Final = frozenset({CLOSED, REJECTED})

# status → verb → status after it
MOVES: Final[dict[str, dict[str, str]]] = {
    RECEIVED: {
        "route": ROUTED,
        "answer": IN_PROGRESS,
        "answer_interim": IN_PROGRESS,
        "transfer": ROUTED,
        "reject": REJECTED,
        "refer": REFERRED,
    },
    ROUTED: {
        "route": ROUTED,
        "answer": IN_PROGRESS,
        "answer_interim": IN_PROGRESS,
        "transfer": ROUTED,
        "reject": REJECTED,
        "refer": REFERRED,
    },
    IN_PROGRESS: {
        "answer": IN_PROGRESS,
        "answer_interim": IN_PROGRESS,
        "transfer": IN_PROGRESS,
        "complete": DONE,
        "reject": REJECTED,
        "refer": REFERRED,
        "dispute": IN_PROGRESS,
    },
    DONE: {"close": CLOSED, "dispute": IN_PROGRESS, "reopen": IN_PROGRESS},
    CLOSED: {"reopen": IN_PROGRESS},
    REFERRED: {"answer": REFERRED, "outside_answer": REFERRED, "close": CLOSED},
    REJECTED: {},
}


def allowed(status: str, verb: str) -> bool:
    """Return whether the verb may be used in this status."""
    return verb in MOVES[status]


def after(status: str, verb: str) -> str:
    """Return the status that the verb leads to; KeyError when it is not allowed."""
    return MOVES[status][verb]
