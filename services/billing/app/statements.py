"""What billing was told is put right, under the locks of the command that records it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from kernel import putting_right
from kernel.decider import Decider
from kernel.execute import Outcome
from kernel.facts import Recorded
from kernel.refusal import Malformed
from kernel.statements import PutRight
from kernel.store.store import Context, Transaction
from services.billing.app.ports import BillingWriteSide
from services.billing.app.use_cases import (
    NumberedAuthorization,
    as_heard,
    must_be_known,
    must_be_who_they_are,
    practitioner_numbers,
    sealed_number,
)
from services.billing.domain.authorizations.authorization import (
    AUTHORIZATION,
    AuthorizationRecorded,
)
from services.billing.domain.authorizations.waiver import (
    WAIVER,
    AuthorizationWaived,
    BillWithoutAuthorization,
)
from services.billing.domain.claims.claim import CLAIM, ClaimAdjudicated, RecordAdjudication
from services.billing.domain.claims.settlement import (
    SETTLEMENT,
    RevocationSettled,
    SettleRevocation,
)
from services.billing.domain.payers import payer
from services.billing.domain.payers.payer import PAYER, PayerRegistered, RegisterPayer
from services.billing.domain.providers import provider
from services.billing.domain.providers.practitioner import (
    PRACTITIONER,
    PractitionerRegistered,
    RegisterPractitioner,
)
from services.billing.domain.providers.provider import (
    PROVIDER,
    EnrollProvider,
    FeeSet,
    ProviderEnrolled,
    ProviderRegistered,
    RegisterProvider,
    SetFee,
)

Command = Callable[[BillingWriteSide, Transaction, Any, Any], Any]
"""Of what is said instead, and what is said now, the command; refuses what isn't known."""


def nobody_needs_it(_: Any, __: Any) -> None:
    """For what can be taken back whatever else was said."""


def nothing_follows(_: Sequence[Recorded]) -> Iterable[Any]:
    """For what brings nothing about beside itself."""
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of statement: who decides what may be said, and of what.

    `about`: the field with the id of the subject it is about, which is locked. `kept`: what no
    revision changes. `without`: refuses to take it back, of the state that the others make.
    `follow`: what follows in its stream, as that is then.
    """

    decider: Decider[Any, Any, Any]
    command: Command
    about: str = "client_id"
    kept: Sequence[str] = ("client_id",)
    without: Callable[[Any, Any], None] = nobody_needs_it
    follow: Callable[[Sequence[Recorded]], Iterable[Any]] = nothing_follows

    def subject(self, fact: Any) -> str:
        """What it is about."""
        return f"{self.about.removesuffix('_id')}/{getattr(fact, self.about)}"

    def owner(self, first: Recorded) -> str:
        """Under whose key the remark is sealed: the client's, else that of its stream."""
        return self.subject(first.fact) if self.about == "client_id" else first.stream


def _authorization(
    billing: BillingWriteSide, tx: Transaction, asked: NumberedAuthorization, now: Any
) -> Any:
    command = replace(asked.command, authorization_id=now.authorization_id)
    known = must_be_known(billing, command.payer_id, site=command.site_id)
    known(tx)
    version = sealed_number(tx, replace(asked, command=command))
    return replace(command, number_version=version)


def _waiver(
    billing: BillingWriteSide, tx: Transaction, asked: BillWithoutAuthorization, now: Any
) -> Any:
    must_be_known(billing, asked.payer_id)(tx)
    return replace(asked, waived_by=now.waived_by)


def _answer(_: BillingWriteSide, tx: Transaction, asked: RecordAdjudication, now: Any) -> Any:
    issued = tx.load(f"claim/{now.claim_id}")[0]
    return replace(asked, issued_on=issued.at.date())


def _settlement(
    billing: BillingWriteSide, tx: Transaction, asked: SettleRevocation, now: Any
) -> Any:
    return replace(as_heard(billing, tx, asked), settled_by=now.settled_by)


def _payer(_: BillingWriteSide, __: Transaction, asked: RegisterPayer, now: Any) -> Any:
    return replace(asked, payer_id=now.payer_id)


def _provider(_: BillingWriteSide, __: Transaction, asked: RegisterProvider, now: Any) -> Any:
    return replace(asked, provider_id=now.provider_id)


def _practitioner(
    billing: BillingWriteSide, tx: Transaction, asked: RegisterPractitioner, _: Any
) -> Any:
    must_be_who_they_are(billing, tx, asked)
    return asked


def _enrollment(billing: BillingWriteSide, tx: Transaction, asked: EnrollProvider, _: Any) -> Any:
    must_be_known(billing, asked.payer_id)(tx)
    return asked


def _fee(_: BillingWriteSide, __: Transaction, asked: SetFee, ___: Any) -> Any:
    return asked


KINDS: Mapping[type, Kind] = {
    AuthorizationRecorded: Kind(decider=AUTHORIZATION, command=_authorization),
    AuthorizationWaived: Kind(
        decider=WAIVER, command=_waiver, kept=("client_id", "payer_id", "service_date")
    ),
    RevocationSettled: Kind(
        decider=SETTLEMENT, command=_settlement, kept=("client_id", "payer_id")
    ),
    ClaimAdjudicated: Kind(decider=CLAIM, command=_answer, kept=("claim_id",)),
    PayerRegistered: Kind(
        decider=PAYER, command=_payer, about="payer_id", kept=(), without=payer.must_not_be_needed
    ),
    ProviderRegistered: Kind(
        decider=PROVIDER,
        command=_provider,
        about="provider_id",
        kept=(),
        without=provider.must_not_be_needed,
    ),
    PractitionerRegistered: Kind(
        decider=PRACTITIONER,
        command=_practitioner,
        about="staff_id",
        kept=("staff_id",),
        follow=practitioner_numbers,
    ),
    ProviderEnrolled: Kind(
        decider=PROVIDER, command=_enrollment, about="site_id", kept=("provider_id", "site_id")
    ),
    FeeSet: Kind(decider=PROVIDER, command=_fee, about="provider_id", kept=("provider_id",)),
}
"""What can be put right."""


def first_said(tx: Transaction, statement: UUID) -> Recorded:
    """Of a statement that can be put right; refuses every other (Unknown)."""
    return putting_right.first_said(tx, statement, KINDS)


def put_right(billing: BillingWriteSide, asked: PutRight, context: Context) -> Outcome:
    """Says a statement otherwise, or takes it back.

    Refuses what the command refuses that records it, among all that stands beside; a statement that
    nobody made here (Unknown), about another thing or of another kind, and one that was put right
    since (STATEMENT_CHANGED).
    """
    with billing.executor.store.transaction() as tx:  # where it was said first never changes
        first = first_said(tx, asked.amendment.statement)
    kind = KINDS[type(first.fact)]

    def said_anew(tx: Transaction, others: Sequence[Recorded], now: Any) -> Iterable[Any]:
        command = kind.command(billing, tx, asked.said, now)
        for name in kind.kept:
            if getattr(command, name) != getattr(now, name):
                another = "is another one: take this back, and say it of the other"
                raise Malformed(**{name: another})
        return kind.decider.decide(command, kind.decider.after(others))

    def without(others: Sequence[Recorded], now: Any) -> None:
        kind.without(now, kind.decider.after(others))

    return putting_right.put_right(
        billing.executor,
        asked,
        context,
        stream=first.stream,
        owner=kind.owner(first),
        locks=[kind.subject(first.fact), kind.owner(first)],
        said_anew=said_anew,
        without=without,
        follow=lambda _, history: {first.stream: [*kind.follow(history)]},
    )
