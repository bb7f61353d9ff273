"""Originals of a payer, of periods that ended by a day: looked at first, then issued, once."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from http import HTTPStatus
from typing import Any
from uuid import uuid4

import grpc
from ninehours.billing.v1 import billing_service_pb2 as pb

from kernel.roles import Role
from kernel.rpc.remote_refusal import RemoteRefusal
from kernel.rpc.translate import to_date
from ninehours.console.directories import by_name, payers_named
from ninehours.console.forms.refusals import at_fields, says_of
from ninehours.console.pages.issue.leaving import LONGEST, command_of, leaving_of
from ninehours.console.texts import words
from ninehours.console.visit import GoTo, Screen, Visit
from ninehours.told.amounts import dollars

FIELDS = {"payer_id": "payer", "through": "through"}
TROUBLES = frozenset(
    {
        grpc.StatusCode.PERMISSION_DENIED,
        grpc.StatusCode.NOT_FOUND,
        grpc.StatusCode.UNAUTHENTICATED,
    }
)


def issue(visit: Visit) -> Screen:
    """Whose, and by when; of both, what would leave."""
    return _screen(visit, visit.query, str(uuid4()))


def leave(visit: Visit) -> Screen | GoTo:
    """They leave; sent again, the same is answered."""
    command_id = command_of(visit)
    through = _day(visit.form.get("through", ""))
    if through is None:
        return _screen(visit, visit.form, command_id)
    try:
        answer = visit.ask(_request(visit.form, through, command_id), deadline=LONGEST)
    except RemoteRefusal as refusal:
        return _screen(visit, visit.form, command_id, _wrong(refusal))
    shown = {
        "says": words().issue.left.format(
            claims=_counted(answer.claims), charge=dollars(answer.charge.minor_units)
        ),
        "leaving": leaving_of(visit, answer, has_left=True),
    }
    return Screen("issued.html", shown)


def _screen(
    visit: Visit, said: Mapping[str, str], command_id: str, wrong: Mapping[str, str] | None = None
) -> Screen:
    payers = payers_named(visit)
    payer, text = said.get("payer", ""), said.get("through", "")
    through = _day(text)
    wrong = dict(wrong or {})
    if text and through is None:
        wrong["through"] = words().worklist.no_date
    answer: Any = None
    if payer and through is not None and not wrong:
        try:
            answer = visit.ask(_request(said, through, command_id, dry_run=True), deadline=LONGEST)
        except RemoteRefusal as refusal:
            wrong = dict(_wrong(refusal))
    shown = {
        "payers": by_name(payers),
        "payer": payer,
        "payer_name": payers.get(payer, payer),
        "through": text or str(datetime.now(UTC).date()),
        "wrong": wrong,
        "command_id": command_id,
        "may_issue": visit.person.role is Role.BILLER,
        "leaving": leaving_of(visit, answer, has_left=False) if answer is not None else None,
        "claims": _counted(answer.claims) if answer is not None and answer.claims else "",
        "charge": dollars(answer.charge.minor_units) if answer is not None else "",
    }
    return Screen("issue.html", shown, HTTPStatus.UNPROCESSABLE_ENTITY if wrong else 200)


def _counted(claims: int) -> str:
    told = words().issue
    return str(told.one_claim if claims == 1 else told.claims.format(count=claims))


def _request(
    said: Mapping[str, str], through: date, command_id: str, *, dry_run: bool = False
) -> pb.IssueClaimsRequest:
    request = pb.IssueClaimsRequest(payer_id=said.get("payer", ""), through=to_date(through))
    request.meta.command_id, request.meta.dry_run = command_id, dry_run
    return request


def _wrong(refusal: RemoteRefusal) -> Mapping[str, str]:
    """At the fields of the form; what is about none of them, of the whole. Raises it again where
    there is no page for whoever asks."""
    if refusal.code in TROUBLES:
        raise refusal
    found = at_fields(refusal, FIELDS)
    at = {FIELDS[name]: says for name, says in found.at.items()}
    return at if at else {"whole": found.whole or says_of(refusal)}


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None
