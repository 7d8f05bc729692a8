# SPDX-License-Identifier: Apache-2.0
"""libcoap's client program as an independent CoAP client, with a deadline for everything it does."""
import re
import subprocess
import threading

from support.sluice import ServerTest

PROGRAM = "coap-client-openssl"
DEADLINE = 20
UDP = "coap:udp:1"
DTLS = "coap:dtls:1"
TCP = "coap:tcp:1"
TLS = "coap:tls:1"


def run(*options):
    """Runs the client to its end: what it printed."""
    ended = subprocess.run([PROGRAM, "-B", str(DEADLINE), *map(str, options)], stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT, timeout=DEADLINE + 10, check=False, stdin=subprocess.DEVNULL)
    return ended.stdout.decode(errors="replace")


class Response:
    """The last response that the client printed with -v 7."""

    def __init__(self, output):
        self.output = output
        codes = re.findall(r"process incoming (\d\.\d\d) response", output)
        self.code = codes[-1] if codes else None


class Observer:
    """A running client that observes; its output so far."""

    def __init__(self, uri, *options, seconds=60):
        self._process = subprocess.Popen(["stdbuf", "-o0", PROGRAM, "-v", "7", "-s", str(seconds), "-B", str(seconds), *options,
                                          "-m", "get", uri], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                         stdin=subprocess.DEVNULL)
        self._output = ""
        self._changed = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        if not self.wait_for(r"process incoming 2\.0[57] response"):
            raise AssertionError(f"no observation: {self.kill()}")

    def _read(self):
        for chunk in iter(lambda: self._process.stdout.read1(65536), b""):
            with self._changed:
                self._output += chunk.decode(errors="replace")
                self._changed.notify_all()
        with self._changed:
            self._changed.notify_all()

    def wait_for(self, pattern, count=1):
        """True once the output has matched `pattern` that often."""
        def done():
            return len(re.findall(pattern, self._output)) >= count
        with self._changed:
            self._changed.wait_for(lambda: done() or not self._reader.is_alive(), DEADLINE)
            return done()

    def expect(self, pattern, count=1):
        """Fails unless the output matches `pattern` that often in time."""
        if not self.wait_for(pattern, count):
            raise AssertionError(f"no {pattern}: {self.kill()}")

    def kill(self):
        """SIGKILL: nobody says goodbye. Returns what it printed."""
        self._process.kill()
        self._process.wait()
        self._reader.join()
        self._process.stdout.close()
        return self._output


class CoapTest(ServerTest):
    """A server with CoAP over UDP and TCP."""

    plugins = ("emq_coap",)
    settings = {"coap.bind.udp.1": "127.0.0.1:0", "coap.bind.tcp.1": "127.0.0.1:0"}

    def uri(self, path, listener=UDP):
        scheme = {"udp": "coap", "dtls": "coaps", "tcp": "coap+tcp", "tls": "coaps+tcp"}[listener.split(":")[1]]
        return f"{scheme}://127.0.0.1:{self.server.port(listener)}/{path}"

    def ask(self, method, path, *options, listener=UDP):
        """One request; its Response."""
        return Response(run("-v", "7", "-m", method, *options, self.uri(path, listener)))

    def read(self, path, *options, listener=UDP):
        """What a GET returns, as the client prints it."""
        return run("-m", "get", *options, self.uri(path, listener)).rstrip("\n")
