"""What the values of a model card must be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def wrong_values(card: Mapping[str, Any]) -> list[str]:
    """What is wrong with those of a card's values that are there, a clause each; a card may be any JSON text."""
    wrong = []
    parts: dict[str, tuple[str, ...]] = {
        "data": ("name", "arguments"),
        "training": ("recipe", "arguments"),
        "licence": ("data", "weights"),
        "metric": ("name", "value", "protocol"),
        "versions": (),
    }
    for key, inner in parts.items():
        given = card.get(key, {})
        if key in card and not (isinstance(given, Mapping) and all(part in given for part in inner)):
            wrong.append(f"{key} needs {' and '.join(inner)}" if inner else f"{key} must be a dictionary")
        elif key in card and not isinstance(given.get("arguments", {}), Mapping):
            wrong.append(f"{key} must have a dictionary of arguments")
    licence, metric = card.get("licence"), card.get("metric")
    if isinstance(licence, Mapping) and not all(isinstance(text, str) and text.strip() for text in licence.values()):
        wrong.append("licence must name the licences")
    kinds: dict[str, tuple[type, ...]] = {"steps": (int,), "seed": (int,), "title": (str,)}
    for key, kind in kinds.items():
        if key in card and (isinstance(card[key], bool) or not isinstance(card[key], kind) or not str(card[key]).strip()):
            wrong.append(f"{key} is {card[key]!r}")
    if "seconds" in card and not _finite(card["seconds"]):
        wrong.append(f"seconds is {card['seconds']!r}")
    return [*wrong, *(_wrong_metric(metric) if isinstance(metric, Mapping) else [])]


def _finite(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < float("inf")


def _wrong_metric(metric: Mapping[str, Any]) -> list[str]:
    wrong = []
    if not all(map(_finite, [metric.get("value", 0.0), metric.get("floor", 0.0)])):
        wrong.append("metric needs a finite value, and its floor must be a number")
    if not all(metric.get(key, "there") for key in ("name", "protocol")):
        wrong.append("metric needs name and protocol")
    if "distance" in str(metric.get("name", "")).lower() and "floor" not in metric:
        wrong.append("a distance needs its real-against-real floor")
    return wrong
