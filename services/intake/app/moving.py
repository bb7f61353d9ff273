"""What was assessed of the wrong client: taken back, and said of the right one, at once."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from kernel.execute import Outcome, record, refuse_stale
from kernel.facts import Recorded
from kernel.messaging.persons import ids_of, refuse_absorbed
from kernel.putting_right import with_remark
from kernel.refusal import BrokenRule, Malformed
from kernel.statements import PutRight, Statement, amended, retold, standing, statements
from kernel.store.store import Context, Transaction
from services.intake.app.deciding import Intake, LockedClient, of_person
from services.intake.app.statements import KINDS, first_said
from services.intake.app.streams import assessment_stream, client_stream, rating_stream
from services.intake.domain.areas import AreasAssessed
from services.intake.domain.assessment import (
    ASSESSMENT,
    AssessmentCompleted,
    CompleteAssessment,
    SafetyTaskOpened,
)
from services.intake.domain.client import CLIENT, require_registered
from services.intake.domain.dimensions import DimensionsRated
from services.intake.domain.episode import Label


class StatementVoided(BrokenRule):
    """What was taken back says nothing that could be meant for somebody else."""

    code, about = "STATEMENT_VOIDED", "statement_id"
    words = "it was taken back; say it of the right client"


@dataclass(frozen=True, slots=True, kw_only=True)
class Movable:
    """A kind with a stream of its own, by an id of its own."""

    id_field: str
    stream: Callable[[str], str]


MOVABLE: Mapping[type, Movable] = {
    AssessmentCompleted: Movable(id_field="assessment_id", stream=assessment_stream),
    AreasAssessed: Movable(id_field="assessment_id", stream=assessment_stream),
    DimensionsRated: Movable(id_field="rating_id", stream=rating_stream),
}
"""What can be moved. The rest is taken back, and said of the other."""


def recorded_id(kind: type, command: Any) -> str:
    """By what others name what was moved; refuses what can't be (Malformed)."""
    if kind not in MOVABLE:
        raise Malformed(statement="is no assessment: take it back, and say it of the other")
    name: str = getattr(command, MOVABLE[kind].id_field)
    return name


def move(intake: Intake, asked: PutRight, context: Context) -> Outcome:
    """Takes a statement back and says it of whom `asked.said` is about, as it was said and when.

    An open safety task passes with its owner and its deadline. Refuses what can't be moved
    (Malformed), what was put right since (STATEMENT_CHANGED) or taken back (STATEMENT_VOIDED), and
    a client who isn't registered (Unknown).
    """
    with intake.executor.store.transaction() as tx:  # where it was said first never changes
        first = first_said(tx, asked.amendment.statement)
    said: Any = asked.said
    stream = MOVABLE[type(first.fact)].stream(recorded_id(type(first.fact), said))
    of_client, of_other = client_stream(first.fact.client_id), client_stream(said.client_id)
    if of_client == of_other:
        raise Malformed(client_id="is the client of whom it was said")

    def decide(tx: Transaction) -> Sequence[Recorded]:
        history = tx.load(first.stream)
        refuse_stale(context, len(history))
        taken_back = amended(history, asked.amendment, None)
        if not taken_back:
            raise StatementVoided(str(first.id))
        told = statements(history)
        [now] = [statement.now.fact for statement in told if statement.first.id == first.id]
        facts, label = _said_of_other(intake, tx, now, said, context)
        if (task := _open_task(told, history)) is not None:
            taken_back += retold(task, None, asked.amendment)
            facts = _with_task(facts, _passed_on(task, history, said, label))
        return (
            *record(
                context,
                first.stream,
                len(history),
                [with_remark(tx, of_client, asked, fact) for fact in taken_back],
            ),
            *record(context, stream, 0, facts),
        )

    return intake.executor.transact(context, decide, locks=[of_client, of_other])


def task_of(outcome: Outcome, client_id: str) -> str:
    """The safety task that the client has of what was moved; empty: it gave no cause."""
    opened = [r.fact for r in outcome.facts if isinstance(r.fact, SafetyTaskOpened)]
    return next((fact.task_id for fact in opened if fact.client_id == client_id), "")


def _said_of_other(
    intake: Intake, tx: Transaction, now: Any, said: Any, context: Context
) -> tuple[list[Any], Label]:
    """What is recorded of the other client, by whom and when it was recorded of the first."""
    kind = KINDS[type(now)]
    refuse_absorbed(tx.connection, [said.client_id])
    client = CLIENT.after(of_person(tx, said.client_id))
    require_registered(client, said.client_id)
    locked: LockedClient[Any] = LockedClient(
        tx=tx,
        ids=ids_of(tx.connection, said.client_id),
        client=client,
        episodes=intake.episodes_of(tx, [said.client_id])[said.client_id],
        state=kind.decider.initial,
    )
    own_id = MOVABLE[type(now)].id_field
    kept = {name: getattr(now, name) for name in kind.kept if name != own_id}
    command = kind.fill(intake, locked, replace(said, **kept), context)
    return list(kind.decider.decide(command, locked.state)), locked.label


def _open_task(told: Sequence[Statement], history: Sequence[Recorded]) -> Statement | None:
    """The safety task that the assessment opened, while nobody closed it."""
    opened = [said for said in told if isinstance(said.now.fact, SafetyTaskOpened)]
    if not opened or opened[-1].voided or ASSESSMENT.after(history).closed_with is not None:
        return None
    return opened[-1]


def _passed_on(
    task: Statement, history: Sequence[Recorded], said: CompleteAssessment, label: Label
) -> SafetyTaskOpened:
    """The other client's, to be seen to by the same person until the same moment."""
    opened: SafetyTaskOpened = task.now.fact
    return replace(
        opened,
        client_id=said.client_id,
        task_id=said.task_id,
        assessment_id=said.assessment_id,
        owner=ASSESSMENT.fold(recorded.fact for recorded in standing(history)).owner,
        label=label,
    )


def _with_task(facts: Sequence[Any], task: SafetyTaskOpened) -> list[Any]:
    """In place of the one that its answers would open: also where they were put right since."""
    return [*(fact for fact in facts if not isinstance(fact, SafetyTaskOpened)), task]
