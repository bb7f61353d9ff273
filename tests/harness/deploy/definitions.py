"""Custom kinds held strictly against their operators' own definitions, as an API server does it.

Rules in CEL are not judged: those that concern our objects are tests of ours.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import yaml
from jsonschema import Draft202012Validator

Object = Mapping[str, Any]
# What every object has, beside what a definition says.
METADATA = {"apiVersion": {"type": "string"}, "kind": {"type": "string"}, "metadata": {}}


class _Loader(yaml.CSafeLoader):
    """An equals sign is a text, in YAML 1.2 and to an API server."""


def _text(loader: _Loader, node: Any) -> str:
    return str(loader.construct_scalar(node))


_Loader.add_constructor("tag:yaml.org,2002:value", _text)


class Definitions:
    """Of several operators: (group, kind) → version → what such an object may hold."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._schemas: dict[tuple[str, str], dict[str, Draft202012Validator]] = {}
        for text in texts:
            for document in yaml.load_all(text, _Loader):
                if document and document.get("kind") == "CustomResourceDefinition":
                    self._take(document["spec"])

    @property
    def kinds(self) -> set[tuple[str, str]]:
        """(group, kind) of each that is defined here."""
        return set(self._schemas)

    def wrongs(self, given: Object) -> Iterator[str]:
        """What an API server with these definitions would refuse of it: where, and why."""
        group, _, version = given["apiVersion"].partition("/")
        versions = self._schemas.get((group, given["kind"]))
        if versions is None:
            yield f"nobody defines {given['kind']} of {group}"
        elif version not in versions:
            yield f"{given['kind']} is served as {', '.join(versions)}, not as {version}"
        else:
            for error in versions[version].iter_errors(given):
                yield f"{error.json_path}: {error.message[:300]}"

    def _take(self, spec: Mapping[str, Any]) -> None:
        for version in spec["versions"]:
            if version["served"]:
                schema = _strict(version["schema"]["openAPIV3Schema"])
                schema["properties"] = {**schema.get("properties", {}), **METADATA}
                key = (spec["group"], spec["names"]["kind"])
                self._schemas.setdefault(key, {})[version["name"]] = Draft202012Validator(schema)


def _strict(schema: Mapping[str, Any]) -> dict[str, Any]:
    """As JSON Schema, in which a field that isn't named is wrong."""
    made = {key: value for key, value in schema.items() if not key.startswith("x-kubernetes")}
    open_ended = bool(schema.get("x-kubernetes-preserve-unknown-fields"))
    if "properties" in schema:
        made["properties"] = {name: _strict(each) for name, each in schema["properties"].items()}
        if schema.get("x-kubernetes-embedded-resource"):
            made["properties"] = {**METADATA, **made["properties"]}
        if "additionalProperties" not in schema and not open_ended:
            made["additionalProperties"] = False
    if isinstance(schema.get("additionalProperties"), dict):
        made["additionalProperties"] = _strict(schema["additionalProperties"])
    if isinstance(schema.get("items"), dict):
        made["items"] = _strict(schema["items"])
    for key in ("allOf", "anyOf", "oneOf"):  # they narrow what is named beside them
        if key in schema:
            made[key] = [_narrowing(each) for each in schema[key]]
    if schema.get("x-kubernetes-int-or-string"):
        made["type"] = ["integer", "string"]
    if schema.get("nullable") and isinstance(made.get("type"), str):
        made["type"] = [made["type"], "null"]
    made.pop("nullable", None)
    made.pop("format", None)
    made.pop("default", None)
    return made


def _narrowing(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in schema.items() if not key.startswith("x-kubernetes")}
