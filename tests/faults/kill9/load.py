# SPDX-License-Identifier: Apache-2.0
"""The load while the server is killed again and again: all clients in one process with one thread, so that it knows
exactly what was sent and what was acknowledged before what.

As a program, in tests/faults: `python3 -m kill9.load SEED`. It reads commands from standard input, one a line:

* `round N PORT`: everybody connects; answers `up N` when those who stay online have their sessions, and goes on.
* `killed`: the server has been killed; reads what is still to be read and answers `down N JSON`, what was wrong so far.
* `cut`: as if all connections had been cut; then as `killed`.
* `drain PORT`: everybody connects, nothing new is sent; when all has arrived, or nothing more comes, `report JSON`.

The clients keep to the specification: what was not acknowledged is sent again with DUP and its packet id. What they see
is judged as it comes (streams.py) and at the end; each thing that is wrong is a line for people."""
import collections
import json
import math
import os
import random
import select
import sys
import time

import wire

from .cast import Cast
from .client import split
from .trace import Trace

MOST_VIOLATIONS, MOST_OF_ONE_CLIENT = 30, 3
TICK = 0.01
# Nothing has come for so long: no more will.
QUIET = 5
UP_DEADLINE = 30
CLOSE_DEADLINE = 10
RATES = (100, 300, math.inf)


class Load:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.trace = Trace(split)
        self.port = None
        self.draining = False
        self.round = 0
        self._epoll = select.epoll()
        self._epoll.register(0, select.EPOLLIN)
        self._by_fd = {}
        self._commands = b""
        self._counts = collections.Counter()
        self._violations = []
        self._violation_counts = collections.Counter()
        self._phase = self._idle
        self._lost_since = None
        self._killed = False
        self._begin = self._last_event = 0
        self._awaited = []
        self._looker = None
        self.cast = Cast(self)
        self.streams = {stream.name: stream for stream in self.cast.streams}

    # What clients call.

    def violation(self, text):
        name = text.partition(":")[0]
        self._violation_counts[name] += 1
        if self.trace:
            self.trace.line("VIOLATION", text)
        if self._violation_counts[name] <= MOST_OF_ONE_CLIENT and len(self._violations) < MOST_VIOLATIONS:
            self._violations.append(f"round {self.round}: {text}")

    def _all_violations(self):
        more = self._violation_counts.total() - len(self._violations)
        return self._violations + ([f"and {more} more"] if more else [])

    def count(self, name, by=1):
        self._counts[name] += by

    def watch(self, client, writing=False):
        fd = client.socket.fileno()
        events = select.EPOLLIN | (select.EPOLLOUT if writing else 0)
        if fd in self._by_fd:
            self._epoll.modify(fd, events)
        else:
            self._by_fd[fd] = client
            self._epoll.register(fd, events)

    def forget(self, client):
        fd = client.socket.fileno()
        del self._by_fd[fd]
        self._epoll.unregister(fd)

    def lost(self, _):
        """A connection ended that its client did not end."""
        self._lost_since = self._lost_since or time.monotonic()

    # The loop.

    def run(self):
        while True:
            for fd, events in self._epoll.poll(TICK):
                if fd == 0:
                    data = os.read(0, 4096)
                    if not data:
                        return
                    self._read_commands(data)
                elif (client := self._by_fd.get(fd)) is not None:
                    self._last_event = time.monotonic()
                    client.on_event(events)
            now = time.monotonic()
            for client in self.cast.all:
                client.tick(now)
            self._phase(now)
            if self._lost_since and not self._killed and now > self._lost_since + CLOSE_DEADLINE:
                self._lost_since = None
                away = [c.name for c in self.cast.online + self.cast.all_publishers if c.socket is None]
                self.violation(f"the server closed connections without having been killed; away: {away}")

    def _read_commands(self, data):
        *lines, self._commands = (self._commands + data).split(b"\n")
        for line in lines:
            name, *arguments = line.decode().split()
            getattr(self, f"_command_{name}")(*map(int, arguments))

    @staticmethod
    def _say(*words):
        print(*words, flush=True)

    def _command_round(self, number, port):
        self.round = number
        self._start(port)
        rate = self.random.choice(RATES)
        for publisher in self.cast.publishers:
            publisher.rate = rate
        self.cast.publishers[-1].rate = self.cast.retainer.rate = min(rate, 150)
        self.cast.sparse.rate = 1
        for stream in self.cast.streams:
            stream.begin_round()

    def _command_drain(self, port):
        self.draining = True
        for publisher in self.cast.all_publishers:
            publisher.stopped = True
        for subscriber in self.cast.subscribers:
            subscriber.slow = 0
        self._start(port)

    def _start(self, port):
        now = self._begin = self._last_event = time.monotonic()
        self.port = port
        self._killed = False
        self._lost_since = None
        for visitor in self.cast.visitors:
            visitor.plan(now)
        self._awaited = self.cast.online
        if self.draining or self.round == 1:
            self._awaited = self.cast.subscribers
            for visitor in self.cast.visitors:
                visitor.stay()
        for subscriber in self._awaited:
            subscriber.connect(port)
        if self.round > 1:
            self._connect_publishers()
        self._looker = self.cast.lookers[self.round % len(self.cast.lookers)]
        self._looker.look(port)
        self._phase = self._connecting

    def _connect_publishers(self):
        for publisher in self.cast.publishers:
            publisher.connect(self.port)

    def _command_cut(self):
        for client in list(self._by_fd.values()):
            client.abandon()
        self._command_killed()

    def _command_killed(self):
        self._killed = True
        self.port = None
        self.count("kills")
        self._phase = self._closing
        self._last_event = time.monotonic()

    # Phases: what is waited for.

    def _idle(self, _):
        """Between the phases: the load runs, or waits for a command."""

    def _connecting(self, now):
        """First those who look, then the retainer; in the first round nobody publishes before all are subscribed."""
        if self._looker.done and self.cast.retainer.socket is None and self.port is not None:
            self.cast.retainer.connect(self.port)
        if self.round == 1 and self.cast.publishers[0].socket is None and all(s.ready() for s in self._awaited):
            self._connect_publishers()
        absent = [s.name for s in self._awaited if not s.ready()]
        absent += [p.name for p in self.cast.all_publishers if not p.up]
        late = now > self._begin + UP_DEADLINE
        if absent and late:
            self.violation(f"not connected within {UP_DEADLINE} s: {absent}")
        if not absent or late:
            self._phase = self._draining if self.draining else self._idle
            if not self.draining:
                self._say("up", self.round)

    def _closing(self, now):
        """All connections end by themselves: what the server had written is read before."""
        if self._by_fd and now > self._last_event + CLOSE_DEADLINE:
            self.violation(f"connections did not end: {[c.name for c in self._by_fd.values()]}")
        elif self._by_fd:
            return
        self.count("kills_with_publishes_under_way", any(s.outstanding for s in self.cast.streams))
        self.count("kills_with_releases_under_way",
                   any(f.received for p in self.cast.all_publishers for f in p.flights.values()))
        self.count("kills_with_deliveries_under_way", any(s.exchanges for s in self.cast.subscribers))
        self._phase = self._idle
        self._say("down", self.round, json.dumps(self._all_violations()))

    def _draining(self, now):
        complete = (not any(p.flights for p in self.cast.all_publishers) and
                    not any(s.exchanges for s in self.cast.subscribers) and
                    all(judge.complete() for _, judge in self.cast.judges()))
        if complete or now > self._last_event + QUIET:
            # A round trip: what is there in excess has come too.
            for subscriber in self.cast.subscribers:
                subscriber.pong = False
                subscriber.send(wire.PING)
                subscriber.flush()
            self._looker = self.cast.lookers[0]
            self._looker.look(self.port)
            self._last_event = now
            self._phase = self._ending

    def _ending(self, now):
        late = now > self._last_event + QUIET
        if not late and not (self._looker.done and all(s.pong for s in self.cast.subscribers)):
            return
        for publisher in self.cast.all_publishers:
            for flight in publisher.flights.values():
                owed = "PUBCOMP" if flight.received else "acknowledgement"
                publisher.violation(f"no {owed} came: {flight.stream.describe(flight.number)}")
        for subscriber in self.cast.subscribers:
            for text in subscriber.unfinished():
                subscriber.violation(text)
            if not subscriber.pong:
                subscriber.violation("no PINGRESP at the end")
        for name, judge in self.cast.judges():
            if not judge.complete():
                self.violation(f"{name}: lost: {judge.stream.describe_range(judge.missing())}")
        self._phase = self._idle
        self._say("report", json.dumps({"rounds": self.round, **dict(sorted(self._counts.items())),
                                        "violations": self._all_violations()}))


if __name__ == "__main__":
    Load(int(sys.argv[1])).run()
