"""The desk: every verb that changes a complaint. Nothing else writes one."""

from lapor.complaints.actor import Actor
from lapor.complaints.answering import answer, answer_interim, ask, note, record_outside_answer
from lapor.complaints.approving import (
    REJECTION_REASONS,
    claim_completion,
    confirm,
    refuse,
    request_referral,
    request_rejection,
)
from lapor.complaints.arbitrating import rule_dispute, rule_transfer
from lapor.complaints.assigning import assign
from lapor.complaints.callers import Earlier, look_at_caller
from lapor.complaints.correcting import correct
from lapor.complaints.emergencies import hand_over
from lapor.complaints.errors import Conflict, NotFound, Refused
from lapor.complaints.escalating import Swept, sweep
from lapor.complaints.explaining import ask_explanation, explain
from lapor.complaints.filing import Filed, Filing, Taken, file
from lapor.complaints.handing import offer_transfer, refuse_transfer, route, take_transfer
from lapor.complaints.instructing import carry_out, instruct
from lapor.complaints.linking import link, unlink
from lapor.complaints.looking import Contact, look_at_contact, see_escalation
from lapor.complaints.pausing import pause
from lapor.complaints.photos import add_photos
from lapor.complaints.pictures import Picture
from lapor.complaints.publishing import publish, withdraw
from lapor.complaints.rating import rate
from lapor.complaints.revealing import Revealed, ask_reveal, decide_reveal, open_reveal
from lapor.complaints.supporting import add_support, end_support
from lapor.complaints.undoing import undo
from lapor.complaints.voice import accept, dispute, reopen, reply

__all__ = [
    "REJECTION_REASONS",
    "Actor",
    "Conflict",
    "Contact",
    "Earlier",
    "Filed",
    "Filing",
    "NotFound",
    "Picture",
    "Refused",
    "Revealed",
    "Swept",
    "Taken",
    "accept",
    "add_photos",
    "add_support",
    "answer",
    "answer_interim",
    "ask",
    "ask_explanation",
    "ask_reveal",
    "assign",
    "carry_out",
    "claim_completion",
    "confirm",
    "correct",
    "decide_reveal",
    "dispute",
    "end_support",
    "explain",
    "file",
    "hand_over",
    "instruct",
    "link",
    "look_at_caller",
    "look_at_contact",
    "note",
    "offer_transfer",
    "open_reveal",
    "pause",
    "publish",
    "rate",
    "record_outside_answer",
    "refuse",
    "refuse_transfer",
    "reopen",
    "reply",
    "request_referral",
    "request_rejection",
    "route",
    "rule_dispute",
    "rule_transfer",
    "see_escalation",
    "sweep",
    "take_transfer",
    "undo",
    "unlink",
    "withdraw",
]
