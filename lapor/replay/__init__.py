"""Replay: dated complaints of the past, filed and answered again through the same verbs in simulated time."""

from lapor.replay.history import HistoryError, Record, read
from lapor.replay.report import Report, report
from lapor.replay.run import replay

__all__ = ["HistoryError", "Record", "Report", "read", "replay", "report"]
