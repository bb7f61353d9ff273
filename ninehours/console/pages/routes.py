"""Which page answers which address, and what of them each role finds in its menu."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from starlette.routing import compile_path

from kernel.roles import Role
from ninehours.console.pages.chart.assessing import answer, assess, choose
from ninehours.console.pages.chart.page import chart
from ninehours.console.pages.claims.acts import ask_answer, ask_of_day, say_answer, say_of_day
from ninehours.console.pages.claims.page import batch, claim
from ninehours.console.pages.clients import acts, client, doubles, finding, merging, registering
from ninehours.console.pages.home import home
from ninehours.console.pages.issue.corrections import correct, corrections
from ninehours.console.pages.issue.page import issue, leave
from ninehours.console.pages.my_day.drafting import ask_draft, say_draft
from ninehours.console.pages.my_day.notes import (
    add_to_notes,
    attest_notes,
    keep_notes,
    notes,
    sign_notes,
)
from ninehours.console.pages.my_day.page import my_day
from ninehours.console.pages.my_day.reviewing import ask_review, say_review
from ninehours.console.pages.my_day.safety import ask_of_task, say_of_task
from ninehours.console.pages.system.page import system
from ninehours.console.pages.system.parked import give_up, parked, release
from ninehours.console.pages.system.reads import reads
from ninehours.console.pages.to_sign.page import decide, to_sign
from ninehours.console.pages.today.acts import record
from ninehours.console.pages.today.cancelling import ask_before_cancelling, cancel, take_back
from ninehours.console.pages.today.closing import ask_before_closing, close
from ninehours.console.pages.today.correcting import ask_who_was_there, say_who_was_there
from ninehours.console.pages.today.finding import find
from ninehours.console.pages.today.page import today
from ninehours.console.pages.what_if.page import replay, what_if
from ninehours.console.pages.why.page import why_claim, why_day, why_fact, why_level
from ninehours.console.pages.worklist.page import worklist, worklist_file
from ninehours.console.pages.worklist.saved import drop, keep
from ninehours.console.people import Person
from ninehours.console.texts import words
from ninehours.console.visit import Page

PAGES: Mapping[tuple[str, str], Page] = {
    ("GET", "/"): home,
    ("GET", "/my-day"): my_day,
    ("GET", "/my-day/notes"): notes,
    ("POST", "/my-day/notes/sign"): sign_notes,
    ("POST", "/my-day/notes/draft"): keep_notes,
    ("POST", "/my-day/notes/add"): add_to_notes,
    ("POST", "/my-day/notes/attest"): attest_notes,
    ("GET", "/my-day/safety/{client_id}/{task_id}/{act}"): ask_of_task,
    ("POST", "/my-day/safety/{client_id}/{task_id}/{act}"): say_of_task,
    ("GET", "/my-day/plans/{client_id}/{plan_id}/review"): ask_review,
    ("POST", "/my-day/plans/{client_id}/{plan_id}/review"): say_review,
    ("GET", "/my-day/plans/{client_id}/{episode_id}/draft"): ask_draft,
    ("POST", "/my-day/plans/{client_id}/{episode_id}/draft"): say_draft,
    ("GET", "/to-sign"): to_sign,
    ("POST", "/to-sign/decide"): decide,
    ("GET", "/today"): today,
    ("POST", "/today/find"): find,
    ("POST", "/today/record"): record,
    ("GET", "/today/close"): ask_before_closing,
    ("POST", "/today/close"): close,
    ("GET", "/today/cancel"): ask_before_cancelling,
    ("POST", "/today/cancel"): cancel,
    ("POST", "/today/cancel/take-back"): take_back,
    ("GET", "/today/was-there/{site}/{on}/{session}/{client_id}"): ask_who_was_there,
    ("POST", "/today/was-there/{site}/{on}/{session}/{client_id}"): say_who_was_there,
    ("GET", "/worklist"): worklist,
    ("GET", "/worklist/file"): worklist_file,
    ("POST", "/worklist/views"): keep,
    ("POST", "/worklist/views/drop"): drop,
    ("GET", "/clients/{client_id}/chart"): chart,
    ("GET", "/clients/{client_id}/assess"): choose,
    ("GET", "/clients/{client_id}/assess/{instrument}"): assess,
    ("POST", "/clients/{client_id}/assess/{instrument}"): answer,
    ("GET", "/clients"): finding.find,
    ("POST", "/clients"): finding.found,
    ("GET", "/clients/new"): registering.ask,
    ("POST", "/clients/new"): registering.register,
    ("GET", "/clients/{client_id}"): client.client,
    ("GET", "/clients/{client_id}/say/{kind}"): acts.ask_anew,
    ("POST", "/clients/{client_id}/say/{kind}"): acts.say_anew,
    ("GET", "/clients/{client_id}/statements/{statement_id}/{mode}"): acts.ask_otherwise,
    ("POST", "/clients/{client_id}/statements/{statement_id}/{mode}"): acts.say_otherwise,
    ("GET", "/clients/{client_id}/doubles/{other_client_id}"): doubles.ask_of_double,
    ("POST", "/clients/{client_id}/doubles/{other_client_id}"): doubles.say_of_double,
    ("GET", "/clients/{client_id}/doubles/{other_client_id}/{act}"): merging.ask_of_merge,
    ("POST", "/clients/{client_id}/doubles/{other_client_id}/{act}"): merging.say_of_merge,
    ("GET", "/claims/{claim_id}"): claim,
    ("GET", "/claims/{claim_id}/answer"): ask_answer,
    ("POST", "/claims/{claim_id}/answer"): say_answer,
    ("GET", "/claims/batches/{batch_id}"): batch,
    ("GET", "/days/{client_id}/{service_date}/{act}"): ask_of_day,
    ("POST", "/days/{client_id}/{service_date}/{act}"): say_of_day,
    ("GET", "/issue"): issue,
    ("POST", "/issue"): leave,
    ("GET", "/issue/corrections"): corrections,
    ("POST", "/issue/corrections"): correct,
    ("GET", "/what-if"): what_if,
    ("POST", "/what-if"): replay,
    ("GET", "/why/days/{client_id}/{service_date}"): why_day,
    ("GET", "/why/claims/{claim_id}"): why_claim,
    ("GET", "/why/levels/{client_id}"): why_level,
    ("GET", "/why/facts/{fact_id}"): why_fact,
    ("GET", "/system"): system,
    ("GET", "/system/parked"): parked,
    ("POST", "/system/parked/release"): release,
    ("POST", "/system/parked/give-up"): give_up,
    ("GET", "/reads"): reads,
}
_SHAPES = [(method, compile_path(path)[0]) for method, path in PAGES]
DESK = frozenset({Role.FRONT_DESK, Role.CLINICIAN})
CLINIC = frozenset({Role.CLINICIAN})
BILLERS = frozenset({Role.BILLER})
WORK = {
    "/my-day": CLINIC,
    "/to-sign": CLINIC,
    "/today": DESK,
    "/clients": DESK | BILLERS,
    "/system": frozenset({Role.OPERATOR}),
    "/worklist": BILLERS | {Role.OPERATOR},
    "/issue": BILLERS,
    "/what-if": BILLERS,
    "/reads": frozenset({Role.ADMINISTRATOR}),
}
"""What stands in whose menu, in this order."""


def answers(method: str, path: str) -> bool:
    """Whether there is a page at that address."""
    return any(method == asked and shape.match(path) for asked, shape in _SHAPES)


@dataclass(frozen=True, slots=True)
class Place:
    """What stands in a menu."""

    path: str
    name: str


def places_of(person: Person) -> Sequence[Place]:
    """Those that a role works in."""
    titles = {
        "/my-day": words().my_day.title,
        "/to-sign": words().to_sign.title,
        "/today": words().today.title,
        "/clients": words().clients.title,
        "/worklist": words().worklist.title,
        "/issue": words().issue.title,
        "/system": words().system.title,
        "/reads": words().reads.title,
        "/what-if": words().what_if.title,
    }
    return [Place(path, titles[path]) for path, roles in WORK.items() if person.role in roles]
