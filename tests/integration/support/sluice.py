# SPDX-License-Identifier: Apache-2.0
"""Starts the server on free ports of the loopback, with its files in a temporary folder, and ends it."""
import os
import pathlib
import re
import signal
import subprocess
import tempfile
import threading
import unittest

SOURCE = pathlib.Path(__file__).resolve().parents[3]
BINARY = os.environ.get("SLUICE_BIN", str(SOURCE / "build/bin/sluice"))
START_DEADLINE = 60
STOP_DEADLINE = 30
RELOAD_DEADLINE = 20

TCP = "mqtt:tcp:external"
SSL = "mqtt:ssl:external"


def environment():
    """The environment without variables that the server reads as settings."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("SLUICE_", "EMQ_"))}


class Sluice:
    """A running server: its ports by listener, its output so far, reload, kill, start again and stop."""

    def __init__(self, settings=None, plugins=(), acl=None, config=None, files=None):
        """`settings` by key, None for what the configuration file is to say; `plugins` are loaded; `acl` and `config`
        are the texts of acl.conf and sluice.conf (none: the shipped ones); `files` are further texts by name, in
        data/."""
        self._temporary = tempfile.TemporaryDirectory(prefix="sluice-integration-")
        self.folder = pathlib.Path(self._temporary.name)
        self.write("loaded_plugins", "".join(f"{name}.\n" for name in ("emq_retainer", *plugins)))
        for name, text in (files or {}).items():
            self.write(name, text)
        own = {}
        if acl is not None:
            own["mqtt.acl_file"] = self.write("acl.conf", acl)
        file = SOURCE / "etc/sluice.conf" if config is None else self.write("sluice.conf", config)
        arguments = [BINARY, "-c", file]
        for key, value in (self._defaults() | own | (settings or {})).items():
            if value is not None:
                arguments += ["-o", f"{key}={value}"]
        self._arguments = arguments
        self._output = ""
        self._changed = threading.Condition()
        try:
            self.start_again()
        except BaseException:
            self._temporary.cleanup()
            raise

    def launch(self):
        """Starts the process on the same folder, without waiting for anything."""
        self._begin = len(self._output)
        self._process = subprocess.Popen(self._arguments, env=self._environment(), stdin=subprocess.DEVNULL, text=True,
                                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _environment(self):
        return environment()

    def await_start(self):
        """Waits until a launched process serves; its ports are others than before."""
        started = self.wait_for_output(r"sluice is running:.*\n", START_DEADLINE, self._begin)
        if started is None:
            self._process.kill()
            self._end()
            raise AssertionError(f"the server did not start; it printed:\n{self._output[self._begin:]}")
        self._addresses = dict(re.findall(r"(\S+)=(\S+:\d+)(?=\s)", started))

    def start_again(self):
        """After kill(): the same settings, the same folder."""
        self.launch()
        self.await_start()

    def _defaults(self):
        return {
            "listener.tcp.external": "127.0.0.1:0",
            "listener.tcp.internal": "off",
            "listener.ssl.external": "off",
            "listener.ws.external": "off",
            "listener.wss.external": "off",
            "coap.bind.udp.1": "off",
            "coap.bind.dtls.1": "off",
            "listener.api.mgmt": "off",
            "log.console.level": "info",
            "log.syslog": "off",
            "log.dir": self.folder,
            "node.data_dir": self.folder,
        }

    def _read(self):
        for line in self._process.stdout:
            with self._changed:
                self._output += line
                self._changed.notify_all()
        with self._changed:
            self._changed.notify_all()

    def wait_for_output(self, pattern, deadline, begin=0):
        """What matches `pattern` in the output from `begin` on; None when the server ends or the time is over."""
        def done():
            return re.search(pattern, self._output[begin:]) or not self._reader.is_alive()
        with self._changed:
            self._changed.wait_for(done, deadline)
            found = re.search(pattern, self._output[begin:])
        return found.group(0) if found else None

    def write(self, name, text):
        """A file in the server's folder."""
        path = self.folder / name
        path.write_text(text)
        return path

    def address(self, listener=TCP):
        return self._addresses[listener]

    def port(self, listener=TCP):
        return int(self._addresses[listener].rpartition(":")[2])

    @property
    def output(self):
        with self._changed:
            return self._output

    @property
    def output_of_this_start(self):
        return self.output[self._begin:]

    @property
    def running(self):
        return self._process.poll() is None

    def signal_reload(self):
        """SIGHUP, without waiting for what it does."""
        self._process.send_signal(signal.SIGHUP)

    def reload(self):
        """SIGHUP; returns when the server says that it has read everything again."""
        begin = len(self.output)
        self.signal_reload()
        if self.wait_for_output("configuration reloaded", RELOAD_DEADLINE, begin) is None:
            raise AssertionError(f"no reload; the server printed:\n{self.output[begin:]}")

    def terminate(self):
        """SIGTERM, without waiting for the end."""
        self._process.send_signal(signal.SIGTERM)

    def kill(self):
        """SIGKILL; the folder stays as it is. Fails when the server had ended before, or a sanitizer complained."""
        self._process.kill()
        self._end()
        if self._process.returncode != -signal.SIGKILL or self._complaint():
            raise AssertionError(f"the server had ended with {self._process.returncode} before it was killed; "
                                 f"it printed:\n{self._output[self._begin:]}")

    def stop(self):
        """SIGTERM; fails when the server does not end by itself with status 0, or a sanitizer complained. The folder
        is removed. After kill() that is all it does."""
        if self._process.stdout.closed:
            self._temporary.cleanup()
            return
        if self.running:
            self.terminate()
        try:
            status = self._process.wait(STOP_DEADLINE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            status = f"no end within {STOP_DEADLINE} s of SIGTERM"
            self._process.wait()
        self._end()
        self._temporary.cleanup()
        if status != 0 or self._complaint():
            raise AssertionError(f"the server ended with {status}; it printed:\n{self._output}")

    def wait_for_end(self, deadline=STOP_DEADLINE):
        """The exit status of a server that ends by itself; kills it and fails when it does not."""
        try:
            status = self._process.wait(deadline)
        except subprocess.TimeoutExpired:
            self._process.kill()
            status = None
        self._end()
        if status is None or self._complaint():
            raise AssertionError(f"the server did not end by itself; it printed:\n{self._output[self._begin:]}")
        return status

    def _complaint(self):
        return re.search(r"ERROR: \w+Sanitizer|WARNING: ThreadSanitizer|runtime error:", self._output)

    def _end(self):
        self._process.wait()
        self._reader.join()
        self._process.stdout.close()


class ServerTest(unittest.TestCase):
    """A test class with one server for all of its tests; topics and client ids are made apart by `name`."""

    settings = {}
    plugins = ()
    acl = None

    @classmethod
    def setUpClass(cls):
        cls.server = Sluice(cls.settings, cls.plugins, cls.acl)

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()

    def setUp(self):
        self.name = self.id().rpartition(".")[2]

    def start(self, settings=None, **more):
        """A further server, for one test."""
        server = Sluice(settings, **more)
        self.addCleanup(server.stop)
        return server
