"""The demonstration's people and complaints: that the play can be played, and shows what it has to show."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import get_args

import pytest

from lapor import pack
from lapor.complaints.tables import CHANNELS, STATUSES
from lapor.demo.scenario import REPORTER, Action, Filing, Scenario, Step, load
from lapor.pack import Pack
from lapor.routing.rules import Directory, Facts, decide
from lapor.routing.tables import APPOINTMENT_KINDS, COMPLAINT_TYPES, OFFICE_ROLES
from tests.test_pack import EXAMPLE, directory, rulebook

SECOND_PEOPLE = {"agency_head", "checker"}


@pytest.fixture(scope="module")
def play() -> Scenario:
    return load()


@pytest.fixture(scope="module")
def region() -> Pack:
    return pack.load(EXAMPLE)


def places(code: str) -> tuple[str, ...]:
    parts = code.split(".")
    return tuple(".".join(parts[:n]) for n in range(len(parts), 0, -1))


def lead_of(filing: Filing, rules: object, agencies: Directory) -> str:
    facts = Facts(
        type=filing.type,
        category=filing.category or None,
        text=filing.text,
        place_codes=places(filing.place),
        channel=filing.channel,
        reported_agency=filing.about or None,
        about_official=bool(filing.about),
        region="33.74",
    )
    decision = decide(rules, facts, agencies)  # type: ignore[arg-type]
    return "" if decision.needs_triage else decision.agency or ""


@dataclass
class Played:
    """Where a complaint stands when its script has run."""

    owner: str
    status: str
    answered_after: float | None = None
    promised: list[float] = field(default_factory=list)
    offered: str = ""
    claim: Step | None = None


DECIDED = {"claim": "done", "reject": "rejected", "refer": "referred"}
MOVES = {"route": "routed", "close": "closed", "reopen": "in_progress"}


def perform(filing: Filing) -> Played:
    """The script by the plain words of the design; what only time does (closing) is left out."""
    at = Played(filing.lead or "smg-diskominfo", "routed" if filing.lead else "received")
    for step in filing.steps:
        if step.do in ("answer", "interim"):
            _answered(at, step)
        elif step.do == "confirm" and at.claim:
            at.status = DECIDED[at.claim.do]
        if step.do in ("route", "take"):
            at.owner = step.agency or at.offered
        if step.do in ("transfer", "take", "refuse"):
            at.offered = step.agency
        if step.do in (*DECIDED, "confirm", "refuse_claim"):
            at.claim = step if step.do in DECIDED else None
        at.status = MOVES.get(step.do, at.status)
    return at


def _answered(at: Played, step: Step) -> None:
    at.status = "in_progress" if at.status in ("received", "routed") else at.status
    at.answered_after = step.after if at.answered_after is None else at.answered_after
    if step.do == "interim":
        at.promised.append(step.after + step.promise)


def test_the_rules_send_every_complaint_where_the_play_says(play: Scenario, region: Pack) -> None:
    rules, agencies = rulebook(region), directory(region)
    wrong = {
        filing.key: (filing.lead, found)
        for filing in play.filings
        if (found := lead_of(filing, rules, agencies)) != filing.lead
    }
    assert wrong == {}


def test_every_name_in_the_play_exists(play: Scenario, region: Pack) -> None:
    codes = {
        table: {row["code"] for row in region.rows(table)}
        for table in ("region", "agency", "category", "office")
    }
    bodies = {row["code"] for row in region.rows("outside_body")}
    keys = {filing.key for filing in play.filings}
    people = {player.username for player in play.players}
    assert len(keys) == len(play.filings)
    assert len(people) == len(play.players) == len({player.full_name for player in play.players})
    for holding in play.holdings:
        assert holding.username in people
        assert holding.office in codes["office"]
        assert holding.kind in APPOINTMENT_KINDS
    for filing in play.filings:
        assert filing.channel in CHANNELS
        assert filing.type in COMPLAINT_TYPES
        assert filing.place in codes["region"]
        assert filing.category in codes["category"] | {""}
        assert filing.about in codes["agency"] | {""}
        assert filing.duplicate_of in keys | {""}
        for step in filing.steps:
            assert step.do in get_args(Action)
            assert step.agency in codes["agency"] | {""}
            assert step.body in bodies | {""}


def test_everybody_acts_for_the_agency_that_is_responsible(play: Scenario, region: Pack) -> None:
    office = {row["code"]: row for row in region.rows("office")}
    parent = {row["code"]: row["parent"] for row in region.rows("agency")}
    holds = {holding.username: office[holding.office] for holding in reversed(play.holdings)}
    for filing in play.filings:
        for number, step in enumerate(filing.steps):
            before = perform(Filing(**{**vars(filing), "steps": filing.steps[:number]}))
            told = f"{filing.key}, step {number}: {step}"
            if step.by == REPORTER:
                assert step.do in ("reply", "dispute", "reopen", "close"), told
                continue
            mine = holds[step.by]["agency"]
            if step.do in ("take", "refuse"):
                assert mine == before.offered, told
            elif step.do in ("confirm", "refuse_claim"):
                assert before.claim is not None, told
                assert step.by != before.claim.by, told
                assert mine in (before.owner, parent[before.owner]), told
                assert holds[step.by]["role"] in SECOND_PEOPLE, told
            else:
                assert mine == before.owner, told


def test_scripts_run_forwards_and_end_in_the_past(play: Scenario) -> None:
    for filing in play.filings:
        moments = [0, *(step.after for step in filing.steps), filing.filed]
        assert moments == sorted(moments), filing.key
    hours = [act.hours_ago for act in play.acts()]
    assert hours == sorted(hours, reverse=True)


def test_there_is_somebody_in_every_role_and_in_every_kind_of_appointment(
    play: Scenario, region: Pack
) -> None:
    role = {row["code"]: row["role"] for row in region.rows("office")}
    assert {role[holding.office] for holding in play.holdings} == set(OFFICE_ROLES)
    assert {holding.kind for holding in play.holdings} == set(APPOINTMENT_KINDS)


def test_no_office_has_two_holders_at_once(play: Scenario) -> None:
    now = [h.office for h in play.holdings if h.until_days is None or h.until_days > 0]
    assert len(now) == len(set(now))


def test_the_play_shows_every_status_type_privacy_and_kind_of_lateness(play: Scenario) -> None:
    played = {filing.key: perform(filing) for filing in play.filings}
    assert {one.status for one in played.values()} == set(STATUSES)
    assert {filing.type for filing in play.filings} == set(COMPLAINT_TYPES)
    assert {filing.privacy for filing in play.filings} == {"open", "anonymous", "confidential"}
    assert {filing.channel for filing in play.filings} == set(CHANNELS)
    unanswered = [f for f in play.filings if f.filed > 48 and perform(f).status in ("received", "routed")]
    assert len(unanswered) >= 8
    assert sum((one.answered_after or 0) > 48 for one in played.values()) >= 3
    promises = [
        (f.filed, due)
        for f in play.filings
        for due in perform(f).promised
        if played[f.key].status == "in_progress"
    ]
    assert any(due > filed for filed, due in promises)
    assert any(due < filed for filed, due in promises)
    assert any(one.offered for one in played.values())
    assert any(one.claim and one.claim.do == "claim" for one in played.values())
    assert any(filing.duplicate_of for filing in play.filings)
    assert any(filing.language == "en" for filing in play.filings)
    assert any(filing.about for filing in play.filings)


def test_addresses_in_the_play_can_belong_to_nobody(play: Scenario) -> None:
    people = [*play.players, *play.filings]
    assert all(one.email.endswith(".example") for one in people if one.email)
    assert all(one.phone.startswith("0812-0000-") for one in people if one.phone)


def test_an_operator_has_taken_down_what_was_said_at_the_counter_and_on_the_telephone(
    play: Scenario, region: Pack
) -> None:
    role = {row["code"]: row["role"] for row in region.rows("office")}
    operators = {holding.username for holding in play.holdings if role[holding.office] == "operator"}
    for filing in play.filings:
        taken = filing.channel in ("counter", "phone")
        assert (filing.taken_by in operators) is taken, filing.key


def test_a_misspelt_field_is_refused(tmp_path: Path) -> None:
    for name in ("people.csv", "appointments.csv"):
        (tmp_path / name).write_text("username\n", encoding="utf-8")
    (tmp_path / "complaints.toml").write_text('[[complaint]]\nkey = "a"\nkanal = "web"\n', encoding="utf-8")
    with pytest.raises(ValueError, match="a: unknown field kanal"):
        load(tmp_path)
