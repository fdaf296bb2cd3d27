"""Everything that the panel shows, in the order of its pages."""

from __future__ import annotations

from lapor.admin.panel_records import RECORDS
from lapor.admin.panel_registers import EDITED
from lapor.admin.shown_table import Shown

SHOWN: tuple[Shown, ...] = (*EDITED, *RECORDS)
