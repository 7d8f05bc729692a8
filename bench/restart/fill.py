# SPDX-License-Identifier: Apache-2.0
"""Sessions with queues and retained messages, in numbers; and whether they are there."""

import random
import struct

import client

AT_ONCE = 200      # sessions made at one time
WINDOW = 2000      # unacknowledged messages
PER_GROUP = 100    # sessions that share a topic
PAYLOAD = 64
RETAINED_PER_LEVEL = 1000


def session_id(number):
    return f"sensor-{number:07}"


def own_topic(number):
    return f"own/{number:07}"


def group_topic(number):
    return f"group/{number // PER_GROUP:07}"


def payload(what, number):
    return f"{what} {number} ".encode().ljust(PAYLOAD, b".")


def retained_topic(number):
    return f"plant/{number // RETAINED_PER_LEVEL:05}/{number:08}"


def make_sessions(port, count):
    for first in range(0, count, AT_ONCE):
        opened = []
        for number in range(first, min(first + AT_ONCE, count)):
            one = client.open_socket(port)
            one.sendall(client.connect(session_id(number), clean=False)
                        + client.subscribe([own_topic(number), group_topic(number)]) + client.DISCONNECT)
            opened.append(one)
        for one in opened:
            while one.recv(4096):
                pass
            one.close()


def publish_all(port, messages):
    """Publishes (topic, payload, retain) at QoS 1 and returns when all are acknowledged."""
    publisher = client.Client(port, "filler", clean=True)
    waiting, packet_id, outgoing = 0, 0, []

    def receive(down_to):
        nonlocal waiting
        while waiting > down_to:
            publisher.expect(client.PUBACK)
            waiting -= 1

    for topic, content, retain in messages:
        packet_id = packet_id % 65535 + 1
        outgoing.append(client.publish(topic, content, packet_id, retain))
        if len(outgoing) == WINDOW // 2:
            receive(WINDOW // 2)
            publisher.send(b"".join(outgoing))
            waiting += len(outgoing)
            outgoing = []
    publisher.send(b"".join(outgoing))
    waiting += len(outgoing)
    receive(0)
    publisher.close()


def queued(arguments):
    """The messages of all sessions: half of them have a topic of their own, half are shared by a group."""
    for turn in range(arguments.queued // 2):
        for number in range(arguments.sessions):
            yield own_topic(number), payload("own", turn), False
    for turn in range(arguments.queued - arguments.queued // 2):
        for number in range(0, arguments.sessions, PER_GROUP):
            yield group_topic(number), payload("group", turn), False


def retained(count):
    for number in range(count):
        yield retained_topic(number), payload("retained", number), True


def fill(server, arguments):
    make_sessions(server.port, arguments.sessions)
    publish_all(server.port, queued(arguments))
    publish_all(server.port, retained(arguments.retained))


def expected(number, arguments):
    own = [(own_topic(number), payload("own", turn)) for turn in range(arguments.queued // 2)]
    shared = arguments.queued - arguments.queued // 2
    return own + [(group_topic(number), payload("group", turn)) for turn in range(shared)]


def check_sessions(port, arguments, sample):
    problems = []
    for number in random.sample(range(arguments.sessions), min(sample, arguments.sessions)):
        one = client.Client(port, session_id(number), clean=False)
        if not one.session_present:
            problems.append(f"{session_id(number)}: no session")
            continue
        for wanted in expected(number, arguments):
            topic, content, packet_id = one.next_publish()
            one.acknowledge(packet_id)
            if (topic, content) != wanted:
                problems.append(f"{session_id(number)}: {topic} {content} instead of {wanted}")
        one.close()
    return problems


def check_retained(port, count):
    """Every retained message is asked for, a level at a time."""
    problems = []
    one = client.Client(port, "reader", clean=True)
    for first in range(0, count, RETAINED_PER_LEVEL):
        one.send(client.packet(0x82, struct.pack(">H", 1) + client.text(f"plant/{first // RETAINED_PER_LEVEL:05}/+") + b"\0"))
        wanted = {retained_topic(number): payload("retained", number)
                  for number in range(first, min(first + RETAINED_PER_LEVEL, count))}
        for _ in range(len(wanted)):
            topic, content, _ = one.next_publish()
            if wanted.pop(topic, None) != content:
                problems.append(f"{topic}: {content}, or twice")
    one.close()
    return problems
