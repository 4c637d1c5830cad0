"""Writes Documentation/coverage.md, and a shorter text for whoever mends what is missing."""

import collections
import pathlib
import re

from networks import timm_networks, torchvision_networks

STEPS = ("export", "load", "forward", "gradient", "relevance", "prune", "proof")


def failed(row: dict) -> list[tuple[str, str]]:
    steps = row["steps"]
    return [(name, steps[name].get("reason", "")) for name in STEPS if name in steps and not steps[name]["ok"]]


def kind_of(reason: str) -> str:
    """A reason without names and numbers of its network, so that like can be counted with like."""
    text = re.sub(r"^espalier: (error: )?|[\w.+-]*\.onnx(\.steps/)?: ?", "", reason)
    text = re.sub(r"(?:node|layer|initializer|tensor|value) [`'\"]?[\w/.:+-]+[`'\"]?", "node …", text)
    text = re.sub(r"(?<!\w)/[\w/.:+-]+|(?<=['`])node_[\w.]+(?=['`])", "…", text)
    text = re.sub(r"(?<![\w.])\d[\d.]*(?:e[+-]?\d+)?\b%?", "#", text)
    return text[:140]


def report(rows: list[dict]) -> str:
    lines = []
    for (library, exporter), part in grouped(rows).items():
        lines.append(f"== {library}, {exporter}: {len(part)} networks; " + ", ".join(
            f"{name} {sum(row['steps'].get(name, {}).get('ok', False) for row in part)}" for name in STEPS))
        for row in part:
            misses = failed(row)
            if misses:
                told = " | ".join(f"{name}: {reason}" for name, reason in misses)
                lines.append(f"{row['network']}: {told}  [{row['tool']}]")
        lines.append("all steps: " + " ".join(row["network"] for row in part if not failed(row)))
    lines.append("\n== first reasons, most frequent first")
    for reason, names in first_reasons(rows):
        lines.append(f"{len(names):4d}  {reason}    ({' '.join(names[:6])}{' …' if len(names) > 6 else ''})")
    lines += ["\n== operators in networks that do not load, and in none that does", *unknown_operators(rows)]
    return "\n".join(lines) + "\n"


def first_reasons(rows: list[dict]) -> list[tuple[str, list[str]]]:
    """Of every network that misses something the first reason; of what dynamo exported with an asterisk."""
    counts: dict[str, list[str]] = collections.defaultdict(list)
    for row in rows:
        if failed(row):
            name, reason = failed(row)[0]
            counts[f"{name}: {kind_of(reason)}"].append(row["network"] + ("" if row["exporter"] == "legacy" else "*"))
    return sorted(counts.items(), key=lambda item: -len(item[1]))


def unknown_operators(rows: list[dict]) -> list[str]:
    """An error tells of the first operator only; these are what else may come behind it."""
    known, names = set(), collections.defaultdict(list)
    for row in rows:
        if row["steps"].get("load", {}).get("ok"):
            known.update(row["steps"]["export"].get("operators", []))
    for row in rows:
        if not row["steps"].get("load", {"ok": True})["ok"]:
            for operator in set(row["steps"]["export"].get("operators", [])) - known:
                names[operator].append(row["network"])
    return [f"{len(part):4d}  {operator}    ({' '.join(part[:8])})" for operator, part in
            sorted(names.items(), key=lambda item: -len(item[1]))]


def grouped(rows: list[dict]) -> dict[tuple, list[dict]]:
    parts: dict[tuple, list[dict]] = collections.defaultdict(list)
    for row in rows:
        parts[row["library"], row["exporter"]].append(row)
    return parts


COLUMNS = {
    "exported": ("export",), "loads": ("load",), "forward": ("forward",), "gradient": ("gradient",), "relevance": ("relevance",),
    "halved": ("prune",), "halved and proven": ("prune", "proof")}

INTRODUCTION = """# Coverage

What `make coverage` found (tool {tools}). Networks of torchvision and timm with seeded random weights; scales and biases of
norms and scales of branches are moved off one and zero, batch norms hold the statistics of noise, so that every part counts.
Two inputs of noise, of a side of 64 or the least that the network takes (or its exporter).

- *exported*: PyTorch's exporter writes it and onnxruntime runs it; `legacy` is TorchScript's at operator set 17, `dynamo` the
  newer.
- *loads*: `espalier inspect` reads it.
- *forward*: outputs differ from onnxruntime's by at most {forward:.0e} of their greatest magnitude.
- *gradient*: `--attributor gradient` differs from PyTorch's by at most {gradient:.0e} of the map's greatest magnitude.
- *relevance*: the map of the default composite is finite and not zero.
- *halved*: `prune --criterion l1 --budget macs=0.5` leaves half of the MACs within {tolerance:.0%} of it, and the
  tool's own proof holds.
- *halved and proven*: onnx's checker takes the file, onnxruntime runs it, and there it answers as the unpruned network does
  when the columns of weights that read removed channels are zero, within 1e-4 of the greatest; (w) where weights cannot be
  laid beside each other, and the tool's word stands.

(f) What a network answers is no row of class scores, which `relevance` asks for: its outputs were flattened and put side by
side before.

\\* float32 itself is too coarse here: the tool is no further from double precision than {lenience} times PyTorch or
onnxruntime in float32, or than rounding moves PyTorch's own map, by a ReLU near zero.
"""


def ok(row: dict, names: tuple[str, ...]) -> bool:
    return all(row["steps"].get(name, {}).get("ok", False) for name in names)


def summary_rows(rows: list[dict]) -> list[tuple[str, list[dict], int]]:
    """Name, rows that are there, and how many there are to be."""
    found = []
    torchvision, timm = torchvision_networks(), timm_networks()
    for exporter in ("legacy", "dynamo"):
        part = [row for row in rows if row["library"] == "torchvision" and row["exporter"] == exporter]
        counted, listed = [row for row in part if row["counted"]], [network for network in torchvision if network.counted]
        found.append((f"torchvision's 85, {exporter}", counted, len(listed)))
        for group in dict.fromkeys(network.group for network in listed):
            found.append((f"– {group}", [row for row in counted if row["group"] == group],
                          sum(network.group == group for network in listed)))
        found.append((f"torchvision's others, {exporter}", [row for row in part if not row["counted"]],
                      len(torchvision) - len(listed)))
    for group in dict.fromkeys(network.group for network in timm):
        found.append((f"timm, {group}", [row for row in rows if row["library"] == "timm" and row["group"] == group],
                      sum(network.group == group for network in timm)))
    return [line for line in found if line[1]]


def summary(rows: list[dict]) -> list[str]:
    lines = ["| | networks | " + " | ".join(COLUMNS) + " |", "|---" * (len(COLUMNS) + 2) + "|"]
    for name, part, total in summary_rows(rows):
        cells = [str(sum(ok(row, names) for row in part)) for names in COLUMNS.values()]
        done = str(total) if len(part) == total else f"{len(part)} of {total} so far"
        lines.append(f"| {name} | {done} | " + " | ".join(cells) + " |")
    return lines


def number(step: dict | None, name: str) -> str:
    if step is None or step.get(name) is None:
        return "–" if step is None or step["ok"] else "no"
    mark = "" if step["ok"] else "**"
    star = "\\*" if step.get("conditioned") is False else ""
    flat = " (f)" if step.get("flat") else ""
    return f"{mark}{step[name]:.0e}{star}{mark}{flat}".replace("e-0", "e-")


def spoken(name: str, reason: str) -> str:
    text = re.sub(r"^espalier: (error: )?", "", reason).replace("model.onnx: ", "").replace("|", "\\|")
    return f"{name}: {text}"


def network_row(row: dict) -> str:
    steps = row["steps"]
    export, prune, proof = steps["export"], steps.get("prune"), steps.get("proof")
    size = " × ".join(str(side) for side in export["input"][2:]) if export.get("input") else "–"
    size += ", fixed batch" if export.get("batch") == "fixed" else ""
    relevance = steps.get("relevance")
    left = "–" if prune is None else f"{prune['share']:.1%}" if "share" in prune else "no"
    proven = number(proof, "difference") if proof is None or "difference" in proof or not proof["ok"] else "w"
    misses = failed(row)
    reasons = []
    for place, (name, reason) in enumerate(misses):
        if reason in (other for _, other in misses[:place]):
            reasons[-1] = reasons[-1].replace(":", f", {name}:", 1)
        else:
            reasons.append(spoken(name, reason))
    forward, gradient = (number(steps.get(name), "difference") for name in ("forward", "gradient"))
    explained = "–" if relevance is None else "yes" if relevance["ok"] else "no"
    cells = (row["network"], size, forward, gradient, explained, left, proven, "; ".join(reasons))
    return "| " + " | ".join(cells) + " |"


def write(rows: list[dict], path: pathlib.Path, **limits):
    tools = ", ".join(sorted({row["tool"] for row in rows}))
    lines = [INTRODUCTION.format(tools=tools, **limits), *summary(rows), "", "## First reasons, most frequent first", "",
             "| networks | reason | which (\\* as dynamo exports it) |", "|---|---|---|"]
    for reason, names in first_reasons(rows):
        told = reason.replace("|", "\\|")
        lines.append(f"| {len(names)} | {told} | {' '.join(names).replace('*', chr(92) + '*')} |")
    order = {"torchvision": 0, "timm": 1, "legacy": 0, "dynamo": 1}
    for (library, exporter), part in sorted(grouped(rows).items(), key=lambda item: [order[word] for word in item[0]]):
        lines += ["", f"## {library}, {exporter}", "",
                  "| network | input | forward | gradient | relevance | MACs left | proof | what is missing |",
                  "|---|---|---|---|---|---|---|---|", *map(network_row, part)]
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join(lines) + "\n")
