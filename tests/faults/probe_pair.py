# SPDX-License-Identifier: Apache-2.0
"""The probe pair: somebody who is not concerned, while others are attacked.

A publisher and a subscriber of one topic, QoS 1, RATE messages a second, each with its number and the time at which it
was sent. They run before the attack (the baseline), throughout it, and AFTERWARDS messages longer. Then every message
must have arrived once and in order, and the latencies of the attack are compared with those of the baseline.

The limit is design's 50 ms for the 99th percentile, and where the machine itself is slower, five times the baseline's:
the cores are few and others work on them, so the same machine's figures of a second before are the only fair measure.
It fails only when p99 > max(50 ms, 5 x the baseline's p99).

The pair is a process of its own, so that the interpreter of the test that attacks does not delay it; it has one thread,
and takes all times from one clock. As a program: `probe_pair.py PORT`; it prints "ready" when the baseline is taken and
reads "end" from standard input, then it prints its report as JSON."""
import collections
import json
import math
import select
import struct
import subprocess
import sys
import time

import wire

RATE = 200
BASELINE_MESSAGES = 100
AFTERWARDS = 100
P99_LIMIT = 0.050
P99_FACTOR = 5
LAST_MESSAGE_DEADLINE = 15
TOPIC = "probe/pair"


def percentile(values, share):
    return sorted(values)[max(0, math.ceil(len(values) * share) - 1)] if values else 0.0


class _Pair:
    """The loop of the probe's process."""

    def __init__(self, port):
        self._subscriber = wire.Peer(port, wire.connect("probe-subscriber")).accepted()
        self._subscriber.send(wire.subscribe([TOPIC], options=1))
        self._subscriber.expect(wire.SUBACK)
        self._publisher = wire.Peer(port, wire.connect("probe-publisher")).accepted()
        self._sent = 0
        self._acknowledged = 0
        self._numbers = []
        self._latencies = []
        self._failure = None

    def run(self):
        sources = select.poll()
        for source in (self._subscriber.socket, self._publisher.socket, sys.stdin):
            sources.register(source, select.POLLIN)
        due = time.monotonic()
        ready_at = stop_at = None
        last = math.inf
        while self._failure is None:
            now = time.monotonic()
            if self._sent < last and now >= due:
                self._publish()
                due = max(due + 1 / RATE, now)
            if self._sent >= last and (self._complete() or now > stop_at):
                break
            wait = 0.05 if self._sent >= last else max(0.0, due - time.monotonic())
            for source, _ in sources.poll(math.ceil(wait * 1000)):
                if source == sys.stdin.fileno():
                    sources.unregister(sys.stdin)
                    last = self._sent + AFTERWARDS
                    stop_at = time.monotonic() + LAST_MESSAGE_DEADLINE
                elif source == self._subscriber.socket.fileno():
                    self._read_subscriber()
                else:
                    self._read_publisher()
            if ready_at is None and len(self._numbers) >= BASELINE_MESSAGES:
                ready_at = self._sent
                print("ready", flush=True)
        self._report(ready_at or 0)

    def _complete(self):
        return len(self._numbers) >= self._sent and self._acknowledged >= self._sent

    def _publish(self):
        self._sent += 1
        payload = struct.pack("!Qd", self._sent, time.monotonic())
        self._publisher.send(wire.publish(TOPIC, payload, 1, self._sent % 65535 + 1))

    def _packets(self, peer, who):
        if not peer.more():
            self._failure = f"the server closed the {who}'s connection"
        while (taken := peer.take()) is not None:
            yield taken

    def _read_subscriber(self):
        for first, body in self._packets(self._subscriber, "subscriber"):
            if first >> 4 != wire.PUBLISH:
                continue
            at = 2 + struct.unpack_from("!H", body)[0]
            number, sent_at = struct.unpack_from("!Qd", body, at + 2)
            self._numbers.append(number)
            self._latencies.append(time.monotonic() - sent_at)
            self._subscriber.send(wire.packet(wire.PUBACK, body[at:at + 2]))

    def _read_publisher(self):
        for first, _ in self._packets(self._publisher, "publisher"):
            if first >> 4 == wire.PUBACK:
                self._acknowledged += 1

    def _report(self, baseline_sent):
        often = [number for number, times in collections.Counter(self._numbers).items() if times > 1]
        before = [l for n, l in zip(self._numbers, self._latencies) if n <= baseline_sent]
        after = [l for n, l in zip(self._numbers, self._latencies) if n > baseline_sent]
        print(json.dumps({
            "failure": self._failure, "sent": self._sent, "received": len(self._numbers),
            "acknowledged": self._acknowledged, "twice": often[:10],
            "lost": sorted(set(range(1, self._sent + 1)) - set(self._numbers))[:10],
            "in_order": self._numbers == sorted(self._numbers), "during_attack": len(after),
            "baseline_p99": percentile(before, 0.99), "p99": percentile(after, 0.99),
            "longest": max(after, default=0.0)}), flush=True)


class ProbePair:
    """A running probe pair. `with ProbePair(port): attack()` fails when the attack did harm.

    `latency` False leaves out the latencies: for builds with sanitizers, which are slow by themselves."""

    def __init__(self, port, latency=True):
        self._latency = latency
        self.report = None
        self._process = subprocess.Popen([sys.executable, "-B", __file__, str(port)], stdin=subprocess.PIPE,
                                         stdout=subprocess.PIPE, text=True)

    def __enter__(self):
        line = self._process.stdout.readline()
        if line.strip() != "ready":
            self._process.communicate()
            raise AssertionError(f"the probe pair found no service: {line}")
        return self

    def __exit__(self, failed, *_):
        out, _ = self._process.communicate("end\n", timeout=LAST_MESSAGE_DEADLINE + wire.DEADLINE)
        if failed is None:
            self._check(out)

    def _check(self, out):
        self.report = report = json.loads(out)
        unharmed = (report["failure"] is None and report["in_order"] and not report["lost"] and not report["twice"] and
                    report["acknowledged"] == report["sent"] == report["received"])
        if not unharmed:
            raise AssertionError(f"the attack harmed the probe pair: {report}")
        if self._latency and report["p99"] > max(P99_LIMIT, P99_FACTOR * report["baseline_p99"]):
            raise AssertionError(f"the attack slowed the probe pair down: {report}")


if __name__ == "__main__":
    _Pair(int(sys.argv[1])).run()
