# SPDX-License-Identifier: Apache-2.0
"""Kills a server again and again under the load of load.py, which is a process of its own."""
import json
import os
import random
import select
import subprocess
import sys
import time

# A round's load runs for so long, in seconds.
SHORTEST, LONGEST = 0.1, 1.2
# So many rounds are killed while the clients still come back, and so many starts before the server serves.
EARLY, AT_START = 0.2, 0.15
ANSWER_DEADLINE = 60
# Seconds for the last round, and for each round before it: the queues of who was away must empty.
REPORT_DEADLINE, REPORT_DEADLINE_PER_ROUND = 60, 1


def durable_settings():
    """What is tested; KILL9_SETTINGS ("key=value key=value") comes on top."""
    return {"storage.type": "disc", "retainer.storage_type": "disc"} | dict(setting.split("=", 1) for setting in os.environ.get("KILL9_SETTINGS", "").split())


class LoadFailed(AssertionError):
    """The load process has ended, or does not answer."""


class LoadProcess:
    """Commands and answers; everything has a deadline."""

    def __init__(self, seed):
        self._process = subprocess.Popen([sys.executable, "-B", "-m", "kill9.load", str(seed)], stdin=subprocess.PIPE,
                                         stdout=subprocess.PIPE, cwd=os.path.dirname(os.path.dirname(__file__)))
        self._received = b""

    def tell(self, *words):
        self._process.stdin.write(" ".join(map(str, words)).encode() + b"\n")
        self._process.stdin.flush()

    def line(self, seconds):
        """The next line as (word, rest), None when none comes within that time."""
        end = time.monotonic() + seconds
        out = self._process.stdout
        while b"\n" not in self._received:
            if not select.select([out], [], [], max(0, end - time.monotonic()))[0]:
                return None
            data = os.read(out.fileno(), 65536)
            if not data:
                raise LoadFailed(f"the load process ended with {self._process.wait()}")
            self._received += data
        line, self._received = self._received.split(b"\n", 1)
        return line.decode().partition(" ")[::2]

    def expect(self, word, seconds):
        while (line := self.line(seconds)) is not None:
            if line[0] == word:
                return line[1]
        raise LoadFailed(f"no '{word}' from the load process within {seconds} s")

    def close(self):
        self._process.kill()
        self._process.communicate()


class Kill9:
    """`rounds` kills of `server`, with which it does port(), kill(), launch() and await_start(); then the last check.

    With `cut` the server lives on and all connections are cut instead: nothing then depends on what is on the disc.
    The same seed gives the same choices, though not the same instants: those are the machine's."""

    def __init__(self, server, rounds, seed, cut=False, progress=lambda text: None):
        self._server = server
        self._cut = cut
        self._rounds = rounds
        self._random = random.Random(seed)
        self._progress = progress
        self._summary = {"seed": seed, "kills_while_starting": 0, "longest_start": 0.0}
        self._load = LoadProcess(seed)

    def run(self):
        """The summary; what was wrong is in its "violations"."""
        try:
            for number in range(1, self._rounds + 1):
                violations = self._round(number)
                self._progress(f"round {number}")
                if violations:
                    return self._summary | {"rounds": number, "violations": violations}
                if not self._cut:
                    self._start()
            self._load.tell("drain", self._server.port())
            seconds = REPORT_DEADLINE + REPORT_DEADLINE_PER_ROUND * self._rounds
            return self._summary | json.loads(self._load.expect("report", seconds))
        finally:
            self._load.close()

    def _round(self, number):
        self._load.tell("round", number, self._server.port())
        early = number > 1 and self._random.random() < EARLY
        if early:
            self._run_for(self._random.uniform(0, SHORTEST))
        else:
            self._load.expect("up", ANSWER_DEADLINE)
            self._run_for(self._random.uniform(SHORTEST, LONGEST))
        if self._cut:
            self._load.tell("cut")
        else:
            self._server.kill()
            self._load.tell("killed")
        return json.loads(self._load.expect("down", ANSWER_DEADLINE).partition(" ")[2])

    def _run_for(self, seconds):
        """The load runs; that it ends is the only thing to wait for, except "up"."""
        end = time.monotonic() + seconds
        while self._load.line(max(0, end - time.monotonic())) is not None:
            pass

    def _start(self):
        while self._random.random() < AT_START:
            self._server.launch()
            self._run_for(self._random.uniform(0, 0.2))
            self._server.kill()
            self._summary["kills_while_starting"] += 1
        begin = time.monotonic()
        self._server.launch()
        self._server.await_start()
        took = round(time.monotonic() - begin, 3)
        self._summary["longest_start"] = max(self._summary["longest_start"], took)
