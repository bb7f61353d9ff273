"""What others hear of billing: the one place where private facts and derived rows become public."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from google.protobuf.message import Message
from ninehours.billing.v1 import billing_events_pb2 as public

from kernel.facts import Publication, Recorded, publication_of
from kernel.rpc.translate import to_date
from services.billing.adapters import messages
from services.billing.adapters.rule_sets import message_of
from services.billing.domain import projection as derive
from services.billing.domain.authorizations import authorization, waiver
from services.billing.domain.claims import claim, issue, settlement
from services.billing.domain.payers import payer
from services.billing.domain.providers import provider


def publish(recorded: Recorded) -> Iterable[Publication]:
    """The public facts of one private fact, each with its subject and label.

    None of a practitioner: names of staff stay here.
    """
    for subject, message, under_part2 in _public(recorded.fact):
        label = "PART2" if under_part2 else "HIPAA"
        yield publication_of(recorded, subject, message, label=label)


def publish_row(kind: str, content: Mapping[str, Any], revision: int, withdrawn: bool) -> Message:
    """The public fact of a derived row that changed."""
    of_kind = {
        derive.SERVICE_DAY: messages.service_day,
        derive.DRAFT_CLAIM: messages.draft_claim,
        derive.PROPOSAL: messages.proposal,
    }
    return of_kind[kind](content, revision, withdrawn)


def _public(fact: object) -> Iterator[tuple[str, Message, bool]]:
    match fact:
        case provider.ProviderRegistered():
            registered = public.ProviderRegistered(
                provider_id=fact.provider_id, npi=fact.npi, taxonomy=fact.taxonomy
            )
            yield f"provider/{fact.provider_id}", registered, False
        case provider.FeeSet():
            yield f"provider/{fact.provider_id}", messages.fee(fact), False
        case provider.ProviderEnrolled():
            yield f"site/{fact.site_id}", messages.enrolled(fact), False
        case payer.PayerRegistered():
            history = public.PayerRegistered(payer_id=fact.payer_id, name=fact.name)
            yield f"payer/{fact.payer_id}", history, False
        case payer.RuleSetConfirmed(rules=rules):
            confirmed = public.RuleSetConfirmed(
                payer_id=rules.payer_id,
                rule_set=message_of(rules),
                confirmed_by=fact.confirmed_by,
            )
            yield f"payer/{rules.payer_id}", confirmed, False
        case issue.ClaimIssued():
            yield f"client/{fact.client_id}", messages.issued(fact), fact.under_part2
            yield f"client/{fact.client_id}", messages.disclosed(fact), fact.under_part2
        case _:
            yield from _of_client(fact)


def _of_client(fact: object) -> Iterator[tuple[str, Message, bool]]:
    """Where it isn't said which program it is about: the strict label."""
    match fact:
        case authorization.AuthorizationRecorded():
            yield f"client/{fact.client_id}", messages.authorized(fact), True
        case waiver.AuthorizationWaived():
            waived = public.AuthorizationWaived(
                client_id=fact.client_id,
                payer_id=fact.payer_id,
                service_date=to_date(fact.service_date),
                waived_by=fact.waived_by,
                reason=fact.reason,
            )
            yield f"client/{fact.client_id}", waived, True
        case settlement.RevocationSettled():
            settled = public.RevocationSettled(
                client_id=fact.client_id,
                payer_id=fact.payer_id,
                disclose=fact.disclose,
                settled_by=fact.settled_by,
                revoked_on=to_date(fact.revoked_on) if fact.revoked_on else None,
            )
            yield f"client/{fact.client_id}", settled, True
        case claim.ClaimAdjudicated():
            yield f"client/{fact.client_id}", messages.adjudicated(fact), fact.under_part2
        case claim.ClaimReplaced():
            replaced = public.ClaimReplaced(
                client_id=fact.client_id,
                claim_id=fact.claim_id,
                replaced_by_claim_id=fact.replaced_by_claim_id,
            )
            yield f"client/{fact.client_id}", replaced, fact.under_part2
        case claim.ClaimVoided():
            voided = public.ClaimVoided(
                client_id=fact.client_id,
                claim_id=fact.claim_id,
                voided_by_claim_id=fact.voided_by_claim_id,
            )
            yield f"client/{fact.client_id}", voided, fact.under_part2
