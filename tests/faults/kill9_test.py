# SPDX-License-Identifier: Apache-2.0
"""kill -9 at any instant loses nothing that was acknowledged (design §7).

By hand, in this folder: `PYTHONPATH=../integration KILL9_ROUNDS=1000 /usr/bin/python3 kill9_test.py`, which prints a
summary as JSON. KILL9_SEED: the seed of a failure. KILL9_SETTINGS="storage.sync=always node.shards=2": further settings.
KILL9_KEEP=folder: a copy of the server's files after a failure. Each of them works for the test as well."""
import json
import os
import shutil
import sys
import time
import unittest

from fault_server import FaultServer
from kill9.harness import Kill9

ROUNDS = int(os.environ.get("KILL9_ROUNDS", 20))
SEED = int(os.environ.get("KILL9_SEED", time.time_ns() % 10**9))
KEEP = os.environ.get("KILL9_KEEP")
SETTINGS = {"node.shards": 0, "mqtt.mqueue.max_length": 1000000} | dict(
    setting.split("=", 1) for setting in os.environ.get("KILL9_SETTINGS", "").split())


def run(progress=lambda text: None):
    """The summary of a whole run; fails when something was wrong."""
    server = FaultServer(SETTINGS)
    summary = None
    try:
        summary = Kill9(server, ROUNDS, SEED, progress).run()
    except AssertionError as failure:
        summary = {"seed": SEED, "violations": [str(failure)]}
    finally:
        if KEEP and (summary is None or summary["violations"]):
            shutil.copytree(server.folder, os.path.join(KEEP, f"kill9-{SEED}"), symlinks=True,
                            ignore=shutil.ignore_patterns("*.sock"))
        server.stop()
    return summary


class Kill9Test(unittest.TestCase):
    def test_nothing_acknowledged_is_lost(self):
        summary = run()
        wrong = "\n  ".join(summary["violations"])
        self.assertFalse(wrong, f"KILL9_SEED={SEED} KILL9_SETTINGS='{os.environ.get('KILL9_SETTINGS', '')}'\n  {wrong}")
        # It would be no test without these.
        for name in ("acknowledged_qos1", "acknowledged_qos2", "delivered_again", "kills_with_publishes_under_way"):
            self.assertGreater(summary[name], 0, name)


if __name__ == "__main__":
    result = run(lambda text: print(text, end="\r", file=sys.stderr, flush=True))
    print(json.dumps(result | {"settings": SETTINGS}, indent=2))
    sys.exit(1 if result["violations"] else 0)
