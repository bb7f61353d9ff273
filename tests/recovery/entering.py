"""People after a restore: they enter again what was lost, and know of claims that they left."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

from ninehours.billing.v1 import billing_service_pb2 as billing
from ninehours.billing.v1 import restore_service_pb2 as pb
from ninehours.common.v1 import common_pb2 as common

from kernel.rpc.connections import Connections
from kernel.rpc.tokens import Actor
from kernel.rpc.translate import date_of
from ninehours.cli.issue import export_batch
from ninehours.story import summary
from ninehours.story.gateway import BILLER, Gateway
from ninehours.story.people import InventedPeople
from ninehours.story.story import DemoStory
from tests.harness.rehearsing import Given, RecordingGateway
from tests.harness.x12.reading import ClaimSummary, claims_of

ISSUING = (billing.IssueClaimsRequest, billing.IssueCorrectionsRequest)


class Again(RecordingGateway):
    """The story's people, who give every command as they did; what issued claims is left to `left`.

    `before`: what was answered until the database was lost.
    """

    def __init__(
        self, services: Connections[Actor], before: Iterable[Given], left: "Left", **options: Any
    ) -> None:
        super().__init__(services, **options)
        self._left = left
        self._issued = {
            _asked(given.request): given for given in before if isinstance(given.request, ISSUING)
        }

    def give(self, actor: Actor, step: str, request: Any, now: datetime) -> Any:
        if (issued := self._issued.get(_asked(request))) is not None:
            return self._left.answer(self, issued)
        return super().give(actor, step, request, now)


def _asked(request: Any) -> tuple[Any, ...]:
    """What makes it the same order: a proposal may have another revision by now."""
    if not isinstance(request, ISSUING):
        return ()
    if isinstance(request, billing.IssueClaimsRequest):
        return request.payer_id, str(date_of(request, "through"))
    return request.payer_id, *sorted(proposal.claim_id for proposal in request.proposals)


@dataclass(kw_only=True)
class Tempted:
    """Somebody issues again what had left, before anybody said that it had."""

    reasons: set[str] = field(default_factory=set)
    batches: list[str] = field(default_factory=list)

    def issue(self, gateway: Gateway, given: Given) -> None:
        """Under another id."""
        request = type(given.request)()
        request.CopyFrom(given.request)
        request.meta.command_id = str(uuid4())
        answer = gateway.ask(BILLER, request, now=given.now)
        self.reasons |= {left_out.reason for left_out in answer.left_out}
        self.batches += answer.batch_ids


@dataclass(kw_only=True)
class Left:
    """What is done about claims that left when they were issued first.

    `batches`: as which claims are listed now of which no file is here.
    """

    tempted: Tempted = field(default_factory=Tempted)
    batches: set[str] = field(default_factory=set)
    story: DemoStory = field(init=False)

    def answer(self, again: Again, given: Given) -> Any:
        """What is answered when they are issued again."""
        raise NotImplementedError


class Recalled(Left):
    """Nothing: they are recorded again already, and whoever issued them knows their files."""

    def answer(self, again: Again, given: Given) -> Any:
        return given.answer


@dataclass(kw_only=True)
class FilesSent(Left):
    """By what was sent a person finds which drafts left; `files`: by batch, as they were exported.

    `known`: steps that the restored database knows of.
    """

    files: Mapping[str, Path]
    people: InventedPeople
    known: set[str]

    def answer(self, again: Again, given: Given) -> Any:
        """What each file says is recorded as sent; the claims are listed as another batch."""
        if given.step in self.known:
            return given.answer
        again.catch_up()
        self.tempted.issue(again, given)
        batches = [self._recorded(again, given, batch) for batch in given.answer.batch_ids]
        answer = type(given.answer)()
        answer.CopyFrom(given.answer)
        del answer.batch_ids[:]
        answer.batch_ids.extend(batches)
        return answer

    def _recorded(self, again: Again, given: Given, batch: str) -> str:
        members = {client.member_number: client.key for client in self.people.records}
        sent = claims_of(self.files[batch].read_bytes())
        request = pb.RecordSentClaimsRequest(
            payer_id=given.request.payer_id,
            claims=[self._sent_claim(again, given, claim, members) for claim in sent],
            reason=f"file {self.files[batch].name} was sent",
        )
        step = f"{given.step}: {self.files[batch].name} was sent"
        recorded = str(again.give(BILLER, step, request, given.now).batch_id)
        self.batches.add(recorded)
        return recorded

    def _sent_claim(
        self, again: Again, given: Given, sent: ClaimSummary, members: Mapping[str, str]
    ) -> pb.SentClaim:
        charge = common.Money(currency_code="USD", minor_units=sent.charge_minor)
        client_id = self.story.charts[members[sent.member_id]].client_id
        listed = list(summary.claims(again, client_id))
        if sent.payer_control_number:
            [about] = [c for c in listed if c.payer_control_number == sent.payer_control_number]
        else:
            [about] = [
                claim
                for claim in listed
                if claim.state == billing.CLAIM_STATE_DRAFTED
                and claim.payer_id == given.request.payer_id
                and _services(claim) == sorted(_line(line) for line in sent.lines)
            ]
        return pb.SentClaim(about_id=about.claim_id, number=sent.claim_id, charge=charge)


def _line(line: Any) -> tuple[Any, ...]:
    return (line.service_date, line.code, line.units, line.charge_minor)


def _services(claim: billing.Claim) -> list[tuple[Any, ...]]:
    return sorted(
        (date_of(line, "service_date"), line.code, line.units, line.charge.minor_units)
        for line in claim.lines
    )


def exported(gateway: RecordingGateway, batches: Iterable[str], folder: Path) -> dict[str, Path]:
    """Files as they were sent."""
    ask = partial(gateway.ask, BILLER)
    return {batch: export_batch(ask, batch, folder) for batch in batches}


def sent_twice(files: Iterable[Path]) -> Sequence[tuple[Any, ...]]:
    """Member, payer, date and code that two originals bill, in whichever files."""
    found: dict[tuple[Any, ...], set[str]] = {}
    for file in files:
        for claim in claims_of(file.read_bytes()):
            if claim.frequency in {"7", "8"}:
                continue
            for line in claim.lines:
                service = (claim.member_id, claim.payer_id, line.service_date, line.code)
                found.setdefault(service, set()).add(f"{file.name} {claim.claim_id}")
    return [(*service, claims) for service, claims in sorted(found.items()) if len(claims) > 1]
