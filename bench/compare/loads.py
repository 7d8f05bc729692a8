# SPDX-License-Identifier: Apache-2.0
"""What is measured: each load is one call of a load generator and yields one or more figures with a budget."""

from dataclasses import dataclass
from typing import Optional

RATIO = "ratio"        # to the reference peer, in the same run
ABSOLUTE = "absolute"  # in the figure's own unit
UNCHANGED = 1.10       # at most this ratio counts as unchanged


@dataclass(frozen=True)
class Figure:
    """One row of the table."""
    id: str
    title: str
    key: str    # in the JSON of sluice-bench
    unit: str
    kind: str   # RATIO or ABSOLUTE
    limit: Optional[float]  # None: shown, not judged
    scale: float = 1.0


@dataclass(frozen=True)
class Load:
    """One scenario: of sluice-bench (`{d}` in the arguments is the measured time in seconds) or, with `websocket`, of
    ws_idle.py."""
    name: str
    args: str
    figures: tuple
    seconds: float = 2.5
    tls: bool = False
    websocket: bool = False
    connections: int = 0  # 0: as the scenario says; otherwise capped by the descriptors that are allowed
    options: tuple = ()   # more settings of Sluice, KEY=VALUE
    coap: str = ""        # "udp" or "dtls": the CoAP listener that the load goes to; the other peer is libcoap's server
    durable: bool = False  # sessions that stay: mosquitto gets its persistence, and the disk is timed beside it
    alone: bool = False    # no other server has what is measured


@dataclass(frozen=True)
class Quotient:
    """One figure divided by another, of the same round, for the measured server alone."""
    id: str
    title: str
    over: str
    under: str
    limit: float
    at_least: bool = False  # the limit is the smallest that is good


def _message(id_, title, limit):
    return (Figure(id_, title, "server_cpu_us_per_message", "µs/message", RATIO, limit),)


def _put(id_, title, kind=ABSOLUTE, limit=None):
    return Figure(id_, title, "server_cpu_us_per_put", "µs", kind, limit)


PSK_IDENTITY = "bench"
PSK_KEY = "73656372657473656372657473656372"
IN_MEMORY = ("storage.type=ram",)  # what sessions leave on the disk is not CoAP's
STORED_BYTES = 1024 + 20  # payload and topic of the load `queued`
MANY = "pairs -c 100 -q 1 --window 20 -s 256 -C 0 -d {d}"


LOADS = (
    Load("pairs-qos0", "pairs -c 50 -q 0 -d {d}", _message("a", "50 → 50 one to one, QoS 0, saturated", 0.08)),
    Load("pairs-paced", "pairs -c 50 -q 0 --rate 5000 -d {d}", _message("a2", "the same at 5,000 msg/s", 1.0)),
    Load("pairs-qos1", "pairs -c 50 -q 1 --window 20 -d {d}", _message("b", "as a, QoS 1, window 20", 0.08)),
    Load("pairs-qos2", "pairs -c 50 -q 2 --window 20 -d {d}", _message("c", "as a, QoS 2, window 20", 0.08)),
    Load("fanin", "fanin -c 100 --subscribers 2 -d {d}", _message("d", "100 → 2 wildcard subscribers, QoS 0", 0.08)),
    Load("fanout-qos0", "fanout --subscribers 1000 -q 0 -d {d}", _message("e0", "1 → 1,000, QoS 0", 0.25)),
    Load("fanout-qos1", "fanout --subscribers 1000 -q 1 -d {d}", _message("e1", "1 → 1,000, QoS 1", 0.15)),
    Load("idle", "idle -d {d} --ping-interval 36", (
        Figure("f", "memory per idle connection with a subscription", "server_rss_bytes_per_connection", "B", RATIO, 1.0),
        Figure("h", "connect + subscribe", "server_cpu_us_per_connect", "µs", RATIO, 1.0),
        Figure("k", "idle clients pinging every 36 s", "server_cpu_percent", "% of a core", ABSOLUTE, 1.0),
    ), seconds=8, connections=19000),
    Load("filters-1k", "filters --filters 1000 --subscribers 50 -d {d}",
         _message("g1k", "publish matching one of 1,000 filters", 0.7)),
    Load("filters-100k", "filters --filters 100000 --subscribers 50 -d {d}",
         _message("g100k", "publish matching one of 100,000 filters", 0.6)),
    Load("filters-1m", "filters --filters 1000000 --subscribers 50 -d {d} --churn {d} --timeout 120",
         _message("g1m", "publish matching one of 1,000,000 filters", 0.5) + (
             Figure("g2", "unsubscribe + subscribe at 1,000,000 filters", "server_cpu_us_per_resubscribe", "µs", RATIO, 0.08),
             Figure("g3", "memory per subscription at 1,000,000", "server_rss_bytes_per_subscription", "B", RATIO, 0.5),
         )),
    Load("tls-idle", "idle --tls --tls-version 1.3 -d 0", (
        Figure("i", "memory per idle TLS 1.3 connection (P-256)", "server_rss_bytes_per_connection", "KB", ABSOLUTE, 20,
               scale=1 / 1000),
        Figure("i-cpu", "TLS 1.3 handshake + connect + subscribe", "server_cpu_us_per_connect", "µs", RATIO, None),
    ), tls=True, connections=2000),
    Load("ws-idle", "", (
        Figure("i2", "memory per idle WebSocket connection", "server_rss_bytes_per_connection", "KB", ABSOLUTE, 8,
               scale=1 / 1000),), websocket=True, connections=2000),
    Load("ws-idle-deflate", "--deflate", (
        Figure("i2-deflate", "the same with permessage-deflate", "server_rss_bytes_per_connection", "KB", ABSOLUTE, 24,
               scale=1 / 1000),), websocket=True, connections=2000),
    Load("durable-qos1", "pairs -c 50 -q 1 --window 20 -C 0 -d {d}",
         _message("l", "as b, sessions that stay (mosquitto: persistence on)", None), durable=True),
    Load("queued", "queued -c 50 -q 1 --window 20 -s 1024 -C 0 --messages 1000000", (
        Figure("m", "written per message of 1 KB, a tenth stays queued : payload + topic", "server_written_bytes_per_message",
               "", ABSOLUTE, 2.5, scale=1 / STORED_BYTES),
        Figure("m-cpu", "the same", "server_cpu_us_per_message", "µs/message", ABSOLUTE, None),
    ), options=("mqtt.mqueue.max_length=0",), durable=True, alone=True),
    Load("sync-interval", MANY, (
        Figure("n-interval", "100 → 100, QoS 1, 256 B, sessions that stay", "delivered_per_s", "messages/s", ABSOLUTE, None),
    ), durable=True, alone=True),
    Load("sync-always", MANY, (
        Figure("n-always", "the same, storage.sync = always", "delivered_per_s", "messages/s", ABSOLUTE, None),
        Figure("n-disk", "the disk: 4 KB written and synced, median", "disk_sync_us", "µs", ABSOLUTE, None),
    ), options=("storage.sync=always",), durable=True, alone=True),
    Load("coap-1", "coap-put -c 1 -w 1 -d {d}", (_put("o1", "CoAP PUT, 1 peer, 1 request at a time", RATIO, 1.5),),
         options=IN_MEMORY, coap="udp"),
    Load("coap-1-many", "coap-put -c 1 -w 16 -d {d}", (_put("o16", "the same, 16 at a time", RATIO, 1.5),),
         options=IN_MEMORY, coap="udp"),
    Load("coap-1k-one", "coap-put -c 1000 -w 1 -d {d}", (_put("o1k", "PUT, 1,000 known peers, 1 request at a time"),),
         options=IN_MEMORY, coap="udp", alone=True),
    Load("coap-30k-one", "coap-put -c 30000 -w 1 -d {d}", (_put("o30k", "the same, 30,000 known peers"),),
         options=IN_MEMORY, coap="udp", alone=True),
    Load("coap-100k-one", "coap-put -c 100000 -w 1 -d {d}", (_put("o100k", "the same, 100,000 known peers"),),
         options=IN_MEMORY, coap="udp", alone=True),
    Load("coap-1k", "coap-put -c 1000 -w 16 -d {d}", (_put("p1k", "PUT, 1,000 known peers, 16 at a time"),),
         options=IN_MEMORY, coap="udp", alone=True),
    Load("coap-30k", "coap-put -c 30000 -w 16 -d {d}", (_put("p30k", "the same, 30,000 known peers"),),
         options=IN_MEMORY, coap="udp", alone=True),
    Load("coap-100k", "coap-put -c 100000 -w 16 -d {d}", (
        _put("p100k", "the same, 100,000 known peers"),
        Figure("p-new", "PUT of a peer that was not known", "server_cpu_us_per_new_peer", "µs", ABSOLUTE, None),
        Figure("p-mem", "memory per known peer, at 100,000, session and remembered answer included",
               "server_rss_bytes_per_peer", "B", ABSOLUTE, None),
    ), options=IN_MEMORY, coap="udp", alone=True),
    Load("coap-observe", "coap-observe -c 1000 -d {d}", (
        Figure("q0", "PUT and notification, 1,000 observers, QoS 0", "server_cpu_us_per_notification", "µs", ABSOLUTE,
               None),
    ), options=IN_MEMORY, coap="udp", alone=True),
    Load("coap-observe-qos1", "coap-observe -c 1000 -q 1 -d {d}", (
        Figure("q1", "the same, QoS 1, confirmable", "server_cpu_us_per_notification", "µs", ABSOLUTE, None),
    ), options=IN_MEMORY, coap="udp", alone=True),
    Load("coap-observe-100k", "coap-observe -c 100000 -d {d}", (
        Figure("q100k", "as q0, 100,000 observers", "server_cpu_us_per_notification", "µs", ABSOLUTE, None),
        Figure("q-new", "registration of an observer", "server_cpu_us_per_registration", "µs", ABSOLUTE, None),
        Figure("q-mem", "memory per observer, at 100,000, session and remembered answer included",
               "server_rss_bytes_per_observer", "B", ABSOLUTE, None),
    ), options=IN_MEMORY, coap="udp", alone=True),
    Load("coap-observe-forgetful", "coap-observe -c 100000 -d 0", (
        Figure("q-mem0", "the same without remembered answers", "server_rss_bytes_per_observer", "B", ABSOLUTE, None),
    ), options=(*IN_MEMORY, "coap.dedup.max_entries=16"), coap="udp", alone=True),
    Load("coaps-psk", f"coaps-connect -c 30000 --psk-identity {PSK_IDENTITY} --psk {PSK_KEY}", (
        Figure("r", "DTLS 1.2 handshake and a ping, pre-shared key", "server_cpu_us_per_handshake", "µs", ABSOLUTE, None),
        Figure("r-rate", "the same", "handshakes_per_s", "1/s", ABSOLUTE, None),
        Figure("r-mem", "memory per idle association", "server_rss_bytes_per_association", "B", ABSOLUTE, None),
    ), options=IN_MEMORY, coap="dtls", alone=True),
    Load("coaps-cert", "coaps-connect -c 2000", (
        Figure("r-cert", "DTLS 1.2 handshake and a ping, certificate (P-256)", "server_cpu_us_per_handshake", "µs",
               ABSOLUTE, None),
    ), options=IN_MEMORY, coap="dtls", alone=True),
)

QUOTIENTS = (
    Quotient("g-flat", "growth of g from 1,000 to 1,000,000 filters", "g1m", "g1k", 1.3),
    Quotient("l-cost", "a session that stays : one that does not (l : b)", "l", "b", 3.0),
    Quotient("n-rate", "storage.sync = always : interval, messages a second", "n-always", "n-interval", 0.3, at_least=True),
    Quotient("o-1k", "growth of a PUT from 1 to 1,000 known peers, 1 at a time", "o1k", "o1", 1.3),
    Quotient("o-30k", "the same to 30,000", "o30k", "o1", 1.3),
    Quotient("o-100k", "the same to 100,000", "o100k", "o1", 1.3),
    Quotient("p-1k", "growth of a PUT from 1 to 1,000 known peers, 16 at a time", "p1k", "o16", 1.3),
    Quotient("p-30k", "the same to 30,000", "p30k", "o16", 1.3),
    Quotient("p-100k", "the same to 100,000", "p100k", "o16", 1.3),
    Quotient("p-flat", "growth of a PUT from 1,000 to 100,000 known peers", "p100k", "p1k", 1.3),
    Quotient("q-flat", "growth of a notification from 1,000 to 100,000 observers", "q100k", "q0", 1.3),
)


def all_ids():
    return [figure.id for load in LOADS for figure in load.figures] + [quotient.id for quotient in QUOTIENTS]


def coap_ids():
    figures = {figure.id for load in LOADS if load.coap for figure in load.figures}
    return figures | {quotient.id for quotient in QUOTIENTS if quotient.over in figures}


def select(only):
    """The loads that yield any of the wanted ids; `g` stands for g1k, g100k, g1m and `coap` for
    all of CoAP. Raises ValueError for unknown ids."""
    if not only:
        return list(LOADS)
    wanted, quotients = set(), {quotient.id: quotient for quotient in QUOTIENTS}
    for id_ in only:
        if id_ == "g":
            wanted |= {"g1k", "g100k", "g1m"}
        elif id_ == "coap":
            wanted |= coap_ids()
        elif id_ in quotients:
            wanted |= {quotients[id_].over, quotients[id_].under}
        elif id_ in all_ids():
            wanted.add(id_)
        else:
            raise ValueError(f"there is no scenario {id_}; known are {', '.join(all_ids())}, g and coap")
    return [load for load in LOADS if any(figure.id in wanted for figure in load.figures)]
