"""The stories of README's table: what each promises, asserted of what the API says."""

from collections.abc import Callable, Mapping

from ninehours.story import named, stories_of_care, stories_of_claims
from ninehours.story.evidence import Evidence, take
from ninehours.story.looks import Asking
from ninehours.story.stage import StoryFailed

STORIES: Mapping[str, Callable[[Evidence], None]] = {
    named.FULL_COURSE: stories_of_care.full_course,
    named.SHORT_OF_NINE_HOURS: stories_of_care.short_of_nine_hours,
    named.STEP_DOWN: stories_of_care.step_down,
    named.STEP_UP: stories_of_care.step_up,
    named.NO_SHOW_WEEK: stories_of_care.no_show_week,
    named.TELEHEALTH: stories_of_claims.telehealth,
    named.TWO_SITES: stories_of_claims.two_sites,
    named.SCREENED_OUT: stories_of_care.screened_out,
    named.AUTHORIZATION_USED_UP: stories_of_claims.authorization_used_up,
    named.CONSENT_REVOKED: stories_of_claims.consent_revoked,
    named.PAID_IN_FULL: stories_of_claims.paid_in_full,
    named.CORRECTED_REPLACED: stories_of_claims.corrected_replaced,
    named.CORRECTED_VOIDED: stories_of_claims.corrected_voided,
    named.CORRECTED_WAITING: stories_of_claims.corrected_waiting,
    named.LATE_NOTE: stories_of_claims.late_note,
    named.LATE_DAY: stories_of_claims.late_day,
    named.DUAL_DIAGNOSIS: stories_of_claims.dual_diagnosis,
    named.DAYLIGHT_SAVING: stories_of_claims.daylight_saving,
    named.READMITTED: stories_of_care.readmitted,
}


def hold(live: Asking, *, client_ids: Mapping[str, str]) -> None:
    """Every story is as it is told; else StoryFailed, with the story's name."""
    for name, evidence in take_all(live, client_ids).items():
        check(name, evidence)


def take_all(live: Asking, client_ids: Mapping[str, str]) -> dict[str, Evidence]:
    """What the API says of everybody with a story."""
    return {name: take(live, client_ids[name]) for name in STORIES}


def check(name: str, evidence: Evidence) -> None:
    """One story; StoryFailed names it."""
    try:
        STORIES[name](evidence)
    except StoryFailed as failed:
        raise StoryFailed(f"{name}: {failed}") from None
