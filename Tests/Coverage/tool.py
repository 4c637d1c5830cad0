"""Runs the tool under limits, and says in one line what became of it."""

import os
import pathlib
import re
import resource
import shutil
import signal
import subprocess
from dataclasses import dataclass

import provenance

# Of processor time, so that a busy machine is no miss; the time on the clock only ends what sleeps.
SECONDS, CLOCK = 120, 900
MEMORY = 16 << 30


@dataclass
class Answer:
    status: int
    output: str
    reason: str  # Empty if all went well.
    kind: str  # "", "refused", "crashed" or "hung".
    seconds: float


def last_line(text: str, hide: list[str]) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    told = [line for line in lines if "Fatal error" in line or "rror:" in line] or lines
    line = told[-1] if told else "it said nothing"
    for part in hide:
        line = line.replace(part, "")
    return re.sub(r"(?<![\w.])/(?:[\w.+-]+/)+(?=[\w.+-]+\.(?:onnx|h5|swift))", "", line)[:400]


class Tool:
    """A copy of the binary, since the one given may be replaced while it runs."""

    def __init__(self, path: pathlib.Path, folder: pathlib.Path):
        self.source, self.folder = path, folder
        self.refresh()

    def refresh(self):
        self.digest = provenance.digest(self.source)
        self.path = self.folder / f"tool-{self.digest}"
        if not self.path.exists():
            for old in self.folder.glob("tool-*"):
                old.unlink()
            shutil.copy2(self.source, self.path)

    def run(self, arguments: list, folder: pathlib.Path, factor: float = 1) -> Answer:
        seconds = int(SECONDS * factor)

        def limit():
            os.setsid()
            resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 5))
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        process = subprocess.Popen(
            [self.path, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=limit,
            cwd=folder, env={**os.environ, "SWIFT_BACKTRACE": "enable=no"})
        try:
            output, errors = process.communicate(timeout=CLOCK * factor)
            status = process.returncode
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            output, errors = process.communicate()
            status = -signal.SIGXCPU
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent = round(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, 1)
        if status == 0:
            return Answer(0, output, "", "", spent)
        if status in (-signal.SIGXCPU, -signal.SIGKILL):
            return Answer(status, output, f"no answer in {seconds} s of processor time", "hung", spent)
        reason = last_line(errors, [f"{folder}/"])
        if status < 0:
            return Answer(status, output, f"{signal.Signals(-status).name}: {reason}", "crashed", spent)
        return Answer(status, output, reason, "refused", spent)
