"""Parts of a packaged template: without the resources that an implementation refuses, or with texts in their place."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

_PLACE = re.compile(r"\$\{([A-Za-z0-9]+)(?:\.[A-Za-z0-9.]+)?\}")


def without(template: dict[str, Any], names: set[str]) -> dict[str, Any]:
    """A template without some resources, and without what refers to them."""
    gone = set(names)
    while True:
        more = {
            name
            for name, resource in template["Resources"].items()
            if name not in gone and gone & set(references({k: v for k, v in resource.items() if k != "DependsOn"}))
        }
        if not more:
            break
        gone |= more
    kept = {name: dict(one) for name, one in template["Resources"].items() if name not in gone}
    for one in kept.values():
        depends = one.get("DependsOn", [])
        one["DependsOn"] = [d for d in ([depends] if isinstance(depends, str) else depends) if d not in gone]
    outputs = {name: one for name, one in template.get("Outputs", {}).items() if not gone & set(references(one))}
    return {**template, "Resources": kept, "Outputs": outputs}


def references(value: Any) -> Iterator[str]:
    """The logical ids that a part of a template names."""
    if isinstance(value, list):
        for one in value:
            yield from references(one)
    elif isinstance(value, dict):
        for key, inner in value.items():
            if key == "Ref":
                yield inner
            elif key == "Fn::GetAtt":
                yield inner.split(".")[0] if isinstance(inner, str) else inner[0]
            elif key == "Fn::Sub":
                text, given = (inner, {}) if isinstance(inner, str) else inner
                yield from (part.split("}")[0].split(".")[0] for part in text.split("${")[1:])
                yield from references(given)
            else:
                yield from references(inner)


def artifacts(template: dict[str, Any]) -> dict[str, str]:
    """The files of a package by the key that the template gives them."""
    found = {}
    for resource in template["Resources"].values():
        properties = resource.get("Properties", {})
        for part in ("Code", "Content"):
            if isinstance(properties.get(part), dict) and "S3Key" in properties[part]:
                found[properties[part]["S3Key"]] = properties[part]["S3Key"].rsplit("/", 1)[1]
    return found


def with_texts(template: dict[str, Any], texts: Mapping[str, str]) -> dict[str, Any]:
    """A template without some resources, by logical id; what refers to one has its text instead."""
    kept = {}
    for name, resource in template["Resources"].items():
        if name not in texts:
            depends = resource.get("DependsOn", [])
            depends = [one for one in ([depends] if isinstance(depends, str) else depends) if one not in texts]
            kept[name] = {**_replaced(resource, texts), "DependsOn": depends}
    # Without exports: moto cannot delete a stack that had the same ones before an update.
    outputs = {name: {"Value": _replaced(one["Value"], texts)} for name, one in template.get("Outputs", {}).items()}
    return {**template, "Resources": kept, "Outputs": outputs}


def _replaced(value: Any, texts: Mapping[str, str]) -> Any:
    if isinstance(value, list):
        return [_replaced(one, texts) for one in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {"Ref"} or value.keys() == {"Fn::GetAtt"}:
        (named,) = references(value)
        return texts.get(named, value)
    if value.keys() == {"Fn::Sub"}:
        text, given = (value["Fn::Sub"], {}) if isinstance(value["Fn::Sub"], str) else value["Fn::Sub"]
        text = _PLACE.sub(lambda place: texts.get(place[1], place[0]), text)
        return {"Fn::Sub": [text, _replaced(given, texts)] if given else text}
    return {key: _replaced(inner, texts) for key, inner in value.items()}
