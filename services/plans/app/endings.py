"""How an episode ends and what follows, in that order: one function a command."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from kernel.execute import Outcome, decided
from kernel.facts import Recorded
from kernel.messaging.caught_up import clients_not_caught_up, unheard_clients
from kernel.store.store import Context, Transaction
from services.plans.app.levels_of_care import with_reason
from services.plans.app.ports import Plans
from services.plans.app.streams import (
    RULES_STREAM,
    RULES_SUBJECT,
    client_subject,
    ending_stream,
    over_safety_of,
)
from services.plans.domain.completion import criteria_of
from services.plans.domain.ending import (
    ENDING,
    ArrangeAftercare,
    CompleteProgram,
    DischargeClient,
    EndingCommand,
    RecordFollowUp,
)
from services.plans.domain.rules import LEVEL_RULES


@dataclass(frozen=True, slots=True, kw_only=True)
class DischargeInWords(DischargeClient):
    """With the reason to discharge over an open safety task, which is sealed; empty: none."""

    open_safety_reason: str


def complete_program(plans: Plans, command: CompleteProgram, context: Context) -> Outcome:
    """Completes a program; `criteria` and `settled` are filled in here, under the client's lock.

    Refuses an episode of which no admission was heard (EPISODE_UNKNOWN), criteria not met or no
    rules in effect (COMPLETION_CRITERIA_NOT_MET, naming them), progress that is about to change
    (NOT_SETTLED), a discharged client, and another day than it was completed on.
    """

    def fill_in(tx: Transaction) -> CompleteProgram:
        return measured(plans, tx, command)

    return _on_ending(plans, context, command, fill_in, shared=[RULES_SUBJECT])


def measured(plans: Plans, tx: Transaction, command: CompleteProgram) -> CompleteProgram:
    """With what the program's criteria say, and whether that is about to change."""
    weeks = [
        row.content
        for row in plans.weeks(tx, command.client_id)
        if row.content.episode_id == command.episode_id
    ]
    confirmed = LEVEL_RULES.after(tx.load(RULES_STREAM)).confirmed.values()
    subject = client_subject(command.client_id)
    return replace(
        command,
        criteria=criteria_of(weeks, confirmed, command.completed_on),
        settled=not clients_not_caught_up(tx.connection, [subject]),
    )


def discharge_client(plans: Plans, command: DischargeInWords, context: Context) -> Outcome:
    """Discharges a client from an episode; intake closes the episode when it hears of it.

    Refuses an unknown episode, a day before the admission or in the future, COMPLETED without a
    completed program (PROGRAM_NOT_COMPLETED), and a second, other discharge (ALREADY_DISCHARGED).
    Over an open safety task of HIGH risk it takes a reason (SAFETY_TASK_OPEN), which is sealed;
    while something told of the client was not heard, which may be one, there is none (NOT_SETTLED).
    """

    subject, reason = client_subject(command.client_id), command.open_safety_reason

    def seal(tx: Transaction) -> int:
        document = over_safety_of(command.episode_id)
        return tx.documents.put(subject, document, reason.encode()) if reason else 0

    def fill_in(tx: Transaction) -> DischargeClient:
        return replace(
            command,
            open_high=tuple(plans.episodes.open_high(tx, command.client_id)),
            heard=not unheard_clients(tx.connection, [subject]),
            reasoned=bool(reason),
        )

    return _on_ending(plans, context, command, fill_in, sealing=seal)


def follow_up(
    plans: Plans, command: ArrangeAftercare | RecordFollowUp, context: Context
) -> Outcome:
    """Arranges aftercare, before the discharge or after it, or records a contact after it.

    Refuses an unknown episode, ALUMNI without its own consent (ALUMNI_CONSENT_REQUIRED), and a
    contact before the discharge (NOT_DISCHARGED).
    """
    return _on_ending(plans, context, command, lambda _: command)


def _no_reason(_: Transaction) -> int:
    return 0


def _on_ending(
    plans: Plans,
    context: Context,
    asked: EndingCommand,
    fill_in: Callable[[Transaction], EndingCommand],
    *,
    shared: Sequence[str] = (),
    sealing: Callable[[Transaction], int] = _no_reason,
) -> Outcome:
    """`sealing`: of the reason, where any facts are decided; 0: there is none."""

    def decide(tx: Transaction) -> Sequence[Recorded]:
        admitted = plans.episodes.admitted(tx, asked.client_id, asked.episode_id)
        command = replace(fill_in(tx), admitted=admitted)
        stream = ending_stream(asked.episode_id)
        facts = decided(context, ENDING, stream, tx.load(stream), command)
        version = sealing(tx) if facts else 0
        return with_reason(facts, version) if version else facts

    locks = [client_subject(asked.client_id)]
    return plans.executor.transact(context, decide, locks=locks, shared=shared)
