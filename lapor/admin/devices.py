"""Where a log-in comes from, as its owner would recognise it: browser, system and the range of the address."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address, ip_network

from lapor import limits
from lapor.locales import say
from lapor.pages import AnyRequest

# The first that is found counts: most browsers also name those whose pages they understand.
_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("UCBrowser/", "UC Browser"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Mac OS X", "Mac"),
    ("Linux", "Linux"),
)
# Enough to tell home from office; who shares a range is not told apart.
_RANGE = {4: 24, 6: 48}


@dataclass(frozen=True)
class Where:
    """A device as `Chrome/Android` and the range of its address such as `103.10.20.0/24`; empty when not known."""

    device: str = ""
    network: str = ""


NOWHERE = Where()


def where_of(request: AnyRequest) -> Where:
    """Where this request comes from."""
    agent = request.headers.get("user-agent", "")[:500]
    browser, system = _first(_BROWSERS, agent), _first(_SYSTEMS, agent)
    return Where(f"{browser}/{system}" if browser or system else "", _network(limits.address(request)))


def _first(known: tuple[tuple[str, str], ...], agent: str) -> str:
    return next((name for sign, name in known if sign in agent), "")


def _network(address: str) -> str:
    try:
        found = ip_address(address.partition("/")[0])
    except ValueError:
        return ""
    return str(ip_network(f"{found}/{_RANGE[found.version]}", strict=False))


def in_words(device: str) -> str:
    """A device as people call it: "Chrome di Android"."""
    browser, _, system = device.partition("/")
    if not browser and not system:
        return say("Perangkat yang tidak dikenali")
    return say("{browser} di {system}").format(
        browser=browser or say("Peramban lain"), system=system or say("sistem lain")
    )
