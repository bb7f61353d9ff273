"""Whose each session, template and statement is, by its site; and each client, by what intake
told."""

from typing import Any
from uuid import UUID

from ninehours.intake.v1 import intake_events_pb2 as intake

from kernel.messaging.public_facts import sites_by_facts
from kernel.refusal import Unknown
from kernel.rpc.policy import BindingKind
from kernel.store.store import Transaction
from services.attendance.app.statements import first_said
from services.attendance.app.streams import session_stream, template_stream
from services.attendance.domain.session import SESSION
from services.attendance.domain.site import SiteOpened
from services.attendance.domain.template import TemplateDefined


def sites_of_client(tx: Transaction, client_id: str) -> frozenset[str]:
    return sites_by_facts(
        tx.connection,
        client_id,
        registered=intake.ClientRegistered,
        admitted=intake.ClientAdmitted,
        transferred=intake.ClientTransferred,
        ended=intake.EpisodeClosed,
        on="closed_on",
    )


def site_of_session(tx: Transaction, session_id: str) -> frozenset[str]:
    session = SESSION.after(tx.load(session_stream(session_id)))
    return frozenset({session.scheduled.site_id} if session.scheduled else ())


def site_of_template(tx: Transaction, template_id: str) -> frozenset[str]:
    """Of one that was taken back, too."""
    for recorded in tx.load(template_stream(template_id)):
        if isinstance(recorded.fact, TemplateDefined):
            return frozenset({recorded.fact.site_id})
    return frozenset()


def site_of_said(tx: Transaction, said: Any) -> str:
    """Of what was said of a site, or at one of its sessions; empty: it is the network's."""
    if hasattr(said, "site_id"):
        return str(said.site_id)
    if not hasattr(said, "session_id"):
        return ""
    [site_id] = site_of_session(tx, said.session_id)
    return site_id


def sites_of_statement(tx: Transaction, statement_id: str) -> frozenset[str]:
    """None of what nobody said here, or can't put right; nor of what the network alone says."""
    try:
        said = first_said(tx, UUID(statement_id)).fact
    except Unknown:
        return frozenset()
    site_id = "" if isinstance(said, SiteOpened) else site_of_said(tx, said)
    return frozenset({site_id} if site_id else ())


KINDS = {
    "client": BindingKind(sites_of_client),
    "session": BindingKind(site_of_session),
    "statement": BindingKind(sites_of_statement),
    "template": BindingKind(site_of_template),
}
