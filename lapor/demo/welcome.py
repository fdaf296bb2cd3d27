"""What is printed when the demonstration is ready: addresses, log-ins, where to look first."""

from __future__ import annotations

from lapor import crypto, database, runtime
from lapor.complaints import tickets
from lapor.complaints.draft import identity_context
from lapor.demo.run import Demonstration
from lapor.routing.tables import OFFICE_ROLES

_SEES = {
    "head_of_region": "what passed its deadline, oldest first",
    "deputy_head": "the same list",
    "sekda": "the same list, and what agencies dispute",
    "leadership_staff": "the same list, on behalf of the head",
    "inspector": "complaints about officials",
    "coordinator": "what no rule could route",
    "operator": "the form for whoever calls or comes to the counter",
    "administrator": "agencies, categories, rules, calendar in the panel",
    "agency_head": "the complaints of one agency",
    "checker": "results that wait for a second person",
    "liaison": "the queue of one agency: start here to answer",
    "staff": "the same queue",
    "agency_admin": "the people of one agency",
}

# For each role the one in the deployment's own region whose agency has the most to do.
_PEOPLE = """
SELECT DISTINCT ON (o.role) o.role, p.username, o.title
FROM office o
JOIN appointment h ON h.office = o.id AND h.starts_at <= lapor_now() AND (h.ends_at IS NULL OR h.ends_at > lapor_now())
JOIN person p ON p.id = h.person AND p.active
JOIN agency a ON a.id = o.agency JOIN region r ON r.id = a.region
WHERE o.active
ORDER BY o.role, r.code <> (SELECT default_region FROM deployment),
  (SELECT count(*) FROM complaint c WHERE c.owner_agency = o.agency AND c.status = 'routed') DESC, o.id"""
_RESIDENT = """
SELECT c.id, c.ticket, i.secret FROM complaint c JOIN identity i ON i.complaint = c.id
WHERE c.status = 'in_progress' AND NOT c.confidential AND NOT c.about_official AND i.secret IS NOT NULL
ORDER BY c.published DESC, c.filed_at DESC LIMIT 1"""


async def welcome(running: Demonstration, seconds: float) -> str:
    """Return the lines to print."""
    async with runtime.running(running.settings, "worker", pool=1), database.transaction("worker"):
        people = {row["role"]: row for row in await database.fetch(_PEOPLE)}
        resident = await database.fetchrow(_RESIDENT)
    at = running.address
    lines = [
        "",
        f"Lapor is ready after {seconds:.0f} s: {at}",
        "",
        f"  residents   {at}/lapor to file, {at}/lacak to follow",
    ]
    if resident is not None:
        context = identity_context(resident["id"], "secret")
        secret = crypto.keyring().decrypt(resident["secret"], context).decode()
        lines.append(f"  a reporter  {at}/laporan/{tickets.show(resident['ticket'])}/buka/{secret}")
    lines += [
        f"  officers    {at}/masuk",
        f"  panel       {at}/admin/",
        f"  a channel   bin/lapor channels simulate whatsapp --url {at}",
        "",
        f"  Everybody's password is {running.password}",
        "",
    ]
    for role in OFFICE_ROLES:
        if role in people:
            lines.append(f"  {people[role]['username']:<24} {people[role]['title'][:38]:<40} {_SEES[role]}")
    lines += [
        "",
        f"  Look first at {at}/pimpinan/eskalasi as {people['head_of_region']['username']}."
        if "head_of_region" in people
        else "",
        f"  Logs: {running.log_of('web').parent}    Ctrl-C stops everything; the data stays.",
        "",
    ]
    return "\n".join(lines)
