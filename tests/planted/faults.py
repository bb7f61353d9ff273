"""Faults that break a promise, one by one: where each is planted, and which tests must fail then.

Chosen by hand, by what goes wrong with records that are told twice, late, or not at all; `make
mutants` changes whatever it finds.
"""

import ast
from dataclasses import dataclass
from pathlib import Path

# What design and issues call them; of each there is one at least.
KINDS = (
    "skip the duplicate check",
    "drop the subject lock",
    "mark before send",
    "ignore a hole",
    "go on after an exception",
    "answer a command with another's answer",
    "bill a missed session",
    "forget to return units",
    "use arrival time",
    "fold in arrival order",
)


class Misplaced(Exception):
    """The text that a fault stands in the place of isn't in its file exactly once."""


@dataclass(frozen=True, slots=True)
class Fault:
    """In a file, a text that stands there once `becomes` another; then each of `tests` fails.

    `tests` are `tests/…/test_file.py::test_function`; of one with parameters, a case at least.
    """

    kind: str
    file: str
    text: str
    becomes: str
    tests: tuple[str, ...]

    def planted(self, source: str) -> str:
        """The file's source with the fault in it; raises Misplaced."""
        if (times := source.count(self.text)) != 1:
            raise Misplaced(
                f"“{self.kind}”: {self.file} has its text {times} times, and not once; what says"
                f" the same there now goes into {Path(__file__).name}:\n{self.text}"
            )
        return source.replace(self.text, self.becomes)


def functions_of(path: Path) -> set[str]:
    """The functions that stand in a module by themselves."""
    module = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in module.body if isinstance(node, ast.FunctionDef)}


STORE, INBOX = "tests/kernel/test_store.py", "tests/kernel/test_inbox.py"
PENDING, RELAY = "tests/kernel/test_pending_work.py", "tests/kernel/test_relay.py"
DAYS, ALLOCATION = (
    "tests/billing/domain/test_service_days.py",
    "tests/billing/domain/test_allocation.py",
)

FAULTS = (
    Fault(
        "skip the duplicate check",
        "kernel/messaging/inbox.py",
        "if envelope.sequence <= checkpoint.sequence and not checkpoint.anew:",
        "if False:",
        (f"{INBOX}::test_a_duplicate_is_skipped_and_the_next_is_heard",),
    ),
    Fault(
        "skip the duplicate check",
        "kernel/execute.py",
        "            if (outcome := self.remembered(context)) is not None:\n"
        "                return counted.repeated(outcome)\n"
        "            wait_until_heard(",
        "            wait_until_heard(",
        (f"{STORE}::test_a_repeated_command_is_recognised_before_anything_is_decided",),
    ),
    Fault(
        "skip the duplicate check",
        "kernel/execute.py",
        "    if command is None:\n        return None\n",
        "    return None\n",
        (f"{STORE}::test_a_command_twice_has_one_outcome_and_its_facts_once",),
    ),
    Fault(
        "drop the subject lock",
        "kernel/messaging/inbox.py",
        "tx.lock(subjects | {subject for _, subject in holding})",
        "tx.locked.update(subjects)",
        (f"{PENDING}::test_a_reference_changed_while_a_client_is_derived_is_read",),
    ),
    Fault(
        "drop the subject lock",
        "kernel/messaging/projections.py",
        "if not tx.lock([client], skip=True):",
        "if tx.locked.add(client):",
        (
            f"{PENDING}::test_two_transactions_hearing_one_client_derive_from_both_facts",
            f"{PENDING}::test_a_client_that_another_worker_has_is_left_to_it",
        ),
    ),
    Fault(
        "drop the subject lock",
        "kernel/messaging/projections.py",
        "        tx.lock(references, share=True)\n",
        "",
        (f"{PENDING}::test_a_reference_changed_while_a_client_is_derived_is_read",),
    ),
    Fault(
        "drop the subject lock",
        "kernel/execute.py",
        "            tx.lock(locks)\n",
        "            tx.locked.update(locks)\n",
        (
            "tests/kernel/test_scheduled_twice.py"
            "::test_of_two_sessions_scheduled_at_once_one_is_refused",
        ),
    ),
    Fault(
        "drop the subject lock",
        "services/attendance/app/scheduling.py",
        "    locks = booked(request.facilitator_id, request.roster)\n",
        "    locks = booked(request.facilitator_id, ())\n",
        ("tests/attendance/test_booking.py::test_of_two_bookings_at_once_one_is_refused",),
    ),
    Fault(
        "mark before send",
        "kernel/messaging/relay.py",
        "        futures: list[Any] = []\n",
        '        positions = {"positions": [row.position for row in rows]}\n'
        '        marked = "UPDATE published SET sent_at = now() WHERE position = ANY(:positions)"\n'
        "        connection.execute(text(marked), positions)\n"
        "        connection.commit()\n"
        "        futures: list[Any] = []\n",
        (
            f"{RELAY}::test_a_broker_that_is_away_marks_nothing_and_ends_nothing",
            f"{RELAY}::test_what_follows_a_record_that_did_not_arrive_is_not_marked",
        ),
    ),
    Fault(
        "mark before send",
        "kernel/messaging/relay.py",
        '{"positions": [row.position for row in arrived]}',
        '{"positions": [row.position for row in rows]}',
        (f"{RELAY}::test_what_follows_a_record_that_did_not_arrive_is_not_marked",),
    ),
    Fault(
        "ignore a hole",
        "kernel/messaging/inbox.py",
        "if checkpoint.anew or envelope.sequence > checkpoint.sequence + 1:",
        "if checkpoint.anew:",
        (f"{INBOX}::test_after_a_hole_later_records_are_dropped_and_nobody_else_waits",),
    ),
    Fault(
        "ignore a hole",
        "kernel/messaging/gap_repair.py",
        '" WHERE h.sequence < excluded.behind_to"',
        '" WHERE false"',
        ("tests/kernel/test_gap_repair.py::test_a_lost_last_fact_is_found_by_comparing",),
    ),
    Fault(
        "ignore a hole",
        "kernel/store/published.py",
        "if row.reached != after + 1 and row.reached > closed:",
        "if False:",
        ("tests/kernel/test_following.py::test_a_fact_that_commits_late_is_waited_for",),
    ),
    Fault(
        "go on after an exception",
        "kernel/messaging/consumer.py",
        '                _end("hearing_failed", error)\n',
        '                log.error("hearing_failed", exc_info=error)\n                return\n',
        (
            "tests/kernel/test_consumer.py"
            "::test_a_worker_that_can_not_hear_a_batch_ends_and_the_next_hears_it",
        ),
    ),
    Fault(
        "go on after an exception",
        "kernel/messaging/inbox.py",
        "            batch.move(key, replace(checkpoint, stopped=PARKED,"
        " anew=not record.from_owner))\n"
        "            return\n",
        "            fact = None\n",
        (f"{INBOX}::test_a_record_that_cannot_be_used_is_parked_and_stops_its_subject_only",),
    ),
    Fault(
        "go on after an exception",
        "kernel/messaging/pending_work.py",
        "            pending.park(tx.connection, what_failed(error))\n",
        "            pending.settle(tx.connection)\n",
        (f"{PENDING}::test_a_derivation_that_fails_parks_its_client_and_a_new_fact_frees_it",),
    ),
    Fault(
        "go on after an exception",
        "kernel/messaging/relay.py",
        "                self._tell_away(error)\n                break\n",
        "                self._tell_away(error)\n                continue\n",
        (f"{RELAY}::test_what_follows_a_record_that_did_not_arrive_is_not_marked",),
    ),
    Fault(
        "answer a command with another's answer",
        "kernel/execute.py",
        "if (bytes(command.digest), command.actor) != (context.digest, context.actor):",
        "if False:",
        (
            f"{STORE}::test_the_same_id_with_other_content_is_refused",
            f"{STORE}::test_a_remembered_answer_is_given_to_nobody_else",
        ),
    ),
    Fault(
        "answer a command with another's answer",
        "kernel/execute.py",
        "FROM published WHERE command_id = :id ORDER BY position",
        "FROM published WHERE command_id IS NOT NULL ORDER BY position",
        (f"{STORE}::test_each_command_is_answered_again_with_what_it_was_answered_itself",),
    ),
    Fault(
        "answer a command with another's answer",
        "kernel/rpc/commands.py",
        'return name + b"\\x00" + bytes(copy.SerializeToString(deterministic=True))',
        "return name",
        (
            "tests/intake/test_servicer.py::test_a_command_id_is_not_used_for_somebody_else",
            "tests/attendance/test_servicer.py"
            "::test_a_repeated_command_with_other_content_is_refused",
        ),
    ),
    Fault(
        "bill a missed session",
        "services/billing/domain/days/service_day.py",
        "[service for service in expected if service.attendance.attended]",
        "expected",
        ("tests/billing/domain/test_missed.py::test_a_missed_day_is_never_billed",),
    ),
    Fault(
        "bill a missed session",
        "services/billing/domain/history/attended.py",
        "in scheduled_of(history, attendances) if service.attendance.attended\n",
        "in scheduled_of(history, attendances)\n",
        (
            "tests/billing/domain/test_missed.py"
            "::test_a_missed_session_makes_no_day_and_no_week_longer",
        ),
    ),
    Fault(
        "bill a missed session",
        "services/attendance/domain/session.py",
        "        attended=bool(intervals),\n",
        "        attended=True,\n",
        (
            "tests/attendance/domain/test_session.py"
            "::test_closing_says_of_everybody_whether_they_attended",
        ),
    ),
    Fault(
        "bill a missed session",
        "services/plans/domain/progress.py",
        "attended=sum(session.attended for session in therapy),",
        "attended=sum(session.settled for session in therapy),",
        (
            "tests/plans/domain/test_progress.py"
            "::test_a_missed_session_is_counted_and_delivers_nothing",
        ),
    ),
    Fault(
        "forget to return units",
        "services/billing/domain/authorizations/ledger.py",
        "return [claim for claim in history.issued if holds(claim)]",
        "return list(history.issued)",
        (
            f"{ALLOCATION}::test_a_claim_that_was_replaced_or_voided_gives_its_units_back",
            "tests/billing/domain/test_promises.py::test_a_voided_claim_holds_no_units",
        ),
    ),
    Fault(
        "forget to return units",
        "services/billing/domain/authorizations/ledger.py",
        "return claim.claim_id in voided and _units_return(claim, history)",
        "return _units_return(claim, history)",
        (f"{ALLOCATION}::test_where_the_payer_says_so_units_return_only_with_a_processed_void",),
    ),
    Fault(
        "use arrival time",
        "kernel/messaging/reactions.py",
        "now=told.signed_at,  #",
        "now=tx.execute('SELECT clock_timestamp()').scalar_one(),  #",
        (
            "tests/kernel/test_reactions.py"
            "::test_what_a_reaction_decides_depends_on_when_its_fact_was_signed",
        ),
    ),
    Fault(
        "use arrival time",
        "kernel/messaging/subscriptions.py",
        '"      OR coalesce(signed_at, recorded_at) <= :until)"',
        '"      OR recorded_at <= :until)"',
        ("tests/kernel/test_as_of.py::test_what_was_heard_later_is_not_in_the_rows_as_of_before",),
    ),
    Fault(
        "use arrival time",
        "kernel/messaging/projections.py",
        "else max((fact.signed_at for fact in rests_on), default=latest),",
        "else None,",
        (
            "tests/kernel/test_as_of.py::test_a_derived_fact_is_signed_when_the_latest_it_rests_on_was",
        ),
    ),
    Fault(
        "use arrival time",
        "services/attendance/app/scheduling.py",
        "on = service_date(request.starts_at, time_zone)",
        "on = service_date(context.now, time_zone)",
        (
            "tests/attendance/test_sessions.py"
            "::test_a_session_is_of_the_day_on_which_it_begins_whenever_it_is_scheduled",
        ),
    ),
    Fault(
        "use arrival time",
        "services/billing/adapters/history.py",
        "        return read(heard.message, fact=str(heard.id))\n",
        "        told = read(heard.message, fact=str(heard.id))\n"
        "        if isinstance(told, history.Note):\n"
        "            return replace(told, signed_at=heard.signed_at)\n"
        "        return told\n",
        (
            "tests/billing/pure/test_known.py::test_a_note_was_signed_when_it_says_whenever_it_was_told",
        ),
    ),
    Fault(
        "fold in arrival order",
        "kernel/messaging/amendments.py",
        "if before is None or before[0].revision < amendment.revision:",
        "if True:",
        (
            "tests/kernel/pure/test_amendments.py"
            "::test_the_highest_revision_holds_whatever_its_place",
        ),
    ),
    Fault(
        "fold in arrival order",
        "kernel/messaging/persons.py",
        "if pair not in last or last[pair].saying.revision < said.saying.revision:",
        "if True:",
        (
            "tests/kernel/pure/test_persons.py"
            "::test_of_two_the_highest_revision_holds_whatever_its_time",
        ),
    ),
    Fault(
        "fold in arrival order",
        "services/billing/domain/history/coverage.py",
        "history.coverages, key=lambda coverage: (coverage.sequence, coverage.fact)",
        "history.coverages, key=lambda _: 0",
        (f"{DAYS}::test_a_coverage_verified_twice_is_one_whichever_was_heard_first",),
    ),
    Fault(
        "fold in arrival order",
        "services/billing/domain/history/attended.py",
        "        attendances, key=lambda attendance: (attendance.correction, attendance.fact)\n",
        "        attendances, key=lambda _: 0\n",
        (f"{DAYS}::test_of_corrections_the_highest_number_holds",),
    ),
    Fault(
        "fold in arrival order",
        "services/plans/domain/sessions.py",
        "        key=lambda fact: (fact.correction, order(fact)),\n",
        "        key=lambda _: 0,\n",
        (
            "tests/plans/domain/test_progress.py::test_the_highest_correction_holds_not_the_last_told",
        ),
    ),
)
