#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Idle MQTT clients over WebSocket, each with one subscription: what one costs the server in memory. Prints JSON.

Exit codes: 0 measured, 1 the load could not be run as wanted (`error` says why).
"""

import argparse
import asyncio
import json
import re
import sys
from pathlib import Path

import websockets

AT_ONCE = 50        # handshakes under way
DEADLINE = 60       # seconds for each step
SETTLE_SECONDS = 2  # for the server to give back what connecting took


def text(value):
    return len(value).to_bytes(2, "big") + value.encode()


def packet(first, body):
    assert len(body) < 128
    return bytes([first, len(body)]) + body


def connect_packet(number):
    return packet(0x10, text("MQTT") + bytes([4, 2, 0, 0]) + text(f"bench_ws_{number:06}"))


def subscribe_packet(number):
    return packet(0x82, bytes([0, 1]) + text(f"bench/{number:09}/temp") + b"\0")


def resident(pid):
    """Bytes."""
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    return int(re.search(r"^Rss:\s+(\d+) kB", rollup, re.MULTILINE).group(1)) * 1024


async def open_client(arguments, number, slots):
    async with slots:
        # The source address changes now and then: one address has no port for each of very many connections.
        source = (f"127.0.1.{1 + number // 4096}", 0)
        client = await asyncio.wait_for(websockets.connect(
            f"ws://127.0.0.1:{arguments.port}/mqtt", subprotocols=["mqtt"], ping_interval=None, local_addr=source,
            compression="deflate" if arguments.deflate else None), DEADLINE)
        if bool(client.extensions) != arguments.deflate:
            raise RuntimeError("the server did not agree to permessage-deflate")
        await client.send(connect_packet(number))
        await asyncio.wait_for(client.recv(), DEADLINE)
        await client.send(subscribe_packet(number))
        await asyncio.wait_for(client.recv(), DEADLINE)
        return client


async def measure(arguments):
    empty = resident(arguments.pid)
    slots = asyncio.Semaphore(AT_ONCE)
    clients = await asyncio.gather(*(open_client(arguments, number, slots) for number in range(arguments.count)))
    await asyncio.sleep(SETTLE_SECONDS)
    full = resident(arguments.pid)
    for client in clients:
        client.transport.abort()
    return {"connections": len(clients), "server_rss_empty_bytes": empty, "server_rss_full_bytes": full,
            "server_rss_bytes_per_connection": (full - empty) / len(clients)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-p", "--port", type=int, required=True)
    parser.add_argument("-c", "--count", type=int, default=2000)
    parser.add_argument("--pid", type=int, required=True, help="the server's process")
    parser.add_argument("--deflate", action="store_true", help="with permessage-deflate")
    arguments = parser.parse_args()
    try:
        figures = asyncio.run(measure(arguments))
    except (OSError, RuntimeError, asyncio.TimeoutError, websockets.WebSocketException) as error:
        figures = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(figures))
    return 1 if "error" in figures else 0


if __name__ == "__main__":
    sys.exit(main())
