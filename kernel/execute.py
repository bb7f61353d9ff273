"""One path for every command: known already? Wait for `after`, lock, load, decide, append."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from kernel.decider import Decider
from kernel.facts import Position, Publication, Recorded, derived_id
from kernel.messaging.caught_up import wait_until_heard
from kernel.messaging.inbox_facts import InboxFacts
from kernel.messaging.persons import refuse_absorbed
from kernel.messaging.subscriptions import Subscriptions
from kernel.refusal import AgainstTheRules, Refusal, Stale
from kernel.store.statements import text
from kernel.store.store import AlreadyAccepted, Conflict, Context, Store, Transaction
from kernel.tracing import spans
from kernel.watching.commands import counted_command
from kernel.watching.metrics import CONFLICTS

C = TypeVar("C")
F = TypeVar("F")
S = TypeVar("S")

ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an accepted command recorded, and published."""

    facts: tuple[Recorded, ...]
    published: tuple[Position, ...]


def nothing(_: Transaction) -> None:
    """For commands that check or write nothing beside their facts."""


def no_news(_: Recorded) -> Iterable[str]:
    """For services of which nobody watches more than what is appended to."""
    return ()


def no_view(_: Transaction, __: Recorded) -> None:
    """For services whose questions are answered from the record itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandExecutor:
    """Executes the commands of one service.

    `publish` turns a private fact into its public ones; `view` keeps the service's own tables, in
    the same transaction; `news` names what who watches is told beside its stream; `subscriptions`
    tell which of those the service itself derives from.
    """

    store: Store
    publish: Callable[[Recorded], Iterable[Publication]]
    view: Callable[[Transaction, Recorded], None] = no_view
    news: Callable[[Recorded], Iterable[str]] = no_news
    subscriptions: Subscriptions = field(default_factory=lambda: Subscriptions(()))

    def execute(
        self,
        decider: Decider[C, F, S],
        stream: str,
        command: C,
        context: Context,
        *,
        locks: Sequence[str] = (),
        shared: Sequence[str] = (),
        before: Callable[[Transaction], None] = nothing,
        sealing: Callable[[Transaction], None] = nothing,
    ) -> Outcome:
        """Decide one command on one stream.

        `locks` are subjects taken before anything is read (`shared`: against change only); `before`
        holds rules that span streams; `sealing` writes what belongs to the facts, where any are
        decided: said again, a command changes no document either. Asked again with the same id, it
        answers what it answered, whatever holds by then, and decides nothing. Refuses whom it names
        by an id that was absorbed (CLIENT_MERGED), as the
        decider does, Stale when the expected version isn't the stream's, NotYet when `after` isn't
        heard in time.
        """

        def decide(tx: Transaction) -> Sequence[Recorded]:
            history = tx.load(stream)
            refuse_stale(context, len(history))
            before(tx)
            facts = decided(context, decider, stream, history, command)
            if facts:
                sealing(tx)
            return facts

        return self.transact(context, decide, locks=locks, shared=shared)

    def transact(
        self,
        context: Context,
        decide: Callable[[Transaction], Sequence[Recorded]],
        *,
        locks: Sequence[str] = (),
        shared: Sequence[str] = (),
    ) -> Outcome:
        """As `execute`, for a command that decides over several new streams at once."""
        return self.attempts(
            context, lambda: self.attempt(context, decide, locks=locks, shared=shared)
        )

    def attempts(self, context: Context, attempt: Callable[[], Outcome]) -> Outcome:
        """Attempts a command, again while others change what it decides on; Stale in the end.

        For one that must ask elsewhere before it decides: `attempt` asks, and ends in `attempt` of
        this executor, so that no second attempt acts on what was answered for the first.
        """
        with counted_command() as counted:
            if (outcome := self.remembered(context)) is not None:
                return counted.repeated(outcome)
            wait_until_heard(self.store, context.after, context.deadline)
            for _ in range(ATTEMPTS):
                try:
                    return counted.decided(attempt())
                except Conflict:
                    CONFLICTS.inc()
                except (Refusal, AlreadyAccepted):
                    # The same command at the same time: refused, perhaps, for what the other did.
                    if (outcome := self.remembered(context)) is not None:
                        return counted.repeated(outcome)
                    raise
            if (outcome := self.remembered(context)) is not None:
                return counted.repeated(outcome)
            raise Stale("VERSION_CONFLICT", "others kept changing it; try again")

    def attempt(
        self,
        context: Context,
        decide: Callable[[Transaction], Sequence[Recorded]],
        *,
        locks: Sequence[str] = (),
        shared: Sequence[str] = (),
    ) -> Outcome:
        """One transaction, within `attempts`: raises Conflict when somebody else was first."""
        with spans.appending(context.traceparent) as traceparent, self.store.transaction() as tx:
            tx.lock(shared, share=True)
            tx.lock(locks)
            refuse_absorbed(tx.connection, context.about)
            facts = decide(tx)
            publications = [item for recorded in facts for item in self.publish(recorded)]
            written = tx.append(
                replace(context, traceparent=traceparent),
                facts,
                publications,
                news=[name for recorded in facts for name in self.news(recorded)],
            )
            for recorded in facts:
                self.view(tx, recorded)
            InboxFacts(tx, self.subscriptions).admit_published(written)
        return Outcome(
            _in_order(facts),
            tuple(
                Position(self.store.topic, item.publication.subject, item.sequence)
                for item in written
            ),
        )

    def remembered(self, context: Context) -> Outcome | None:
        """What this command was answered; None when none of its id was accepted yet.

        Refuses an id under which another person, or other content, was accepted.
        """
        with self.store.by_statement() as tx:  # a command once accepted never changes
            return recall(tx, context)


def recall(tx: Transaction, context: Context) -> Outcome | None:
    """What this command was answered; None, or refused, as `CommandExecutor.remembered` is.

    Of commands of before nobody may know who gave them: nobody is then the same.
    """
    by_id = {"id": context.command_id}
    command = tx.connection.execute(
        text("SELECT digest, actor FROM command WHERE id = :id"), by_id
    ).one_or_none()
    if command is None:
        return None
    if (bytes(command.digest), command.actor) != (context.digest, context.actor):
        raise AgainstTheRules(
            "COMMAND_ID_REUSED",
            "this command_id was accepted with other content, or from somebody else;"
            " make a new one",
        )
    published = tx.connection.execute(
        text("SELECT subject, sequence FROM published WHERE command_id = :id ORDER BY position"),
        by_id,
    )
    return Outcome(
        _in_order(tx.load_where("command_id = :id", **by_id)),
        tuple(Position(tx.store.topic, row.subject, row.sequence) for row in published),
    )


def refuse_stale(context: Context, version: int) -> None:
    """Stale when the caller expected another version of the stream than it has."""
    if context.expected_version not in (None, version):
        raise Stale(
            "VERSION_CONFLICT",
            "it was changed since you read it; read it again",
            current_version=str(version),
        )


def decided(
    context: Context,
    decider: Decider[C, F, S],
    stream: str,
    history: Sequence[Recorded],
    command: C,
    *,
    expected: bool = True,
) -> tuple[Recorded, ...]:
    """What the command adds to the stream, which is `history` so far.

    `expected`: the version that the caller expects, if one was said, is of this stream.
    """
    if expected:
        refuse_stale(context, len(history))
    facts = decider.decide(command, decider.after(history))
    return record(context, stream, len(history), facts)


def _in_order(facts: Sequence[Recorded]) -> tuple[Recorded, ...]:
    """One order for the first answer and for a repeated one."""
    return tuple(sorted(facts, key=lambda recorded: (recorded.stream, recorded.version)))


def record_beside(
    context: Context,
    tx: Transaction,
    told: Sequence[Recorded],
    facts: Mapping[str, Sequence[Any]],
) -> Iterator[Recorded]:
    """Stream → facts, recorded each after what stands there; in the stream of `told` after that."""
    for stream, more in facts.items():
        history = told if told and told[0].stream == stream else tx.load(stream)
        yield from record(context, stream, len(history), more)


def record(context: Context, stream: str, version: int, facts: Iterable[F]) -> tuple[Recorded, ...]:
    """Facts with their places after `version`, and ids that depend on the command alone."""
    return tuple(
        Recorded(
            id=derived_id(context.command_id, "fact", stream, version + n),
            stream=stream,
            version=version + n,
            fact=fact,
            at=context.now,
            actor=context.actor,
        )
        for n, fact in enumerate(facts, start=1)
    )
