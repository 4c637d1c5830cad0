"""Takes networks through the tool and stores a row for each: `make coverage` runs it.

    run.py TOOL [--exporter legacy|dynamo] [--library torchvision|timm] [--only NAME …] [--again no|other-tool|misses|all]

Rows lie in Output/coverage/rows.jsonl and are gone on with: a network has to be done once for a tool. Each runs in a process
of its own, forked from one that has PyTorch loaded, so that neither a crash nor memory of one reaches the next.
"""

import argparse
import json
import os
import pathlib
import shutil
import signal
import sys
import time
import traceback

import libraries  # noqa: F401  Loaded once, before forking.
import steps
import table
from exporting import DYNAMO, LEGACY, export
from networks import Network, ordered, timm_networks, torchvision_networks
from provenance import Rows
from seeding import VERSION
from tool import Tool, last_line

OUTPUT = pathlib.Path("Output/coverage").absolute()
# What an export may take, on the clock; the tool has limits of its own.
EXPORT_SECONDS, NETWORK_SECONDS = 900, 3600
KEPT_BYTES = 400 << 20


def exported(network: Network, exporter: str, folder: pathlib.Path) -> dict:
    """From the folder if it is there; a failure is kept too."""
    told, failed = folder / "export.json", folder / "failed.json"
    if told.exists() and (folder / "model.onnx").exists():
        found = json.loads(told.read_text())
        if found.get("seeding") == VERSION:
            return {"ok": True, **found}
    if failed.exists():
        return json.loads(failed.read_text())
    try:
        return {"ok": True, **export(network, exporter, folder)}
    except Exception as problem:
        text = "".join(traceback.format_exception_only(problem)).strip()
        (folder / "trace.txt").write_text(traceback.format_exc())
        result = {"ok": False, "kind": "exporter", "reason": last_line(text.split("\n\n")[0], []) if text else repr(problem)}
        failed.write_text(json.dumps(result) + "\n")
        return result


def one(network: Network, exporter: str, tool: Tool, folder: pathlib.Path) -> dict[str, dict]:
    folder.mkdir(parents=True, exist_ok=True)
    found = {"export": exported(network, exporter, folder)}
    if found["export"]["ok"]:
        found.update(steps.run_steps(tool, network, folder, 6 if network.heavy else 1))
    return found


def in_a_child(network: Network, exporter: str, tool: Tool, folder: pathlib.Path) -> dict[str, dict]:
    answer = folder / "steps.json"
    folder.mkdir(parents=True, exist_ok=True)
    answer.unlink(missing_ok=True)
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.setsid()
            log = os.open(folder / "log.txt", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            os.dup2(log, 1), os.dup2(log, 2)
            answer.write_text(json.dumps(one(network, exporter, tool, folder)))
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush(), sys.stderr.flush()
            os._exit(status)
    deadline = time.time() + NETWORK_SECONDS
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            break
        if time.time() > deadline:
            os.killpg(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return {"export": {"ok": False, "kind": "hung", "reason": f"not done in {NETWORK_SECONDS} s"}}
        time.sleep(0.1)
    if answer.exists():
        found = json.loads(answer.read_text())
        answer.unlink()
        return found
    reason = last_line((folder / "log.txt").read_text(errors="replace")[-4000:], [])
    return {"export": {"ok": (folder / "export.json").exists(), "kind": "script", "reason": f"this script failed: {reason}"}}


def tidy(folder: pathlib.Path, found: dict[str, dict]):
    """Keeps what a miss can be looked into with, and models that are not large, for the next tool."""
    wrong = any(step.get("kind") in ("wrong", "crashed", "hung") for name, step in found.items() if name != "export")
    if not wrong:
        for name in ("pruned.onnx", "gradient.h5", "relevance.h5"):
            (folder / name).unlink(missing_ok=True)
        if sum(file.stat().st_size for file in folder.iterdir() if file.is_file()) > KEPT_BYTES:
            shutil.rmtree(folder)


def wanted(arguments) -> list[tuple[Network, str]]:
    pairs = []
    if arguments.library in (None, "torchvision"):
        pairs += [(network, LEGACY) for network in torchvision_networks() if arguments.exporter in (None, LEGACY)]
    if arguments.library in (None, "timm"):
        pairs += [(network, LEGACY) for network in timm_networks() if arguments.exporter in (None, LEGACY)]
    if arguments.library in (None, "torchvision"):
        pairs += [(network, DYNAMO) for network in torchvision_networks() if arguments.exporter in (None, DYNAMO)]
    if arguments.only:
        pairs = [(network, exporter) for network, exporter in pairs if network.name in arguments.only]
    order = {network: place for place, network in enumerate(ordered([network for network, _ in pairs]))}
    return sorted(pairs, key=lambda pair: (pair[0].heavy, (pair[1] == DYNAMO), order[pair[0]]))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("tool", type=pathlib.Path)
    parser.add_argument("--exporter", choices=(LEGACY, DYNAMO))
    parser.add_argument("--library", choices=("torchvision", "timm"))
    parser.add_argument("--only", nargs="*")
    parser.add_argument("--again", choices=("no", "other-tool", "misses", "all"), default="other-tool",
                        help="rows that are made anew: none, those of another version of the tool, of these only misses, all")
    parser.add_argument("--report", type=pathlib.Path, help="a text with misses and their reasons, renewed with every row")
    arguments = parser.parse_args()
    OUTPUT.mkdir(parents=True, exist_ok=True)
    tool, rows = Tool(arguments.tool.absolute(), OUTPUT), Rows(OUTPUT / "rows.jsonl")
    for network, exporter in wanted(arguments):
        tool.refresh()
        have = [row for row in rows.latest() if (row["library"], row["network"], row["exporter"])
                == (network.library, network.name, exporter)]
        if have and arguments.again == "no":
            continue
        if have and arguments.again != "all" and have[0]["tool"] == tool.digest:
            continue
        if have and arguments.again == "misses" and all(step["ok"] for step in have[0]["steps"].values()):
            continue
        started = time.time()
        folder = OUTPUT / "networks" / exporter / network.library / network.name
        found = in_a_child(network, exporter, tool, folder)
        tidy(folder, found)
        rows.add({"library": network.library, "network": network.name, "group": network.group, "counted": network.counted,
                  "exporter": exporter, "tool": tool.digest, "seconds": round(time.time() - started, 1), "steps": found})
        missed = [f"{name}: {step.get('reason', '')}" for name, step in found.items() if not step["ok"]]
        told = "; ".join(missed) or "all"
        print(f"{network.library} {network.name} {exporter}: {told} ({time.time() - started:.0f} s)", flush=True)
        if arguments.report:
            arguments.report.write_text(table.report(rows.latest()))
    table.write(rows.latest(), pathlib.Path("Documentation/coverage.md"), forward=steps.FORWARD, gradient=steps.GRADIENT,
                tolerance=steps.TOLERANCE, lenience=steps.LENIENCE)


if __name__ == "__main__":
    main()
