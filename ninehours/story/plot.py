"""The story in order: who does what, and when. Played on a stage; the answers carry the ids on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial

from ninehours.billing.v1 import billing_service_pb2 as billing

from ninehours.story import days, lines, looks
from ninehours.story.cast import Cast, Client
from ninehours.story.days import at
from ninehours.story.stage import Person, Stage

MANAGER, DESK, CLINICIAN = "administrator", "front desk", "clinician"
BILLER, SECOND_BILLER = "biller", "second biller"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What was opened: ids that the rest of the story needs."""

    site_id: str
    program_id: str
    staff_id: str
    payer_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What a story leaves behind, for those who look at it."""

    place: Place
    client_ids: tuple[str, ...]
    issued: billing.IssueClaimsResponse


def play(stage: Stage, cast: Cast) -> Played:
    """The whole story. Played again on the same data it answers the same and changes nothing."""
    stage.check(looks.note_earlier_play)
    place = _open(stage, cast)
    stage.scene("twelve clients: registered, assessed, admitted, planned")
    client_ids = stage.together(
        partial(_admit, stage, place, client, n) for n, client in enumerate(cast.clients)
    )
    sessions = _schedule(stage, place, client_ids)
    group = _Group(stage, cast, dict(zip(cast.clients, client_ids, strict=True)), sessions)
    for week in range(1, days.WEEKS + 1):
        for weekday, day in zip(days.WEEKDAYS, days.session_days(week), strict=True):
            stage.scene(f"week {week}, {weekday}: check-in, group, check-out, notes")
            group.meet(day)
        if week == 1:
            group.sign_late()
    issued = _bill(stage, place)
    group.correct()
    return Played(place=place, client_ids=tuple(client_ids), issued=issued)


def _open(stage: Stage, cast: Cast) -> Place:
    stage.scene("a site, a clinician, a payer with its rules, a billing provider")
    on = days.OPENING
    stage.enter(
        MANAGER,
        Person(role="administrator", subject="person/administrator", purpose="OPERATIONS"),
    )
    site_id = stage.tell(MANAGER, "open site", lines.open_site(cast), at(on, 8)).site_id
    program = lines.open_program(site_id)
    program_id = stage.tell(MANAGER, "open program", program, at(on, 8, 10)).program_id
    credential = lines.credential_clinician(cast)
    staff_id = stage.tell(MANAGER, "credential clinician", credential, at(on, 8, 20)).staff_id
    for who, person in _people(site_id, staff_id).items():
        stage.enter(who, person)
    payer = stage.tell(BILLER, "register payer", lines.register_payer(), at(on, 9))
    provider = stage.tell(BILLER, "register provider", lines.register_provider(cast), at(on, 9, 10))
    stage.tell(BILLER, "set fee", lines.set_fee(provider.provider_id), at(on, 9, 20))
    enrollment = lines.enroll(provider.provider_id, payer.payer_id, site_id)
    stage.tell(BILLER, "enroll provider", enrollment, at(on, 9, 30))
    proposed = lines.propose_rules(payer.payer_id)
    stage.tell(BILLER, "propose rules", proposed, at(on, 10))
    stage.tell(SECOND_BILLER, "confirm rules", lines.confirm_rules(proposed), at(on, 14))
    return Place(site_id=site_id, program_id=program_id, staff_id=staff_id, payer_id=payer.payer_id)


def _people(site_id: str, staff_id: str) -> dict[str, Person]:
    sites = (site_id,)
    return {
        DESK: Person(
            role="front_desk", subject="person/front-desk", purpose="OPERATIONS", sites=sites
        ),
        CLINICIAN: Person(
            role="clinician", subject=f"staff/{staff_id}", purpose="TREATMENT", sites=sites
        ),
        BILLER: Person(role="biller", subject="person/biller-1", purpose="PAYMENT", sites=sites),
        SECOND_BILLER: Person(
            role="biller", subject="person/biller-2", purpose="PAYMENT", sites=sites
        ),
    }


def _admit(stage: Stage, place: Place, client: Client, number: int) -> str:
    """One client, from the front desk to a signed plan and an authorization. Answers the id."""
    day = days.OPENING + timedelta(days=1 + number % 3)
    registered = stage.tell(DESK, f"{client.key}: register", lines.register(client), at(day, 9))
    client_id: str = registered.client_id
    consent = lines.consent(client_id, place.payer_id, day)
    stage.tell(DESK, f"{client.key}: consent", consent, at(day, 9, 10))
    coverage = lines.add_coverage(client, client_id, place.payer_id)
    covered = stage.tell(DESK, f"{client.key}: coverage", coverage, at(day, 9, 15))
    verified = lines.verify_coverage(client_id, covered.coverage_id)
    stage.tell(DESK, f"{client.key}: verify coverage", verified, at(day, 9, 45))
    assessment = lines.assess(client, client_id)
    assessed = stage.tell(CLINICIAN, f"{client.key}: assess", assessment, at(day, 10, 30))
    for rank, code in enumerate(client.diagnoses, start=1):
        diagnosis = lines.diagnose(client_id, code, rank, day)
        stage.tell(CLINICIAN, f"{client.key}: diagnose {rank}", diagnosis, at(day, 11))
    on = days.ADMISSION
    admission = lines.admit(client_id, place.site_id, place.program_id)
    admitted = stage.tell(CLINICIAN, f"{client.key}: admit", admission, at(on, 9))
    plan = lines.draft_plan(client, client_id, admitted, assessed.score)
    plan_id = stage.tell(CLINICIAN, f"{client.key}: draft plan", plan, at(on, 11)).plan_id
    for role, hour in (("CLIENT", 13), ("CLINICIAN", 14)):
        signature = lines.sign_plan(plan_id, role)
        stage.tell(CLINICIAN, f"{client.key}: sign plan as {role}", signature, at(on, hour))
    authorization = lines.authorize(client, client_id, place.payer_id)
    stage.tell(BILLER, f"{client.key}: authorization", authorization, at(on, 15))
    return client_id


def _schedule(stage: Stage, place: Place, client_ids: Sequence[str]) -> dict[date, str]:
    """The sessions of all weeks, on the Friday before. Answers their ids by day."""
    stage.scene("nine group sessions scheduled")
    sessions = {}
    for week in range(1, days.WEEKS + 1):
        for day in days.session_days(week):
            request = lines.schedule(
                place.site_id, place.program_id, place.staff_id, day, client_ids
            )
            scheduled = stage.tell(DESK, f"schedule {day}", request, at(days.ADMISSION, 16))
            sessions[day] = scheduled.session_id
    return sessions


@dataclass(frozen=True, slots=True)
class _Group:
    """The group of twelve, and what happens at its sessions."""

    stage: Stage
    cast: Cast
    ids: dict[Client, str]
    sessions: dict[date, str]

    def meet(self, day: date) -> None:
        """Everybody comes, everybody leaves, the session is closed, notes are signed."""
        here = [client for client in self.ids if not self._misses(client, day)]
        self.stage.together(partial(self._check_in, client, day) for client in here)
        self.stage.together(partial(self._check_out, client, day) for client in here)
        close = lines.close(self.sessions[day])
        self.stage.tell(DESK, f"{day} close", close, days.ends_at(day) + timedelta(minutes=15))
        signed = [client for client in here if not self._unsigned(client, day)]
        evening = at(day, 16, 30)
        self.stage.together(partial(self._sign, client, day, evening) for client in signed)

    def sign_late(self) -> None:
        """A note is still missing when the week is over: its day is on HOLD until it is signed."""
        client, day = self.cast.signed_late, days.SIGNED_LATE
        self.stage.scene("week 1 is over: one day on HOLD for want of a note, then signed")
        self.stage.settle()
        self.stage.check(partial(looks.held_for_its_note, client_id=self.ids[client], on=day))
        self._sign(client, day, days.SIGNED_AT_LAST)
        self.stage.settle()
        self.stage.check(partial(looks.pays_per_diem, client_id=self.ids[client], on=day))

    def correct(self) -> None:
        """After its claim was issued, somebody finds out that a client left early."""
        self.stage.scene("one attendance corrected after its claim was issued")
        client, day = self.cast.corrected, days.CORRECTED
        left = days.starts_at(day) + timedelta(minutes=days.CORRECTED_TO)
        request = lines.correct(self.ids[client], self.sessions[day], days.starts_at(day), left)
        now = at(days.BILLING + timedelta(days=1), 10)
        self.stage.tell(DESK, f"{client.key}: correct {day}", request, now)
        self.stage.settle()
        self.stage.check(partial(looks.awaits_its_number, client_id=self.ids[client], on=day))

    def _check_in(self, client: Client, day: date) -> None:
        came = days.starts_at(day) - timedelta(minutes=_minutes_of(client))
        request = lines.check_in(self.sessions[day], self.ids[client], came)
        self.stage.tell(DESK, f"{client.key}: {day} check in", request, came)

    def _check_out(self, client: Client, day: date) -> None:
        left = days.ends_at(day) + timedelta(minutes=_minutes_of(client))
        if client == self.cast.leaves_early and day == days.LEFT_EARLY:
            left = days.starts_at(day) + timedelta(minutes=days.LEFT_EARLY_AFTER)
        request = lines.check_out(self.sessions[day], self.ids[client], left)
        self.stage.tell(DESK, f"{client.key}: {day} check out", request, left)

    def _sign(self, client: Client, day: date, now: datetime) -> None:
        request = lines.sign_note(client, self.ids[client], self.sessions[day])
        self.stage.tell(CLINICIAN, f"{client.key}: {day} sign note", request, now)

    def _misses(self, client: Client, day: date) -> bool:
        return client == self.cast.no_show and day == days.NO_SHOW

    def _unsigned(self, client: Client, day: date) -> bool:
        return (client, day) in (
            (self.cast.signed_late, days.SIGNED_LATE),
            (self.cast.never_signed, days.NEVER_SIGNED),
        )


def _bill(stage: Stage, place: Place) -> billing.IssueClaimsResponse:
    stage.scene("three weeks later: claims drafted, then issued as one 837P file")
    stage.settle()
    stage.check(looks.has_drafts)
    request = lines.issue(place.payer_id)
    issued: billing.IssueClaimsResponse = stage.tell(
        BILLER, "issue claims", request, at(days.BILLING, 10)
    )
    stage.check(partial(looks.leaves_nobody_out, issued=issued))
    return issued


def _minutes_of(client: Client) -> int:
    """How long before and after a session that client is there."""
    return sum(client.phq9) % 9
