"""What a service refused, at the fields of the form that it refused."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import grpc

from kernel.rpc.remote_refusal import RemoteRefusal
from ninehours.console.texts import words


@dataclass(frozen=True, slots=True)
class WrongFields:
    """What is wrong: by the name of a field; and of the whole, empty where there is nothing."""

    at: Mapping[str, str] = field(default_factory=dict)
    whole: str = ""


def at_fields(
    refusal: RemoteRefusal,
    names: Collection[str],
    told: Mapping[str, str] | Any = (),
    labels: Mapping[str, str] | None = None,
) -> WrongFields:
    """Of what a service names by its place in the request, what is said at which field.

    `names`: of the form's fields, each the place of its value. A place without a field of its own
    is said at the field that it is part of, or at the first of its own parts; what has no field at
    all is said of the whole. `told`: words of a page for reasons, where it has its own; `labels`:
    a form's own words for fields.
    """
    if refusal.code is not grpc.StatusCode.INVALID_ARGUMENT or not refusal.details:
        return WrongFields(whole=says_of(refusal, told))
    at: dict[str, str] = {}
    rest = []
    for place, what in refusal.details.items():
        name = next(_nearest(place, names), None)
        if name is None:
            rest.append(f"{_called(place, labels or {})}: {what}")
        else:
            at.setdefault(name, f"{_called(name, labels or {})} {what}.")
    return WrongFields(at, "; ".join(rest))


def says_of(refusal: RemoteRefusal, told: Mapping[str, str] | Any = ()) -> str:
    """In a page's words where it has some for the reason, in everybody's, else in the service's."""
    for known in (told, words().refusals):
        if refusal.reason in known:
            says = str(known[refusal.reason])
            return says.format(asked=_credential_asked(refusal)) if "{asked}" in says else says
    return refusal.message


def _credential_asked(refusal: RemoteRefusal) -> str:
    """Which, where and when, as far as the service says it."""
    told, said = words().credentials, refusal.details
    parts = [told.acts[said["act"]]] if said.get("act") in told.acts else [told.some]
    if said.get("state"):
        parts.append(told.state.format(state=said["state"]))
    if said.get("on"):
        parts.append(told.on.format(on=said["on"]))
    return " ".join(parts)


def _nearest(place: str, names: Collection[str]) -> Iterator[str]:
    if place in names:
        yield place
    outer = [name for name in names if place.startswith(f"{name}.")]
    yield from sorted(outer, key=len, reverse=True)
    yield from (name for name in names if name.startswith(f"{place}."))


def _called(place: str, labels: Mapping[str, str]) -> str:
    """As the form calls it."""
    for name in reversed(place.split(".")):
        for known in (labels, words().fields):
            if name in known:
                return str(known[name])
    return place
