"""Whose each session and template is, by its site; and each client, by what intake told."""

from ninehours.intake.v1 import intake_events_pb2 as intake

from kernel.messaging.public_facts import sites_by_facts
from kernel.rpc.policy import BindingKind
from kernel.store.store import Transaction
from services.attendance.app.streams import session_stream, template_stream
from services.attendance.domain.session import SESSION
from services.attendance.domain.template import TEMPLATE


def sites_of_client(tx: Transaction, client_id: str) -> frozenset[str]:
    return sites_by_facts(
        tx.connection,
        client_id,
        registered=intake.ClientRegistered,
        admitted=intake.ClientAdmitted,
        ended=intake.EpisodeClosed,
        on="closed_on",
    )


def site_of_session(tx: Transaction, session_id: str) -> frozenset[str]:
    session = SESSION.after(tx.load(session_stream(session_id)))
    return frozenset({session.scheduled.site_id} if session.scheduled else ())


def site_of_template(tx: Transaction, template_id: str) -> frozenset[str]:
    template = TEMPLATE.after(tx.load(template_stream(template_id)))
    return frozenset({template.defined.site_id} if template.defined else ())


KINDS = {
    "client": BindingKind(sites_of_client),
    "session": BindingKind(site_of_session),
    "template": BindingKind(site_of_template),
}
