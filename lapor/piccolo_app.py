"""Every table of the system, in one history of migrations."""

from pathlib import Path
from typing import cast

from piccolo.conf.apps import AppConfig
from piccolo.table import Table

from lapor.admin import tables as admin
from lapor.admin import tables_registers as registers
from lapor.admin import tables_screen as screen
from lapor.complaints import tables as complaints
from lapor.complaints import tables_desk as desk
from lapor.complaints import tables_figures as figures
from lapor.complaints import tables_leaders as leaders
from lapor.complaints import tables_letters as letters
from lapor.complaints import tables_links as links
from lapor.complaints import tables_privacy as privacy
from lapor.intake import tables as intake
from lapor.intake import tables_deliveries as deliveries
from lapor.intake import tables_mail as mail
from lapor.intake import tables_outlets as outlets
from lapor.intake import tables_senders as senders
from lapor.intake import tables_sms as sms
from lapor.intake import tables_sp4n as sp4n
from lapor.intake import tables_threads as threads
from lapor.routing import tables as routing
from lapor.sla import tables as sla

TABLES = cast(
    list[type[Table]],
    [
        *routing.TABLES,
        *sla.TABLES,
        *complaints.TABLES,
        *desk.TABLES,
        *figures.TABLES,
        *leaders.TABLES,
        *letters.TABLES,
        *links.TABLES,
        *privacy.TABLES,
        *intake.TABLES,
        *deliveries.TABLES,
        *mail.TABLES,
        *outlets.TABLES,
        *senders.TABLES,
        *sms.TABLES,
        *sp4n.TABLES,
        *threads.TABLES,
        *admin.TABLES,
        *registers.TABLES,
        *screen.TABLES,
    ],
)

APP_CONFIG = AppConfig(
    app_name="lapor",
    migrations_folder_path=str(Path(__file__).parent / "migrations"),
    table_classes=TABLES,
)
