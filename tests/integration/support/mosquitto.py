# SPDX-License-Identifier: Apache-2.0
"""mosquitto_pub and mosquitto_sub as independent clients, with a deadline for everything they do."""
import json
import re
import subprocess
import threading

DEADLINE = 30


def address(server, listener=None):
    """Options for a listener in plain TCP."""
    port = server.port() if listener is None else server.port(listener)
    return ["-h", "127.0.0.1", "-p", str(port)]


def run(program, *options):
    """Runs a client to its end: exit code and output of both streams."""
    ended = subprocess.run([program, *map(str, options)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                           timeout=DEADLINE, check=False, stdin=subprocess.DEVNULL)
    return ended.returncode, ended.stdout


def publish(*options):
    """mosquitto_pub; its output. Fails when it does."""
    status, output = run("mosquitto_pub", *options)
    if status != 0:
        raise AssertionError(f"mosquitto_pub {' '.join(map(str, options))} ended with {status}: {output}")
    return output


class Subscriber:
    """A running mosquitto_sub that is subscribed; what it receives comes as the dictionaries of its %j format."""

    def __init__(self, *options):
        # stdbuf: line by line although it is a pipe. -d: tells of SUBACK and DISCONNECT.
        self._process = subprocess.Popen(
            ["stdbuf", "-oL", "mosquitto_sub", "-d", "-F", "%j", "-W", str(DEADLINE), *map(str, options)],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, stdin=subprocess.DEVNULL)
        self._output = ""
        self._changed = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        # What waits for a persistent session may come before the SUBACK.
        if not self.wait_for(r"^Subscribed \(mid: \d+\):|^\{"):
            self.kill()
            raise AssertionError(f"mosquitto_sub is not subscribed: {self._output}")

    def _read(self):
        for line in self._process.stdout:
            with self._changed:
                self._output += line
                self._changed.notify_all()
        with self._changed:
            self._changed.notify_all()

    def wait_for(self, pattern):
        """What matches `pattern` in the output; None when the client ends without it or the time is over."""
        def found():
            return re.search(pattern, self._output, re.MULTILINE)
        with self._changed:
            self._changed.wait_for(lambda: found() or not self._reader.is_alive(), DEADLINE)
            match = found()
        return match.group(0) if match else None

    def wait_for_messages(self, count):
        """The first `count` messages."""
        with self._changed:
            self._changed.wait_for(lambda: len(self._messages()) >= count or not self._reader.is_alive(), DEADLINE)
            messages = self._messages()
        if len(messages) < count:
            raise AssertionError(f"{len(messages)} of {count} messages; mosquitto_sub printed:\n{self._output}")
        return messages[:count]

    def _messages(self):
        return [json.loads(line) for line in self._output.splitlines() if line.startswith("{")]

    def messages(self):
        """Waits for the client's own end (option -C) and gives all that it received."""
        status = self._process.wait(DEADLINE + 5)
        self._close()
        if status != 0:
            raise AssertionError(f"mosquitto_sub ended with {status}: {self._output}")
        return self._messages()

    def kill(self):
        """SIGKILL: the connection ends without DISCONNECT."""
        self._process.kill()
        self._close()
        return self._messages()

    def _close(self):
        self._process.wait()
        self._reader.join()
        self._process.stdout.close()


def payloads(messages):
    return [message["payload"] for message in messages]
