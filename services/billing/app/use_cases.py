"""Billing's use cases but issuing, in the order in which things happen: one function a command."""

from collections.abc import Sequence
from dataclasses import replace

from kernel.execute import Book, Outcome, record, refuse_stale
from kernel.facts import Recorded, derived_id
from kernel.refusal import Unknown
from kernel.store.store import Context, Transaction
from services.billing.app.ports import Drafts, Network
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
from services.billing.domain.providers.practitioner import PRACTITIONER, RegisterPractitioner
from services.billing.domain.providers.provider import (
    PROVIDER,
    EnrollProvider,
    RegisterProvider,
    SetFee,
)


def register_provider(book: Book, command: RegisterProvider, context: Context) -> Outcome:
    return book.execute(PROVIDER, f"provider/{command.provider_id}", command, context)


def set_fee(book: Book, command: SetFee, context: Context) -> Outcome:
    """Sets a fee; every client billed by this provider is derived again."""
    subject = f"provider/{command.provider_id}"
    return book.execute(PROVIDER, subject, command, context, locks=[subject])


def enroll_provider(
    book: Book, network: Network, command: EnrollProvider, context: Context
) -> Outcome:
    """Records an enrollment; every client of the site is derived again.

    Refuses (Unknown) a payer that isn't registered, and a site that attendance didn't tell of.
    """

    def before(tx: Transaction) -> None:
        _payer_must_exist(tx, command.payer_id)
        _must_be_told(tx, network, "site", command.site_id)

    return book.execute(
        PROVIDER,
        f"provider/{command.provider_id}",
        command,
        context,
        locks=[f"site/{command.site_id}"],
        before=before,
    )


def register_payer(book: Book, command: RegisterPayer, context: Context) -> Outcome:
    return book.execute(PAYER, f"payer/{command.payer_id}", command, context)


def propose_rule_set(book: Book, command: ProposeRuleSet, context: Context) -> Outcome:
    return book.execute(PAYER, f"payer/{command.rules.payer_id}", command, context)


def confirm_rule_set(book: Book, command: ConfirmRuleSet, context: Context) -> Outcome:
    """Confirms a rule set; every client covered by this payer is derived again."""
    subject = f"payer/{command.payer_id}"
    return book.execute(PAYER, subject, command, context, locks=[subject])


def record_authorization(
    book: Book, network: Network, command: RecordAuthorization, number: str, context: Context
) -> Outcome:
    """Records an authorization; the payer's number is sealed under the client's key.

    Refuses (Unknown) a payer that isn't registered, and a client or a site nobody told of.
    """

    def before(tx: Transaction) -> None:
        _payer_must_exist(tx, command.payer_id)
        _must_be_told(tx, network, "client", command.client_id)
        if command.site_id:
            _must_be_told(tx, network, "site", command.site_id)

    def sealing(tx: Transaction) -> None:
        tx.documents.put(
            f"client/{command.client_id}",
            authorization_document(command.authorization_id),
            number.encode(),
        )

    return book.execute(
        AUTHORIZATION,
        f"authorization/{command.authorization_id}",
        command,
        context,
        locks=[f"client/{command.client_id}"],
        before=before,
        sealing=sealing,
    )


def register_practitioner(
    book: Book, network: Network, command: RegisterPractitioner, context: Context
) -> Outcome:
    """Records how claims name a clinician.

    Refuses whom attendance didn't credential (Unknown), and another NPI than it told (NpiDiffers).
    """

    def before(tx: Transaction) -> None:
        _must_be_told(tx, network, "staff", command.staff_id)
        command.require_npi(network.npi_of(tx, command.staff_id))

    return book.execute(
        PRACTITIONER,
        f"practitioner/{command.staff_id}",
        command,
        context,
        before=before,
    )


def bill_without_authorization(
    book: Book, network: Network, command: BillWithoutAuthorization, context: Context
) -> Outcome:
    """A named person waives the authorization of a date; the client is derived again.

    Refuses (Unknown) a payer that isn't registered, and a client of whom nobody told.
    """

    def before(tx: Transaction) -> None:
        _payer_must_exist(tx, command.payer_id)
        _must_be_told(tx, network, "client", command.client_id)

    waiver_id = derived_id(
        "waiver", command.client_id, command.payer_id, command.service_date.isoformat()
    )
    return book.execute(
        WAIVER,
        f"waiver/{waiver_id}",
        command,
        context,
        locks=[f"client/{command.client_id}"],
        before=before,
    )


def settle_revocation(
    book: Book, drafts: Drafts, settling: SettleRevocation, context: Context
) -> Outcome:
    """A named person says what the last revocation heard of means for dates before it."""
    client_id, payer_id = settling.client_id, settling.payer_id
    stream = f"settlement/{derived_id('settlement', client_id, payer_id)}"

    def decide(tx: Transaction) -> Sequence[Recorded]:
        _payer_must_exist(tx, payer_id)
        history = tx.load(stream)
        refuse_stale(context, len(history))
        revoked_on = drafts.revoked(tx, payer_id, [client_id]).get(client_id)
        settled = SETTLEMENT.after(history)
        facts = SETTLEMENT.decide(replace(settling, revoked_on=revoked_on), settled)
        return record(context, stream, len(history), facts)

    return book.transact(context, decide, locks=[f"client/{client_id}"])


def record_adjudication(book: Book, command: RecordAdjudication, context: Context) -> Outcome:
    """Records the payer's word on a claim; the client is derived again."""
    stream = f"claim/{command.claim_id}"
    with book.store.transaction() as tx:
        history = tx.load(stream)
    issued = CLAIM.after(history).issued
    if issued is None:
        raise Unknown("claim", command.claim_id)
    command = replace(command, issued_on=history[0].at.date())
    return book.execute(CLAIM, stream, command, context, locks=[f"client/{issued.client_id}"])


def authorization_document(authorization_id: str) -> str:
    """The kind of document that holds the payer's number."""
    return f"authorization/{authorization_id}"


def _payer_must_exist(tx: Transaction, payer_id: str) -> None:
    if not tx.load(f"payer/{payer_id}"):
        raise Unknown("payer", payer_id)


def _must_be_told(tx: Transaction, network: Network, kind: str, key: str) -> None:
    if not network.has(tx, kind, key):
        raise Unknown(kind, key)
