# SPDX-License-Identifier: Apache-2.0
"""kill -9 at any instant loses nothing that was acknowledged (design §7).

By hand, in this folder: `PYTHONPATH=../integration KILL9_ROUNDS=1000 /usr/bin/python3 kill9_test.py`, which prints a
summary as JSON.

KILL9_SEED: the seed of a failure. KILL9_SETTINGS="storage.sync=always node.shards=2": further
settings. KILL9_KEEP=folder: a copy of the server's files after a failure. KILL9_TRACE=file: every packet. KILL9_CUT=1:
connections are cut instead. All but the last work for the tests as well."""
import collections
import contextlib
import json
import os
import re
import shutil
import sys
import time
import unittest

from fault_server import SANITIZED, FaultServer
from kill9.harness import Kill9, durable_settings

ROUNDS = int(os.environ.get("KILL9_ROUNDS", 10 if SANITIZED else 20))
CUT_ROUNDS = 5
SEED = int(os.environ.get("KILL9_SEED", time.time_ns() % 10**9))
KEEP = os.environ.get("KILL9_KEEP")
SETTINGS = {"node.shards": 0, "mqtt.mqueue.max_length": 1000000} | durable_settings()


def about(server):
    """What its files have grown to, and what it warned of."""
    size = 0
    for path in server.folder.rglob("*"):
        with contextlib.suppress(FileNotFoundError):
            size += path.stat().st_size
    warnings = re.findall(r"^\S+ \S+ (?:warning|error|critical) (\[\w+\] [^:\n]+)", server.output, re.MULTILINE)
    return {"folder_bytes": size, "warnings": dict(collections.Counter(warnings).most_common(10))}


def run(rounds, cut=False, progress=lambda text: None):
    """The summary of a whole run; what was wrong is in its "violations"."""
    server = FaultServer(SETTINGS)
    summary = None
    try:
        summary = Kill9(server, rounds, SEED, cut, progress).run() | about(server)
    except AssertionError as failure:
        summary = {"seed": SEED, "violations": [str(failure)]}
    finally:
        if KEEP and (summary is None or summary["violations"]):
            if server.running:
                server.kill()
            shutil.copytree(server.folder, os.path.join(KEEP, f"kill9-{SEED}"), symlinks=True,
                            ignore=shutil.ignore_patterns("*.sock"))
        server.stop()
    return summary


class Kill9Test(unittest.TestCase):
    def check(self, summary, *moved):
        wrong = "\n  ".join(summary["violations"])
        self.assertFalse(wrong, f"KILL9_SEED={SEED} KILL9_SETTINGS='{os.environ.get('KILL9_SETTINGS', '')}'\n  {wrong}")
        # It would be no test without these.
        for name in ("acknowledged_qos1", "acknowledged_qos2", "delivered_again", *moved):
            self.assertGreater(summary[name], 0, name)

    def test_nothing_acknowledged_is_lost(self):
        self.check(run(ROUNDS), "kills_with_publishes_under_way", "kills_with_deliveries_under_way")

    def test_nothing_acknowledged_is_lost_when_connections_are_cut(self):
        """The control: were the load wrong about something, it would be wrong here too."""
        self.check(run(CUT_ROUNDS, cut=True))


if __name__ == "__main__":
    result = run(ROUNDS, bool(os.environ.get("KILL9_CUT")),
                 lambda text: print(text, end="\r", file=sys.stderr, flush=True))
    print(json.dumps(result | {"settings": SETTINGS}, indent=2))
    sys.exit(1 if result["violations"] else 0)
