"""Writes Documentation/coverage.md, and a shorter text for whoever mends what is missing."""

import collections
import pathlib
import re

STEPS = ("export", "load", "forward", "gradient", "relevance", "prune", "proof")


def failed(row: dict) -> list[tuple[str, str]]:
    return [(name, row["steps"][name].get("reason", "")) for name in STEPS if name in row["steps"] and not row["steps"][name]["ok"]]


def kind_of(reason: str) -> str:
    """A reason without names and numbers of its network, so that like can be counted with like."""
    text = re.sub(r"[\w.+-]*\.onnx: ?", "", reason)
    text = re.sub(r"(?:node|layer|initializer|tensor|value) [`'\"]?[\w/.:+-]+[`'\"]?", "node …", text)
    text = re.sub(r"(?<!\w)/[\w/.:+-]+", "…", text)
    text = re.sub(r"\b[\d.]+(?:e[+-]?\d+)?\b%?", "#", text)
    return text[:140]


def report(rows: list[dict]) -> str:
    lines = []
    for (library, exporter), part in grouped(rows).items():
        lines.append(f"== {library}, {exporter}: {len(part)} networks; " + ", ".join(
            f"{name} {sum(row['steps'].get(name, {}).get('ok', False) for row in part)}" for name in STEPS))
        for row in part:
            misses = failed(row)
            if misses:
                lines.append(f"{row['network']}: " + " | ".join(f"{name}: {reason}" for name, reason in misses) + f"  [{row['tool']}]")
        lines.append("all steps: " + " ".join(row["network"] for row in part if not failed(row)))
    lines.append("\n== first reasons, most frequent first")
    counts: dict[str, list[str]] = collections.defaultdict(list)
    for row in rows:
        if failed(row):
            name, reason = failed(row)[0]
            counts[f"{name}: {kind_of(reason)}"].append(row["network"] + ("" if row["exporter"] == "legacy" else "*"))
    for reason, names in sorted(counts.items(), key=lambda item: -len(item[1])):
        lines.append(f"{len(names):4d}  {reason}    ({' '.join(names[:6])}{' …' if len(names) > 6 else ''})")
    return "\n".join(lines) + "\n"


def grouped(rows: list[dict]) -> dict[tuple, list[dict]]:
    parts: dict[tuple, list[dict]] = collections.defaultdict(list)
    for row in rows:
        parts[row["library"], row["exporter"]].append(row)
    return parts


def write(rows: list[dict], path: pathlib.Path):
    path.parent.mkdir(exist_ok=True)
