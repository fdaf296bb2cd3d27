"""`lapor audit`: the watchman by hand, with an exit code for a monitor."""

import argparse
import asyncio
import json
from collections.abc import Mapping
from dataclasses import asdict

from lapor.commands import FAILED, OK, say
from lapor.runtime import Ground, grounded, running
from lapor.sla.audit import Finding, watch


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of this command."""
    parser.epilog = "Needs LAPOR_WORKER_DATABASE_URL. Exits with 1 when something was found."
    parser.add_argument("--quick", action="store_true", help="follow only the chains of the newest events")
    parser.add_argument("--json", action="store_true", help="print the findings as one JSON list")


def run(options: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Print what ought not to be."""
    with grounded(environ) as ground:
        findings = asyncio.run(_audit(options, ground))
    if options.json:
        say(json.dumps([asdict(finding) for finding in findings]))
    else:
        for finding in findings:
            say(f"{finding.code}: {finding.count} {finding.sentence}")
        if not findings:
            say("nothing found")
    return FAILED if findings else OK


async def _audit(options: argparse.Namespace, ground: Ground) -> list[Finding]:
    async with running(ground.settings, "worker"):
        return await watch(whole=not options.quick)
