"""Logs without personal data: JSON lines in production, short lines elsewhere.

Only keys on a list reach the log, so that nobody logs a name, a number or a text by mistake. What other packages
log passes without its arguments, because those hold addresses and payloads.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, MutableMapping
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

import structlog
from structlog.typing import Processor, WrappedLogger

Line = MutableMapping[str, Any]

# Codes, counts, ids and durations. A new key is added here by somebody who has thought about its values.
_KEYS = """
    event level timestamp logger error where method status route reference seconds milliseconds count
    agency region category rung clock complaint ticket office kind channel task job message inbound state
    attempt attempts fired skipped poisoned waiting late behind oldest_seconds batch sent failed dead retried
    removed escalations messages complaints events clocks migration version pid port host server servers
    worker process signal user_id role setting file line rows environment dropped
"""
SAFE_KEYS = frozenset(_KEYS.split())
# Ids have no spaces: a sentence under one of these names is what somebody wrote.
ID_KEYS = frozenset({"complaint", "ticket", "message", "inbound", "job", "clock", "user_id"})
# These say which processes start and stop, and carry nothing of residents.
OPEN_LOGGERS = ("uvicorn", "uvicorn.error")
QUIET_LOGGERS = ("uvicorn.access", "httpx", "httpcore", "arq", "asyncio")


def configure(level: str, environment: str, stream: TextIO | None = None) -> None:
    """Sets up the logs of this process, on standard error unless another stream is given."""
    stream = stream or sys.stderr
    threshold = logging.getLevelNamesMapping()[level]
    render: Processor = structlog.processors.JSONRenderer() if environment == "production" else _short_line
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _error_without_message,
            only_safe_keys,
            render,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.WriteLoggerFactory(stream),
        cache_logger_on_first_use=environment == "production",
    )
    _configure_others(threshold)


def only_safe_keys(_: WrappedLogger, __: str, line: Line) -> Line:
    """The line without any key that is not on the list; the names of the left-out ones stand in `dropped`."""
    kept = {name: value for name, value in line.items() if _is_safe(name, value)}
    if dropped := sorted(line.keys() - kept.keys()):
        kept["dropped"] = dropped
    return kept


def _is_safe(name: str, value: object) -> bool:
    return name in SAFE_KEYS and not (name in ID_KEYS and " " in str(value))


def _error_without_message(_: WrappedLogger, __: str, line: Line) -> Line:
    """Turns an exception into its type and place: its message may quote what a resident wrote."""
    trouble = line.pop("exc_info", None)
    if trouble is True:
        trouble = sys.exc_info()
    if isinstance(trouble, tuple):
        trouble = trouble[1]
    if isinstance(trouble, BaseException):
        line.setdefault("error", type(trouble).__name__)
        line.setdefault("where", _place(trouble.__traceback__))
    return line


def _place(traceback: TracebackType | None) -> str:
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    if traceback is None:
        return ""
    return f"{Path(traceback.tb_frame.f_code.co_filename).name}:{traceback.tb_lineno}"


def _short_line(_: WrappedLogger, __: str, line: Line) -> str:
    time = str(line.pop("timestamp", ""))[11:19]
    level = str(line.pop("level", "")).upper()
    event = line.pop("event", "")
    rest = "".join(f" {name}={value}" for name, value in line.items())
    return f"{time} {level if level != 'INFO' else '':7} {event}{rest}"


class _Passing(logging.Handler):
    """Hands what other packages log to structlog."""

    def emit(self, record: logging.LogRecord) -> None:
        event = record.getMessage() if record.name in OPEN_LOGGERS else str(record.msg).partition("\n")[0]
        logger = structlog.get_logger()
        write: Callable[..., Any] = getattr(logger, record.levelname.lower(), logger.warning)
        write(event, logger=record.name, exc_info=record.exc_info)


def _configure_others(threshold: int) -> None:
    root = logging.getLogger()
    root.handlers[:] = [_Passing()]
    root.setLevel(max(threshold, logging.WARNING))
    for name in OPEN_LOGGERS:
        logging.getLogger(name).setLevel(threshold)
    for name in QUIET_LOGGERS:
        logging.getLogger(name).setLevel(max(threshold, logging.WARNING))
    for name in (*OPEN_LOGGERS, *QUIET_LOGGERS):
        # Their own handlers would write the same line a second time, with everything in it.
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True
