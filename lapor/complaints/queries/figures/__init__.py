"""Figures: one query model beneath desk, digest, screen and export, so that two places never show two numbers.

    table = await figures(Scope(region=1), by="agency", period=Period.month(date(2026, 11, 1)))
    table.total["median"], [(row.label, row["within_48"]) for row in table.rows]

Call it inside a transaction; its role decides what is seen (reader: by office; public: suppressed; worker: all).
Facts are renewed by `lapor.complaints.counting.count_up`, which the worker calls every few seconds.
"""

from lapor.complaints.queries.figures.definitions import BY_CODE, FIGURES, RANKED_BY, Figure
from lapor.complaints.queries.figures.model import SUPPRESSED_UNDER, Row, Table, figures, ranked
from lapor.complaints.queries.figures.scope import BY, By, Period, Scope

__all__ = [
    "BY",
    "BY_CODE",
    "FIGURES",
    "RANKED_BY",
    "SUPPRESSED_UNDER",
    "By",
    "Figure",
    "Period",
    "Row",
    "Scope",
    "Table",
    "figures",
    "ranked",
]
