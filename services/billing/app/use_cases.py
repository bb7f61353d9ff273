"""Billing's use cases but issuing, in the order in which things happen: one function a command."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from kernel.execute import Outcome, decided, record
from kernel.facts import Recorded, derived_id
from kernel.refusal import Unknown
from kernel.statements import standing, statements
from kernel.store.store import Context, Transaction
from services.billing.app.ports import BillingWriteSide
from services.billing.domain.authorizations.authorization import AUTHORIZATION, RecordAuthorization
from services.billing.domain.authorizations.waiver import WAIVER, BillWithoutAuthorization
from services.billing.domain.claims.claim import CLAIM, RecordAdjudication
from services.billing.domain.claims.settlement import SETTLEMENT, SettleRevocation
from services.billing.domain.payers.payer import (
    PAYER,
    ConfirmRuleSet,
    ProposeRuleSet,
    RegisterPayer,
)
from services.billing.domain.providers.practitioner import (
    PRACTITIONER,
    PractitionerNumbered,
    PractitionerRegistered,
    RegisterPractitioner,
    numbered,
)
from services.billing.domain.providers.provider import (
    PROVIDER,
    EnrollProvider,
    RegisterProvider,
    SetFee,
)


@dataclass(frozen=True, slots=True)
class NumberedAuthorization:
    """An authorization with the payer's own number of it."""

    command: RecordAuthorization
    number: str = field(repr=False)

    @property
    def authorization_id(self) -> str:
        return self.command.authorization_id


def register_provider(
    billing: BillingWriteSide, command: RegisterProvider, context: Context
) -> Outcome:
    subject = f"provider/{command.provider_id}"
    return billing.executor.execute(PROVIDER, subject, command, context, locks=[subject])


def set_fee(billing: BillingWriteSide, command: SetFee, context: Context) -> Outcome:
    """Sets a fee; every client billed by this provider is derived again."""
    subject = f"provider/{command.provider_id}"
    return billing.executor.execute(PROVIDER, subject, command, context, locks=[subject])


def enroll_provider(
    billing: BillingWriteSide, command: EnrollProvider, context: Context
) -> Outcome:
    """Records an enrollment; every client of the site is derived again.

    Refuses (Unknown) a payer that isn't registered, and a site that attendance didn't tell of.
    """
    return billing.executor.execute(
        PROVIDER,
        f"provider/{command.provider_id}",
        command,
        context,
        locks=[f"site/{command.site_id}"],
        before=must_be_known(billing, command.payer_id, site=command.site_id),
    )


def register_payer(billing: BillingWriteSide, command: RegisterPayer, context: Context) -> Outcome:
    return billing.executor.execute(PAYER, f"payer/{command.payer_id}", command, context)


def propose_rule_set(
    billing: BillingWriteSide, command: ProposeRuleSet, context: Context
) -> Outcome:
    return billing.executor.execute(PAYER, f"payer/{command.rules.payer_id}", command, context)


def confirm_rule_set(
    billing: BillingWriteSide, command: ConfirmRuleSet, context: Context
) -> Outcome:
    """Confirms a rule set; every client covered by this payer is derived again."""
    subject = f"payer/{command.payer_id}"
    return billing.executor.execute(PAYER, subject, command, context, locks=[subject])


def record_authorization(
    billing: BillingWriteSide, asked: NumberedAuthorization, context: Context
) -> Outcome:
    """Records an authorization; the payer's number is sealed under the client's key.

    Refuses (Unknown) a payer that isn't registered, and a client or a site nobody told of.
    """
    command = asked.command

    def sealing(tx: Transaction) -> None:
        sealed_number(tx, asked)

    return billing.executor.execute(
        AUTHORIZATION,
        f"authorization/{command.authorization_id}",
        command,
        context,
        locks=[f"client/{command.client_id}"],
        before=must_be_known(
            billing, command.payer_id, client=command.client_id, site=command.site_id
        ),
        sealing=sealing,
    )


def register_practitioner(
    billing: BillingWriteSide, command: RegisterPractitioner, context: Context
) -> Outcome:
    """Records how claims name a clinician.

    Refuses whom attendance didn't credential (Unknown), and another NPI than it told (NpiDiffers).
    """

    stream = f"practitioner/{command.staff_id}"

    def decide(tx: Transaction) -> Sequence[Recorded]:
        history = tx.load(stream)
        must_be_who_they_are(billing, tx, command)
        then = [*history, *decided(context, PRACTITIONER, stream, history, command)]
        numbers = record(context, stream, len(then), practitioner_numbers(then))
        return (*then[len(history) :], *numbers)

    return billing.executor.transact(context, decide, locks=[stream])


def practitioner_numbers(history: Sequence[Recorded]) -> Iterable[PractitionerNumbered]:
    """What follows of a practitioner's stream: the number by which claims name them from now on."""
    first = next(
        said.first.fact
        for said in statements(history)
        if isinstance(said.first.fact, PractitionerRegistered)
    )
    return numbered(first, [recorded.fact for recorded in standing(history)])


def must_be_who_they_are(
    billing: BillingWriteSide, tx: Transaction, command: RegisterPractitioner
) -> None:
    """Refuses whom attendance didn't credential (Unknown), and another NPI than it told."""
    must_be_known(billing, staff=command.staff_id)(tx)
    command.require_npi(billing.network.npi_of(tx, command.staff_id))


def bill_without_authorization(
    billing: BillingWriteSide, command: BillWithoutAuthorization, context: Context
) -> Outcome:
    """A named person waives the authorization of a date; the client is derived again.

    Refuses (Unknown) a payer that isn't registered, and a client of whom nobody told.
    """
    return billing.executor.execute(
        WAIVER,
        waiver_stream(command.client_id, command.payer_id, command.service_date),
        command,
        context,
        locks=[f"client/{command.client_id}"],
        before=must_be_known(billing, command.payer_id, client=command.client_id),
    )


def settle_revocation(
    billing: BillingWriteSide, settling: SettleRevocation, context: Context
) -> Outcome:
    """A named person says what the last revocation heard of means for dates before it."""
    client_id, payer_id = settling.client_id, settling.payer_id
    stream = settlement_stream(client_id, payer_id)

    def decide(tx: Transaction) -> Sequence[Recorded]:
        command = as_heard(billing, tx, settling)
        return decided(context, SETTLEMENT, stream, tx.load(stream), command)

    return billing.executor.transact(context, decide, locks=[f"client/{client_id}"])


def as_heard(
    billing: BillingWriteSide, tx: Transaction, settling: SettleRevocation
) -> SettleRevocation:
    """With the day of the last revocation that was heard of; refuses an unknown payer."""
    client_id, payer_id = settling.client_id, settling.payer_id
    must_be_known(billing, payer_id)(tx)
    revoked_on = billing.drafts.revoked(tx, payer_id, [client_id]).get(client_id)
    return replace(settling, revoked_on=revoked_on)


def record_adjudication(
    billing: BillingWriteSide, command: RecordAdjudication, context: Context
) -> Outcome:
    """Records the payer's word on a claim; the client is derived again."""
    stream = f"claim/{command.claim_id}"
    with billing.executor.store.transaction() as tx:
        history = tx.load(stream)
    issued = CLAIM.after(history).issued
    if issued is None:
        raise Unknown("claim", command.claim_id)
    command = replace(command, issued_on=history[0].at.date())
    return billing.executor.execute(
        CLAIM, stream, command, context, locks=[f"client/{issued.client_id}"]
    )


def waiver_stream(client_id: str, payer_id: str, service_date: date) -> str:
    return f"waiver/{derived_id('waiver', client_id, payer_id, service_date.isoformat())}"


def settlement_stream(client_id: str, payer_id: str) -> str:
    return f"settlement/{derived_id('settlement', client_id, payer_id)}"


def sealed_number(tx: Transaction, asked: NumberedAuthorization) -> int:
    """The version of the document in which the payer's number is sealed.

    The same number has the same version, so that whoever can't read it sees whether it differs.
    """
    owner, kind = (
        f"client/{asked.command.client_id}",
        authorization_document(asked.authorization_id),
    )
    number = asked.number.encode()
    newest = tx.documents.open(owner, kind)
    for version in range(1, newest.version if newest else 1):
        said = tx.documents.open(owner, kind, version)
        if said is not None and said.content == number:
            return version
    return tx.documents.put(owner, kind, number)


def authorization_document(authorization_id: str) -> str:
    """The kind of document that holds the payer's number."""
    return f"authorization/{authorization_id}"


def must_be_known(
    billing: BillingWriteSide, payer_id: str = "", **others: str
) -> Callable[[Transaction], None]:
    """Refuses (Unknown) a payer that isn't registered, and a site, staff or client nobody told of.

    What is left empty isn't asked.
    """

    def before(tx: Transaction) -> None:
        if payer_id and PAYER.after(tx.load(f"payer/{payer_id}")).registered is None:
            raise Unknown("payer", payer_id)
        for kind, key in others.items():
            if key and not billing.network.has(tx, kind, key):
                raise Unknown(kind, key)

    return before
