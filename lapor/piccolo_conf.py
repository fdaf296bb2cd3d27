"""Where Piccolo looks for the engine and for the one line of migrations."""

from piccolo.conf.apps import AppRegistry

from lapor.database import DB

__all__ = ["APP_REGISTRY", "DB"]

APP_REGISTRY = AppRegistry(apps=["lapor.piccolo_app"])
