"""How an episode ends and what follows, in that order: one function a command."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from kernel.execute import Book, Outcome, nothing
from kernel.facts import Recorded
from kernel.messaging.caught_up import clients_not_caught_up, unheard_clients
from kernel.store.store import Context, Transaction
from services.plans.app.ports import Outside
from services.plans.app.streams import (
    RULES_STREAM,
    RULES_SUBJECT,
    client_subject,
    decided,
    ending_stream,
    over_safety_of,
    state_of,
)
from services.plans.domain.completion import criteria_of
from services.plans.domain.ending import ENDING
from services.plans.domain.ending_facts import (
    ArrangeAftercare,
    CompleteProgram,
    DischargeClient,
    EndingCommand,
    RecordFollowUp,
)
from services.plans.domain.rules import LEVEL_RULES


def complete_program(
    book: Book, outside: Outside, command: CompleteProgram, context: Context
) -> Outcome:
    """Completes a program; `criteria` and `settled` are filled in here, under the client's lock.

    Refuses an episode of which no admission was heard (EPISODE_UNKNOWN), criteria not met or no
    rules in effect (COMPLETION_CRITERIA_NOT_MET, naming them), progress that is about to change
    (NOT_SETTLED), a discharged client, and another day than it was completed on.
    """

    def fill_in(tx: Transaction) -> CompleteProgram:
        measured = [
            row.content
            for row in outside.rows.weeks(tx, command.client_id)
            if row.content.episode_id == command.episode_id
        ]
        confirmed = state_of(tx, LEVEL_RULES, RULES_STREAM).confirmed.values()
        subject = client_subject(command.client_id)
        return replace(
            command,
            criteria=criteria_of(measured, confirmed, command.completed_on),
            settled=not clients_not_caught_up(tx.connection, [subject]),
        )

    return _on_ending(book, outside, context, command, fill_in, shared=[RULES_SUBJECT])


def discharge_client(
    book: Book, outside: Outside, command: DischargeClient, reason: str, context: Context
) -> Outcome:
    """Discharges a client from an episode; intake closes the episode when it hears of it.

    Refuses an unknown episode, a day before the admission or in the future, COMPLETED without a
    completed program (PROGRAM_NOT_COMPLETED), and a second, other discharge (ALREADY_DISCHARGED).
    Over an open safety task of HIGH risk it takes a reason (SAFETY_TASK_OPEN), which is sealed;
    while something told of the client was not heard, which may be one, there is none (NOT_SETTLED).
    """

    def seal(tx: Transaction) -> None:
        if reason:
            owner, kind = client_subject(command.client_id), over_safety_of(command.episode_id)
            tx.documents.put(owner, kind, reason.encode())

    def fill_in(tx: Transaction) -> DischargeClient:
        subject = client_subject(command.client_id)
        return replace(
            command,
            open_high=tuple(outside.episodes.open_high(tx, command.client_id)),
            heard=not unheard_clients(tx.connection, [subject]),
            reasoned=bool(reason),
        )

    return _on_ending(book, outside, context, command, fill_in, sealing=seal)


def arrange_aftercare(
    book: Book, outside: Outside, command: ArrangeAftercare, context: Context
) -> Outcome:
    """Arranges aftercare, before the discharge or after it.

    Refuses an unknown episode, and ALUMNI without its own consent (ALUMNI_CONSENT_REQUIRED).
    """
    return _on_ending(book, outside, context, command, lambda _: command)


def record_follow_up(
    book: Book, outside: Outside, command: RecordFollowUp, context: Context
) -> Outcome:
    """Records a contact after the discharge; refuses one before it (NOT_DISCHARGED)."""
    return _on_ending(book, outside, context, command, lambda _: command)


def _on_ending(
    book: Book,
    outside: Outside,
    context: Context,
    asked: EndingCommand,
    fill_in: Callable[[Transaction], EndingCommand],
    *,
    shared: Sequence[str] = (),
    sealing: Callable[[Transaction], None] = nothing,
) -> Outcome:
    """`sealing`: of what belongs to the facts, where any are decided."""

    def decide(tx: Transaction) -> Sequence[Recorded]:
        admitted = outside.episodes.admitted(tx, asked.client_id, asked.episode_id)
        command = replace(fill_in(tx), admitted=admitted)
        facts = decided(tx, context, ENDING, ending_stream(asked.episode_id), command)
        if facts:
            sealing(tx)
        return facts

    locks = [client_subject(asked.client_id)]
    return book.transact(context, decide, locks=locks, shared=shared)
