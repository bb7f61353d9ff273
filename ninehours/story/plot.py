"""The story in order, scene by scene; the answers of one carry the ids on to the next."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from ninehours.story import days, putting_right, weeks
from ninehours.story.billing_rounds import bill, bill_anew, take_back
from ninehours.story.blocks import admit_clients, end_block, enter_plan, schedule_sessions
from ninehours.story.gateway import Gateway
from ninehours.story.opening import open_network
from ninehours.story.people import InventedPeople
from ninehours.story.story import DemoStory


@dataclass(frozen=True, slots=True)
class Scene:
    """`title`: what happens, for those who watch."""

    title: str
    play: Callable[[DemoStory], None]


# After which week: on the Monday before claims are issued, after that, and after a block's end.
ON_MONDAY: Mapping[int, Scene] = {
    1: Scene("week 1 is over: one day on HOLD for want of a note, then signed", weeks.sign_late),
    3: Scene("a week is paid for, and kept from the payer", weeks.restrict),
    4: Scene("an authorization is used up: a day is billed without", weeks.waive),
    5: Scene("a client revokes the consent to tell the payer", weeks.revoke),
    10: Scene("two weeks after a program somebody calls", weeks.follow_up),
}
ONCE_ISSUED: Mapping[int, Scene] = {
    2: Scene(
        "attendance corrected after its claim was issued, of three clients",
        weeks.correct_issued,
    ),
    6: Scene("what was earned before the revocation stays here", weeks.settle_revocation),
    12: Scene(
        "attendance corrected once more; the payer has not answered yet",
        weeks.correct_unanswered,
    ),
}
ONCE_ENDED: Mapping[int, Scene] = {4: Scene("who stepped down gets visits", weeks.schedule_visits)}
# Late: in a roll-out nobody puts right until everybody is of a release that hears of it.
PUT_RIGHT: Mapping[int, Sequence[Scene]] = {
    9: (Scene("a plan is entered that was signed on paper", enter_plan),),
    10: (
        Scene(
            "a member number was typed wrong: claims that left with it are to be taken back",
            putting_right.correct_member_number,
        ),
        Scene("a payer says that a coverage had ended weeks ago", putting_right.end_coverage),
        Scene("what was paid since is taken back", take_back),
        Scene(
            "somebody is discharged who had not left: it is withdrawn",
            putting_right.withdraw_discharge,
        ),
    ),
    11: (Scene("two records are one person's: they are merged", putting_right.merge_records),),
    12: (Scene("what was taken back is billed anew", bill_anew),),
}


def _scenes() -> Iterator[Scene]:
    yield Scene(
        "three sites in two time zones, who works there, four payers with their rules",
        open_network,
    )
    yield from _before(1)
    for week in range(1, days.WEEKS + 1):
        title = f"week {week}: groups meet, notes are signed"
        yield Scene(title, partial(weeks.play_week, week=week))
        yield from _after(week)
    yield Scene("at the end: everything published is heard", lambda story: story.gateway.catch_up())


def _before(block: int) -> Iterator[Scene]:
    week = days.weeks_of(block)[0]
    yield Scene(
        f"before week {week}: clients register, are assessed and admitted",
        partial(admit_clients, block=block),
    )
    yield Scene(
        f"before week {week}: four weeks of sessions, with their rosters",
        partial(schedule_sessions, block=block),
    )


def _after(week: int) -> Iterator[Scene]:
    """From a week's Friday to the next week's Tuesday."""
    block = next((block for block in days.BLOCKS if days.weeks_of(block)[-1] == week), None)
    if block is not None and block != days.BLOCKS[-1]:
        yield from _before(block + 1)
    if week in ON_MONDAY:
        yield ON_MONDAY[week]
    if week in days.BILLED_AFTER:
        yield Scene(
            f"after week {week}: payers' answers, claims to four payers, corrections",
            partial(bill, week=week),
        )
    if week in ONCE_ISSUED:
        yield ONCE_ISSUED[week]
    yield from PUT_RIGHT.get(week, ())
    if block is not None:
        yield Scene(
            f"after block {block}: recommendations accepted, clients discharged",
            partial(end_block, block=block),
        )
    if week in ONCE_ENDED:
        yield ONCE_ENDED[week]


SCENES = tuple(_scenes())


def play(
    gateway: Gateway, people: InventedPeople, on_scene: Callable[[Scene], None] = lambda _: None
) -> DemoStory:
    """The whole story. Played again on the same data it answers the same and changes nothing.

    `on_scene` is called before each of SCENES.
    """
    story = DemoStory(gateway=gateway, people=people)
    go_on(story, SCENES, on_scene)
    return story


def go_on(
    story: DemoStory, scenes: Sequence[Scene], on_scene: Callable[[Scene], None] = lambda _: None
) -> None:
    """These scenes, of which the story played all that come before."""
    for scene in scenes:
        on_scene(scene)
        scene.play(story)
