# SPDX-License-Identifier: Apache-2.0
"""Servers to measure: each is started fresh for one load, in a folder of its own, and ended by its own process id."""

import getpass
import os
import re
import shlex
import socket
import subprocess
import time
from pathlib import Path
from statistics import median

from loads import PSK_IDENTITY, PSK_KEY

START_SECONDS = 20
STOP_SECONDS = 20


class PeerError(Exception):
    """The server did not start; the text says why."""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def free_udp_port():
    with socket.socket(type=socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def disk_sync_us(folder, times=50):
    """Median of the time that writing 4 KB and fdatasync take there."""
    with open(Path(folder) / "sync-probe", "wb", buffering=0) as probe:
        taken = []
        for _ in range(times):
            began = time.perf_counter()
            probe.write(bytes(4096))
            os.fdatasync(probe.fileno())
            taken.append((time.perf_counter() - began) * 1e6)
    return median(taken)


def make_certificate(folder):
    """A self-signed ECDSA P-256 certificate for 127.0.0.1: (certificate, key)."""
    certificate, key = Path(folder) / "cert.pem", Path(folder) / "key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-keyout", str(key), "-out", str(certificate), "-days", "2", "-subj", "/CN=localhost",
                    "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"],
                   check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return certificate, key


class Peer:
    """Base: `name`, and after start() `pid`, `port` and (if it can) `tls_port`, `ws_port` and `coap_ports`, which maps
    "udp" and "dtls"."""

    bench_options = ()  # of sluice-bench, for this server

    def __init__(self, name):
        self.name = name
        self.process = None
        self.pid = self.port = self.tls_port = self.ws_port = None
        self.coap_ports = {}

    def can_tls(self):
        return False

    def can_websocket(self):
        return False

    def can_coap(self):
        return False

    def prepare(self, load):
        """What the next start is for."""

    def start(self, folder, certificate):
        raise NotImplementedError

    def stop(self):
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None

    def _spawn(self, command, folder):
        with open(Path(folder) / "stdout", "wb") as output, open(Path(folder) / "stderr", "wb") as errors:
            try:
                self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=errors)
            except OSError as error:
                raise PeerError(f"{self.name}: {error}") from error
        self.pid = self.process.pid

    def _died(self, folder, why):
        self.stop()
        said = (Path(folder) / "stderr").read_text(errors="replace").strip()[-2000:]
        raise PeerError(f"{self.name}: {why}\n{said}")

    def _wait_for_port(self, port, folder):
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                self._died(folder, f"ended with {self.process.returncode} while starting")
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                return
            except OSError:
                time.sleep(0.02)
        self._died(folder, f"does not listen on port {port}")


class Sluice(Peer):
    """The server of this tree, with its shipped configuration, every listener on a free port of the loopback."""

    LISTENER = re.compile(r"^\s*(listener\.(\w+)\.\w+)\s*=")
    READY = "sluice is running:"

    def __init__(self, name, binary, config, options):
        super().__init__(name)
        self.binary, self.config, self.options = str(binary), Path(config), list(options)
        self.load_options, self.coap = [], False

    def prepare(self, load):
        self.load_options, self.coap = list(load.options), bool(load.coap)

    def can_tls(self):
        return True

    def can_websocket(self):
        return True

    def can_coap(self):
        return (self.config.parent / "plugins/emq_coap.conf").exists()

    def _coap_options(self, folder, certificate):
        if not self.coap:
            return ["coap.bind.udp.1=off", "coap.bind.dtls.1=off"]
        return ["coap.bind.udp.1=127.0.0.1:0", "coap.bind.dtls.1=127.0.0.1:0", f"psk.file={folder}/psk",
                f"coap.dtls.certfile={certificate[0]}", f"coap.dtls.keyfile={certificate[1]}"]

    def _command(self, folder, certificate):
        options = [f"node.data_dir={folder}/data", f"log.dir={folder}/log"]
        for line in self.config.read_text().splitlines():
            found = self.LISTENER.match(line)
            if not found:
                continue
            key, kind = found.groups()
            options += [f"{key}=127.0.0.1:0", f"{key}.max_clients=102400"]
            if kind == "ws":
                options += [f"{key}.deflate=on", f"{key}.deflate_max_clients=102400"]
            if kind in ("ssl", "wss"):
                options += [f"{key}.certfile={certificate[0]}", f"{key}.keyfile={certificate[1]}"]
        if self.can_coap():
            options += self._coap_options(folder, certificate)
        command = [self.binary, "-c", str(self.config)]
        for option in options + self.load_options + self.options:
            command += ["-o", option]
        return command

    def start(self, folder, certificate):
        for name in ("data", "log"):
            (Path(folder) / name).mkdir(exist_ok=True)
        (Path(folder) / "psk").write_text(f"{PSK_IDENTITY}:{PSK_KEY}\n")
        self._spawn(self._command(folder, certificate), folder)
        ready = self._read_ready_line(folder)
        bound = dict(entry.split("=", 1) for entry in ready.split() if "=" in entry)
        self.pid = int(bound.pop("pid"))
        self.coap_ports = {}
        for name, address in bound.items():
            port = int(address.rsplit(":", 1)[1])
            if name == "mqtt:tcp:external":
                self.port = port
            elif name.startswith("mqtt:ssl:"):
                self.tls_port = port
            elif name.startswith("mqtt:ws:"):
                self.ws_port = port
            elif name.startswith("coap:"):
                self.coap_ports[name.split(":")[1]] = port
        if self.port is None:
            self._died(folder, f"names no listener mqtt:tcp:external: {ready}")

    def _read_ready_line(self, folder):
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            ended = self.process.poll() is not None
            for line in (Path(folder) / "stdout").read_text(errors="replace").splitlines(keepends=True):
                if line.startswith(self.READY) and line.endswith("\n"):
                    return line[len(self.READY):]
            if ended:
                self._died(folder, "ended while starting")
            time.sleep(0.02)
        self._died(folder, f"did not say “{self.READY}” within {START_SECONDS} s")


class Mosquitto(Peer):
    """Debian's mosquitto: no log, nothing dropped, the same window and no delay as the others. Persistence only where
    sessions stay, and then as it is by default: all of it is saved every half an hour and at the end."""

    def __init__(self, binary):
        super().__init__("mosquitto")
        self.binary = binary
        self.persistence = "false"

    def prepare(self, load):
        self.persistence = "true" if load.durable else "false"

    def can_tls(self):
        return True

    def start(self, folder, certificate):
        self.port, self.tls_port = free_port(), free_port()
        config = Path(folder) / "mosquitto.conf"
        config.write_text(f"""per_listener_settings false
allow_anonymous true
user {getpass.getuser()}
log_type none
persistence {self.persistence}
persistence_location {folder}/
sys_interval 0
set_tcp_nodelay true
max_inflight_messages 20
max_queued_messages 0
max_queued_bytes 0
listener {self.port} 127.0.0.1
max_connections -1
listener {self.tls_port} 127.0.0.1
max_connections -1
certfile {certificate[0]}
keyfile {certificate[1]}
tls_version tlsv1.3
""")
        self._spawn([self.binary, "-c", str(config)], folder)
        self._wait_for_port(self.port, folder)


class Libcoap(Peer):
    """The example server of libcoap, which keeps the body of the last PUT to /example_data."""

    bench_options = ("--path", "/example_data")
    PING, RESET = b"\x40\0\0\x01", b"\x70\0\0\x01"

    def __init__(self, binary):
        super().__init__("libcoap")
        self.binary = binary

    def can_coap(self):
        return True

    def start(self, folder, certificate):
        port = free_udp_port()
        self.coap_ports = {"udp": port}
        self._spawn([self.binary, "-A", "127.0.0.1", "-p", str(port), "-v", "0"], folder)
        with socket.socket(type=socket.SOCK_DGRAM) as probe:
            probe.settimeout(0.1)
            probe.connect(("127.0.0.1", port))
            deadline = time.monotonic() + START_SECONDS
            while time.monotonic() < deadline:
                if self.process.poll() is not None:
                    self._died(folder, f"ended with {self.process.returncode} while starting")
                try:
                    probe.send(self.PING)
                    if probe.recv(64) == self.RESET:
                        return
                except OSError:
                    time.sleep(0.02)
        self._died(folder, f"does not answer on port {port}")


class Command(Peer):
    """Any server that a command line starts: name=command:port. It must stay in the foreground."""

    def __init__(self, text):
        name, _, rest = text.partition("=")
        command, _, port = rest.rpartition(":")
        if not name or not command or not port.isdigit():
            raise ValueError(f"--peer wants name=command:port, not {text}")
        super().__init__(name)
        self.command, self.fixed_port = shlex.split(command), int(port)

    def start(self, folder, certificate):
        self.port = self.fixed_port
        self._spawn(self.command, folder)
        self._wait_for_port(self.port, folder)
