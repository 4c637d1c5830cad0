"""What a row is about: the digest of a file, and rows in a file that can be gone on with."""

import hashlib
import json
import pathlib


def digest(path: pathlib.Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:12]


class Rows:
    """One JSON line a row, appended when it is whole; of two about the same the later counts."""

    def __init__(self, path: pathlib.Path):
        self.path = path
        self.rows: dict[tuple, dict] = {}
        if path.exists():
            for line in path.read_text().splitlines():
                try:
                    row = json.loads(line)
                except json.JSONDecodeError:
                    continue  # Cut off when the run ended.
                self.rows[self.key(row)] = row

    @staticmethod
    def key(row: dict) -> tuple:
        return row["library"], row["network"], row["exporter"], row["tool"]

    def add(self, row: dict):
        # A later row goes to the end, so that `latest` finds it.
        self.rows.pop(self.key(row), None)
        self.rows[self.key(row)] = row
        with open(self.path, "a") as file:
            file.write(json.dumps(row) + "\n")

    def latest(self) -> list[dict]:
        """Of every network and exporter the row that was written last."""
        found = {}
        for key, row in self.rows.items():
            found.pop(key[:3], None)
            found[key[:3]] = row
        return list(found.values())
