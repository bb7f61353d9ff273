"""Write docs/catalogue.md: every public fact and who hears it, every RPC and who may call it.

What is said of them is read from the protos beside this file and their comments; who hears from the
services' subscriptions. `make catalogue` runs it; a test fails when the page is out of date.
"""

import re
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from textwrap import fill

import grpc_tools
from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
    FileDescriptorSet,
)
from grpc_tools import protoc

from kernel.messaging.subscriptions import Projection, Reaction
from kernel.process import Service
from kernel.rpc.policy import Bound, policies_of
from kernel.services import SERVICES, topic_of

HERE = Path(__file__).resolve().parent
PAGE = HERE.parent / "docs" / "catalogue.md"
WIDTH = 128

# The numbers of descriptor.proto, by which comments are found.
MESSAGES, SERVICES_OF_FILE, FIELDS, METHODS = 4, 6, 2, 2
SUBJECT = re.compile(r"Subject(?: of (?:each|all below))?: (\w+)(?: ?/?<[^>]*>)?\. ?")

HEADER = """
Generated from `protos/` and the services' subscriptions by `make catalogue`; a test fails when it
is out of date. How a fact goes from one service to another: [architecture](architecture.md).
"""
FACTS = """
A service publishes its facts to a topic of its own, each subject's in order. Who hears a fact keeps
it; what follows is said beside: *derives* names the projection that is calculated again, *reacts*
the command that is given. Whoever does neither reads it when asked for something. A label is
`HIPAA` of facts that are about no client. Of a client's it is `PART2` (42 CFR Part 2), and `HIPAA`
only where the service knows that the program is outside of Part 2; what is derived has the
strictest label of what it rests on.

Beside these each service may publish `ninehours.common.v1.StatementAmended`, in the log and about
the subject of the fact that it puts right: from then on that fact says its `content`, or nothing.
Whoever hears any fact of a service hears it, and may not ignore it. So it is with
`ninehours.common.v1.ClientMerged` and `ClientUnmerged`, which intake publishes about both clients:
from then on the facts of both are the survivor's, or each one's own again.
"""
RPCS = """
Roles: the token must hold one of them. Purposes: the token's must be one of them. Bound by: the
token must speak for the sites of what these fields name; `own` is what belongs to the token's
sites, `network` takes a token of all sites (`*`).
"""


@dataclass(frozen=True, slots=True)
class Commented:
    """A proto file and its comments, by the path of what they stand at."""

    file: FileDescriptorProto
    comments: Mapping[tuple[int, ...], str]
    detached: Mapping[tuple[int, ...], str]

    def comment(self, *path: int) -> str:
        """What stands above it, in one paragraph; empty: nothing does."""
        return self.comments.get(path, "")


@dataclass(frozen=True, slots=True)
class Fact:
    """A public fact: a message that no other message is made of, and whose subject is said."""

    service: str
    subject: str
    comment: str
    index: int
    message: DescriptorProto

    @property
    def type(self) -> str:
        return f"ninehours.{self.service}.v1.{self.message.name}"


@dataclass(frozen=True, slots=True)
class Hearing:
    """A service that hears a fact, and what it does then."""

    service: str
    projections: Sequence[Projection]
    reactions: Sequence[Reaction]


def read_protos() -> dict[str, Commented]:
    """Every proto file by its name, as the compiler reads it, comments included."""
    names = sorted(str(path.relative_to(HERE)) for path in HERE.rglob("*.proto"))
    well_known = Path(grpc_tools.__file__).parent / "_proto"
    with tempfile.TemporaryDirectory() as folder:
        image = Path(folder) / "image"
        done = protoc.main(
            [
                "protoc",
                f"--proto_path={HERE}",
                f"--proto_path={well_known}",
                f"--descriptor_set_out={image}",
                "--include_source_info",
                *names,
            ]
        )
        if done != 0:
            raise SystemExit("protoc refused a .proto file; its message is above")
        found = FileDescriptorSet.FromString(image.read_bytes())
    return {file.name: _commented(file) for file in found.file}


def _commented(file: FileDescriptorProto) -> Commented:
    comments, detached = {}, {}
    for location in file.source_code_info.location:
        path = tuple(location.path)
        if location.leading_comments:
            comments[path] = " ".join(location.leading_comments.split())
        if location.leading_detached_comments:
            detached[path] = " ".join(" ".join(location.leading_detached_comments).split())
    return Commented(file, comments, detached)


def facts_of(proto: Commented, service: str) -> list[Fact]:
    """What the service publishes, in the order of its file."""
    parts = {
        field.type_name.rpartition(".")[2]
        for message in proto.file.message_type
        for field in message.field
    }
    found, of_all_below = [], ""
    for index, message in enumerate(proto.file.message_type):
        above = proto.detached.get((MESSAGES, index), "")
        comment = proto.comment(MESSAGES, index)
        said = SUBJECT.search(f"{above} {comment}")
        if said and ("each" in said[0] or "below" in said[0]):
            of_all_below = said[1]
        if message.name in parts:
            continue
        subject = said[1] if said else of_all_below
        if not subject:
            raise SystemExit(
                f"{proto.file.name}: nobody says what the subject of {message.name} is"
            )
        found.append(Fact(service, subject, SUBJECT.sub("", comment), index, message))
    return found


def declared(service: str) -> Service:
    """What the service's processes are made of."""
    found: Service = import_module(f"services.{service}.__main__").SERVICE
    return found


def hearings() -> dict[str, list[Hearing]]:
    """A fact's type → who hears it."""
    found: dict[str, list[Hearing]] = defaultdict(list)
    for service in SERVICES:
        subscriptions = declared(service).subscriptions
        for kind in subscriptions.by_type:
            reactions = [
                reaction
                for reaction in subscriptions.reactions
                if reaction.to.DESCRIPTOR.full_name == kind
            ]
            found[kind].append(Hearing(service, subscriptions.projections, reactions))
    return found


def catalogue() -> str:
    """The whole page."""
    protos = read_protos()
    heard = hearings()
    lines = ["# Catalogue of public facts and RPCs", "", _wrapped(HEADER), ""]
    lines += ["## Facts", "", _wrapped(FACTS), ""]
    for service in SERVICES:
        lines += _facts(service, protos[f"ninehours/{service}/v1/{service}_events.proto"], heard)
    lines += ["## RPCs", "", _wrapped(RPCS), ""]
    for name, proto in sorted(protos.items(), key=lambda named: _place(named[0])):
        for index in range(len(proto.file.service)):
            lines += _service(name, proto, index)
    return "\n".join(lines)


def _facts(service: str, proto: Commented, heard: Mapping[str, Sequence[Hearing]]) -> Iterator[str]:
    facts = facts_of(proto, service)
    yield from (f"### {service}: topic `{topic_of(service)}`", "")
    yield from ("| fact | subject | heard by |", "|---|---|---|")
    for fact in facts:
        name = fact.message.name
        hearers = ", ".join(hearing.service for hearing in heard.get(fact.type, ())) or "nobody"
        yield f"| [{name}](#{name.lower()}) | {fact.subject} | {hearers} |"
    yield ""
    for fact in facts:
        yield from (f"#### {fact.message.name}", "")
        if fact.comment:
            yield from (_wrapped(fact.comment), "")
        label = "by the client's programs" if fact.subject == "client" else "`HIPAA`"
        yield f"- `{fact.type}`; subject: {fact.subject}; label: {label}"
        for hearing in heard.get(fact.type, ()):
            yield _wrapped(f"- heard by {hearing.service}{_what_follows(hearing)}", indent="  ")
        yield ""
        yield from _fields(proto, fact.index)
    of_facts = {fact.index for fact in facts}
    for index, message in enumerate(proto.file.message_type):
        if index not in of_facts:
            yield from (f"#### {message.name}, a part of facts", "")
            if comment := proto.comment(MESSAGES, index):
                yield from (_wrapped(comment), "")
            yield from _fields(proto, index)


def _what_follows(hearing: Hearing) -> str:
    derives = [f"derives `{derivation.name}`" for derivation in hearing.projections]
    reacts = [
        f"reacts by `{reaction.name}`: {(how.__doc__ or '').rstrip('.')}"
        for reaction in hearing.reactions
        for how in (reaction.react or reaction.again,)
    ]
    return "".join(f"; {follows}" for follows in derives + reacts)


def _fields(proto: Commented, index: int) -> Iterator[str]:
    message = proto.file.message_type[index]
    yield from ("| field | type | meaning |", "|---|---|---|")
    for number, field in enumerate(message.field):
        comment = proto.comment(MESSAGES, index, FIELDS, number).replace("|", "\\|")
        yield f"| `{field.name}` | {_type(message, field)} | {comment} |"
    yield ""


def _type(message: DescriptorProto, field: FieldDescriptorProto) -> str:
    """A field's type in proto's words, of what is nested or elsewhere the last name."""
    name = field.type_name.rpartition(".")[2]
    for nested in message.nested_type:
        if nested.options.map_entry and nested.name == name:
            key, value = (_type(nested, part) for part in nested.field)
            return f"map of {key} to {value}"
    scalar = FieldDescriptorProto.Type.Name(field.type).removeprefix("TYPE_").lower()
    repeated = field.label == FieldDescriptorProto.LABEL_REPEATED
    return ("repeated " if repeated else "") + (name or scalar)


def _place(name: str) -> tuple[int, str]:
    """The four services in their order, then what each of them answers."""
    owner = name.split("/")[1]
    return (SERVICES.index(owner) if owner in SERVICES else len(SERVICES), name)


def _service(name: str, proto: Commented, index: int) -> Iterator[str]:
    service = proto.file.service[index]
    owner = name.split("/")[1]
    yield f"### {owner if owner in SERVICES else 'every service'}: {service.name}"
    yield ""
    yield _wrapped(f"{proto.comment(SERVICES_OF_FILE, index)} ([{name}](../protos/{name}))".strip())
    yield ""
    module = import_module(name.removesuffix(".proto").replace("/", ".") + "_pb2")
    policies = policies_of(module.DESCRIPTOR.services_by_name[service.name])
    for number, method in enumerate(service.method):
        policy = policies[method.name]
        request, response = (
            part.rpartition(".")[2] for part in (method.input_type, method.output_type)
        )
        stream = "stream of " if method.server_streaming else ""
        yield f"#### {service.name}.{method.name}"
        yield ""
        comment = proto.comment(SERVICES_OF_FILE, index, METHODS, number)
        if comment:
            yield from (_wrapped(comment), "")
        yield f"- `{request}` → {stream}`{response}`"
        yield _wrapped(f"- roles: {_listed(policy.roles)}", indent="  ")
        yield f"- purposes: {_listed(policy.purposes)}"
        yield _wrapped(f"- bound by: {', '.join(map(_bound, policy.bound_by))}", indent="  ")
        yield ""


def _listed(words: frozenset[str]) -> str:
    return ", ".join(f"`{word}`" for word in sorted(words))


def _bound(bound: Bound) -> str:
    field = f" (`{bound.field}`)" if bound.field else ""
    return f"{bound.kind}{field}{', may be left out' if bound.optional else ''}"


def _wrapped(text: str, *, indent: str = "") -> str:
    return fill(
        text.strip(),
        WIDTH,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


if __name__ == "__main__":
    PAGE.write_text(catalogue(), encoding="utf-8")
