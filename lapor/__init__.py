"""Lapor: citizen complaints, routed by system, escalated after 2×24 hours, verifiable by anybody."""

import os

# Piccolo finds its engine and its migrations through this name.
os.environ.setdefault("PICCOLO_CONF", "lapor.piccolo_conf")
