"""A call with many keywords, written out once: in use it costs what the same by hand does."""

from collections.abc import Callable, Collection, Mapping
from keyword import iskeyword
from typing import Any

IT = "_it"  # what is mapped, in an expression


def expression_of(path: str) -> str:
    """What the path leads to from `IT`; a step may be a word of Python's, such as `from`."""
    found = IT
    for step in path.split("."):
        found = f"getattr({found}, {step!r})" if iskeyword(step) else f"{found}.{step}"
    return found


def compiled(
    make: Callable[..., Any],
    given: Collection[str],
    arguments: Mapping[str, str],
    names: Mapping[str, Any],
) -> Callable[..., Any]:
    """`make(name=expression, …)` as a function of `IT`, and of `given` by keyword.

    `names` are what expressions use. A loop over fields takes half as long again, and facts are
    read by the hundred thousand: so Python compiles the call, as it does a dataclass's `__init__`.
    """
    plain = [f"{name}={it}" for name, it in arguments.items() if not iskeyword(name)]
    others = [f"{name!r}: {it}" for name, it in arguments.items() if iskeyword(name)]
    call = ", ".join([*plain, *(f"{name}={name}" for name in given if name not in arguments)])
    call = f"_make({call}, **{{{', '.join(others)}}})" if others else f"_make({call})"
    parameters = ", ".join([IT, "/", *(["*", *given] if given else [])])
    # Nothing of it is from outside: names of fields, and of what was imported.
    function: Callable[..., Any] = eval(f"lambda {parameters}: {call}", {"_make": make, **names})  # noqa: S307
    return function
