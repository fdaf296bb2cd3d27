"""What an officer may do with a complaint now: the forms that are worth showing. The verbs decide again."""

from lapor.complaints import states
from lapor.complaints.queries.complaint import OneComplaint

# Named as their addresses are.
ANSWER = "jawaban"
INTERIM = "jawaban-sementara"
QUESTION = "pertanyaan"
NOTE = "catatan"
COMPLETION = "penyelesaian"
TRANSFER = "alih-tangan"
TAKE = "alih-tangan/terima"
REFUSE_TRANSFER = "alih-tangan/tolak"
REJECTION = "penolakan"
REFERRAL = "pelimpahan"
CONFIRM = "persetujuan"
REFUSE = "persetujuan/tolak"
ROUTE = "disposisi"
PUBLISH = "publikasi"
WITHDRAW = "publikasi/tarik"
CONTACT = "kontak"
PAUSE = "jeda"
OUTSIDE_ANSWER = "jawaban-instansi-luar"
HAND_OVER = "penyerahan-piket"
ASSIGN = "penugasan"
LINK = "tautan"
UNLINK = "tautan/lepas"
CORRECT = "perbaikan"
UNDO = "batal"
SUPPORT = "pendukung"
END_SUPPORT = "pendukung/lepas"


def open_acts(one: OneComplaint) -> frozenset[str]:
    """Return the names of the acts that this officer may do in this state."""
    found = _words(one) | _claims(one) | _hands(one) | _clocks(one) | _bundles(one)
    if one.readable:
        found.add(NOTE)
    if one.approval and one.standing.decides:
        found |= {CONFIRM, REFUSE}
    if one.standing.may_contact:
        found.add(CONTACT)
    return frozenset(found)


def _works(one: OneComplaint, verb: str) -> bool:
    return one.standing.works and one.readable and states.allowed(one.row["status"], verb)


def _words(one: OneComplaint) -> set[str]:
    found: set[str] = set()
    if _works(one, "answer"):
        found |= {ANSWER, QUESTION}
    if _works(one, "answer_interim"):
        found.add(INTERIM)
    if one.standing.works and one.readable:
        hidden = one.row["confidential"] or one.row["protected"] or one.row["about_official"]
        if one.row["published"]:
            found.add(WITHDRAW)
        elif not hidden:
            found.add(PUBLISH)
    return found


def _clocks(one: OneComplaint) -> set[str]:
    found: set[str] = set()
    running = {clock.kind: clock for clock in one.running}
    completion = running.get("completion")
    if completion and completion.paused_at is None and completion.due_at > one.at and _works(one, "answer"):
        found.add(PAUSE)
    if _works(one, "outside_answer"):
        found.add(OUTSIDE_ANSWER)
    if "emergency" in running and one.readable and (one.standing.coordinates or one.standing.works):
        found.add(HAND_OVER)
    return found


def _bundles(one: OneComplaint) -> set[str]:
    """What ties it to its like and puts it right; a link is taken off again also when the complaint has ended."""
    if not one.readable:
        return set()
    found = {UNLINK} if one.standing.works else set()
    if one.row["status"] not in states.ENDED:
        found |= {LINK} if one.standing.works else set()
        found |= {CORRECT} if one.standing.works or one.standing.corrects else set()
    return found


def _claims(one: OneComplaint) -> set[str]:
    if one.approval or one.row["offered_agency"]:
        return set()
    claims = ((COMPLETION, "complete"), (REJECTION, "reject"), (REFERRAL, "refer"))
    return {act for act, verb in claims if _works(one, verb)}


def _hands(one: OneComplaint) -> set[str]:
    found: set[str] = set()
    if one.transfer and one.standing.works_in_offered:
        found |= {TAKE, REFUSE_TRANSFER}
    if _works(one, "transfer") and not one.approval and not one.row["offered_agency"]:
        found.add(TRANSFER)
    if one.standing.works and one.readable and one.row["status"] in states.OPEN:
        found.add(ASSIGN)
        if not (one.row["confidential"] or one.row["protected"] or one.row["about_official"]):
            found.add(SUPPORT)
    if one.standing.works and one.readable and one.row["supporting"]:
        found.add(END_SUPPORT)
    if one.standing.coordinates and states.allowed(one.row["status"], "route"):
        found.add(ROUTE)
    return found
