"""What is said of what waits: signed, certified, refused, accepted, overridden, attested."""

from collections.abc import Callable, Mapping
from datetime import date
from functools import partial

from google.protobuf.message import Message
from ninehours.attendance.v1 import attendance_service_pb2 as attendance
from ninehours.common.v1 import common_pb2 as common
from ninehours.plans.v1 import plans_service_pb2 as plans

from kernel.rpc.translate import to_date
from ninehours.console.pages.today.acts import meta_of
from ninehours.console.texts import words
from ninehours.console.visit import NoSuchPage, Visit

REASONS = [name for name in plans.RefusalReason.keys() if not name.endswith("UNSPECIFIED")]  # noqa: SIM118 - an enum wrapper


class UnclearDecision(Exception):
    """What was typed can't be sent; the text is for who typed it."""

    def __init__(self, says: str, at: str) -> None:
        super().__init__(says)
        self.says, self.at = says, at


def decision(visit: Visit) -> Message:
    """The command of the button that was pressed; UnclearDecision."""
    act = visit.form.get("act", "")
    if act not in DECISIONS:
        raise NoSuchPage
    return DECISIONS[act](visit.form, meta_of(visit, act))


Form = Mapping[str, str]


def _sign(form: Form, meta: common.CommandMeta, *, role: plans.SignerRole) -> Message:
    return plans.SignPlanRequest(
        meta=meta,
        plan_id=form.get("about", ""),
        signer_role=role,
        signed_on=_day(form, "signed_on"),
    )


def _refuse(form: Form, meta: common.CommandMeta) -> Message:
    if form.get("reason", "") not in REASONS:
        raise UnclearDecision(words().to_sign.no_reason, "reason")
    who = "CLIENT" if form.get("who") == "client" else "CLINICIAN"
    return plans.RefusePlanRequest(
        meta=meta,
        plan_id=form.get("about", ""),
        signer_role=f"SIGNER_ROLE_{who}",
        reason=form["reason"],
        refused_on=_day(form, "signed_on"),
    )


def _certify(form: Form, meta: common.CommandMeta) -> Message:
    return plans.CertifyPlanRequest(
        meta=meta,
        plan_id=form.get("about", ""),
        certified_on=_day(form, "certified_on"),
        recertify_by=_day(form, "recertify_by"),
    )


def _accept(form: Form, meta: common.CommandMeta) -> Message:
    accepted = _decided(form, meta, accept=True)
    if level := form.get("level_of_care", "").strip():
        accepted.level_of_care = level
        accepted.effective_from.CopyFrom(_day(form, "effective_from"))
    return accepted


def _override(form: Form, meta: common.CommandMeta) -> Message:
    overridden = _decided(form, meta, accept=False)
    if not overridden.reason:
        raise UnclearDecision(words().to_sign.no_why, "reason")
    return overridden


def _decided(
    form: Form, meta: common.CommandMeta, *, accept: bool
) -> plans.DecideRecommendationRequest:
    return plans.DecideRecommendationRequest(
        meta=meta,
        client_id=form.get("client", ""),
        recommendation_id=form.get("about", ""),
        accept=accept,
        reason=form.get("reason", "").strip(),
    )


def _attest_note(form: Form, meta: common.CommandMeta) -> Message:
    statement = form.get("statement", "").strip()
    if not statement:
        raise UnclearDecision(words().notes.no_statement, "statement")
    return attendance.AttestNoteRequest(
        meta=meta,
        session_id=form.get("about", "").partition(".")[0],
        client_id=form.get("client", ""),
        statement=statement,
    )


DECISIONS: Mapping[str, Callable[[Form, common.CommandMeta], Message]] = {
    "sign": partial(_sign, role=plans.SIGNER_ROLE_CLINICIAN),
    "attest": partial(_sign, role=plans.SIGNER_ROLE_CLIENT),
    "refuse": _refuse,
    "certify": _certify,
    "accept": _accept,
    "override": _override,
    "attest_note": _attest_note,
}
FIELDS = ("signed_on", "certified_on", "recertify_by", "level_of_care", "effective_from")
"""Where services' refusals stand, beside `reason` and `statement`."""


def _day(form: Form, name: str) -> common.Date:
    try:
        return to_date(date.fromisoformat(form.get(name, "")))
    except ValueError:
        raise UnclearDecision(words().to_sign.no_day, name) from None
