"""Who read of a client, from which service, for what, and who was refused: newest first."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from ninehours.exchange.v1 import read_audit_service_pb2 as audit

from kernel.rpc.remote_refusal import RemoteRefusal
from kernel.services import SERVICES
from ninehours.console.pages.system.page import in_utc
from ninehours.console.services import ServiceAway
from ninehours.console.texts import words
from ninehours.console.visit import Screen, Visit

PATH = "/reads"
PAGE = 100  # of each service


def reads(visit: Visit) -> Screen:
    """Of the client whom the address names by id; older ones by what it says of each service."""
    client_id = visit.query.get("client", "").strip()
    wrong = bool(client_id) and not _is_id(client_id)
    older = {name: visit.query[name] for name in SERVICES if visit.query.get(name)}
    found: list[tuple[str, audit.AuditedRead]] = []
    further: dict[str, str] = {}
    away: list[str] = []
    for name in older or SERVICES:
        if wrong or not client_id:
            break
        try:
            answer = _asked(visit, name, client_id, older.get(name, ""))
        except ServiceAway:
            away.append(name)
            continue
        found += [(name, read) for read in answer.reads]
        if answer.next_page_token:
            further[name] = answer.next_page_token
    found.sort(key=lambda item: item[1].at.ToNanoseconds(), reverse=True)
    shown = {
        "client_id": client_id,
        "wrong": wrong,
        "away": away,
        "reads": [_row(service, read) for service, read in found],
        "older": f"{PATH}?{urlencode({'client': client_id, **further})}" if further else "",
        "begun": bool(older),
    }
    return Screen("reads.html", shown)


def _asked(visit: Visit, service: str, client_id: str, token: str) -> Any:
    """Others than intake may not know whose client it is: then nobody read there."""
    request = audit.ListReadsRequest(client_id=client_id, page_size=PAGE, page_token=token)
    try:
        return visit.ask(request, service=service)
    except RemoteRefusal as refusal:
        if service == "intake" or refusal.reason != "SITE_NOT_ALLOWED":
            raise
        return audit.ListReadsResponse()


def _row(service: str, read: audit.AuditedRead) -> Mapping[str, str]:
    return {
        "at": in_utc(read.at),
        "actor": read.actor,
        "roles": ", ".join(words().roles.get(role, role) for role in read.roles),
        "purpose": read.purpose.lower(),
        "service": service,
        "rpc": read.rpc.rpartition("/")[2],
        "outcome": read.outcome,
    }


def _is_id(text: str) -> bool:
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False
