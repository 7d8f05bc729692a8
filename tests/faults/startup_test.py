# SPDX-License-Identifier: Apache-2.0
"""What keeps the server from starting, or from reloading: it says which key, which file and why, and ends with 1."""
import pathlib
import shutil
import socket
import ssl
import subprocess
import tempfile
import unittest

from fault_server import FaultServer, FaultTest
from support import mosquitto
from support.certificates import LISTENER, certificates
from support.sluice import BINARY, SOURCE, SSL, environment
from wire import Peer, connect

OFF = {"listener.tcp.external": "127.0.0.1:0", "listener.tcp.internal": "off", "listener.ssl.external": "off",
       "listener.ws.external": "off", "listener.wss.external": "off", "listener.api.mgmt": "off", "log.syslog": "off",
       "log.error.file": "", "coap.bind.udp.1": "off", "coap.bind.dtls.1": "off"}


class StartTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.certs = certificates()
        temporary = tempfile.TemporaryDirectory(prefix="sluice-faults-")
        cls.addClassCleanup(temporary.cleanup)
        cls.folder = pathlib.Path(temporary.name)

    def assert_refuses(self, settings, *texts):
        """The server ends with 1 and standard error has each of the texts."""
        arguments = [BINARY, "-c", SOURCE / "etc/sluice.conf"]
        for key, value in (OFF | {"node.data_dir": self.folder, "log.dir": self.folder} | settings).items():
            arguments += ["-o", f"{key}={value}"]
        ended = subprocess.run(arguments, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                               timeout=60, check=False)
        self.assertEqual(ended.returncode, 1, ended.stderr)
        self.assertNotIn("sluice is running", ended.stdout)
        for text in texts:
            self.assertIn(str(text), ended.stderr)

    def file(self, name, content):
        path = self.folder / name
        path.write_text(content)
        return path

    def tls(self, **keys):
        files = {"certfile": self.certs / "cert.pem", "keyfile": self.certs / "key.pem"} | keys
        return {LISTENER: "127.0.0.1:0"} | {f"{LISTENER}.{key}": value for key, value in files.items()}

    def test_a_port_already_taken(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            address = f"127.0.0.1:{taken.getsockname()[1]}"
            for key, more in (("listener.tcp.external", {}), ("listener.ws.external", {}),
                              ("listener.ssl.external", self.tls())):
                with self.subTest(key=key):
                    self.assert_refuses(more | {key: address}, key, address, "in use by another listener or process")

    def test_one_port_for_two_listeners(self):
        with socket.create_server(("127.0.0.1", 0)) as free:
            address = f"127.0.0.1:{free.getsockname()[1]}"
        self.assert_refuses({"listener.tcp.external": address, "listener.tcp.second": address}, address,
                            "listener.tcp.second", "is taken by listener.tcp.external; choose another port")

    def test_an_address_of_another_machine(self):
        self.assert_refuses({"listener.tcp.external": "192.0.2.1:1883"}, "listener.tcp.external", "192.0.2.1:1883",
                            "Cannot assign requested address")

    def test_a_second_server_in_the_same_folder(self):
        with tempfile.TemporaryDirectory() as folder:
            server = FaultServer({"node.data_dir": folder})
            self.addCleanup(server.stop)
            self.assert_refuses({"node.data_dir": folder}, folder)
            with Peer(server.port(), connect("served")) as peer:
                peer.accepted()

    def test_an_unreadable_certificate(self):
        cases = [("certfile", self.folder / "missing.pem", "No such file"),
                 ("certfile", self.folder, "no usable PEM certificate"),
                 ("certfile", self.file("garbage.pem", "not a certificate\n"), "no usable PEM certificate"),
                 ("certfile", self.file("cut.pem", (self.certs / "cert.pem").read_text()[:200]), "no usable PEM"),
                 ("certfile", "", "no file is given"),
                 ("keyfile", self.folder / "missing.pem", "No such file"),
                 ("keyfile", self.file("nokey.pem", "not a key\n"), "no usable PEM key"),
                 ("keyfile", self.encrypted_key(), "without a passphrase")]
        for key, path, why in cases:
            with self.subTest(key=key, path=path):
                self.assert_refuses(self.tls(**{key: path}), f"{LISTENER}.{key}", path, why)

    def test_a_wrong_key(self):
        self.assert_refuses(self.tls(keyfile=certificates("stranger") / "key.pem"), f"{LISTENER}.keyfile",
                            "it is not the key of the certificate", self.certs / "cert.pem")

    def test_other_files_of_tls(self):
        missing = self.folder / "missing.pem"
        self.assert_refuses(self.tls(verify="verify_peer", cacertfile=missing), f"{LISTENER}.cacertfile", missing)
        self.assert_refuses(self.tls(dhfile=missing), f"{LISTENER}.dhfile", missing)
        self.assert_refuses(self.tls(ciphers="NO-SUCH-CIPHER"), f"{LISTENER}.ciphers", "NO-SUCH-CIPHER")

    def test_other_files(self):
        missing = self.folder / "missing"
        self.assert_refuses({"mqtt.acl_file": missing}, missing)
        self.assert_refuses({"mqtt.acl_file": self.file("acl.conf", "{allow, all\n")},
                            f"{self.folder / 'acl.conf'}:2:1")
        self.assert_refuses({"psk.file": missing}, missing)
        self.assert_refuses({"psk.file": self.file("psk", "device:xyz\n")}, self.folder / "psk")
        self.assert_refuses({"log.error.file": "/proc/sluice/error.log"}, "log.error.file", "/proc/sluice/error.log")

    def encrypted_key(self):
        path = self.folder / "encrypted.pem"
        subprocess.run(["openssl", "pkey", "-aes128", "-passout", "pass:secret", "-in", self.certs / "key.pem", "-out",
                        path], check=True, capture_output=True)
        return path


class TlsFaultTest(FaultTest):
    """Handshakes that fail, and files that break while the server runs."""

    @classmethod
    def setUpClass(cls):
        temporary = tempfile.TemporaryDirectory(prefix="sluice-faults-")
        cls.addClassCleanup(temporary.cleanup)
        cls.folder = pathlib.Path(temporary.name)
        cls.certs = certificates()
        for name in ("cert.pem", "key.pem"):
            shutil.copy(cls.certs / name, cls.folder)
        psk = cls.folder / "psk"
        psk.write_text("device:0a1b2c3d4e5f60718293\n")
        cls.settings = {"psk.file": psk, LISTENER: "127.0.0.1:0", f"{LISTENER}.certfile": cls.folder / "cert.pem",
                        f"{LISTENER}.keyfile": cls.folder / "key.pem", f"{LISTENER}.handshake_timeout": "1s"}
        super().setUpClass()

    def secure(self):
        context = ssl.create_default_context(cafile=str(self.certs / "cacert.pem"))
        with socket.create_connection(("127.0.0.1", self.server.port(SSL)), timeout=20) as raw:
            with context.wrap_socket(raw, server_hostname="localhost") as connection:
                connection.sendall(connect("secure"))
                self.assertEqual(connection.recv(4), b"\x20\x02\0\0")

    def test_a_wrong_key_of_a_client(self):
        with self.probe():
            status, output = mosquitto.run("mosquitto_pub", *mosquitto.address(self.server, SSL), "--psk-identity",
                                           "device", "--psk", "ffffffffffffffffffff", "-t", "t", "-m", "x")
            self.assertNotEqual(status, 0, output)
            self.wait_moved("listeners/tls_failures")
        self.assert_logged(r"TLS handshake failed: peer=\S+ listener=mqtt:ssl:external key=listener\.ssl\.external "
                           r"reason=\"[^\"]+\"")

    def test_what_is_no_handshake(self):
        with self.probe():
            for data in (connect("plain"), b"GET / HTTP/1.1\r\n\r\n", bytes(100),
                         bytes.fromhex("160301ffff") + b"x" * 99):
                with self.subTest(data=data[:8]), Peer(self.server.port(SSL)) as peer:
                    peer.send_while_open(data)
                    while peer.more():
                        pass
            self.wait_moved("listeners/tls_failures", 3)
            self.secure()

    def test_silence_instead_of_a_handshake(self):
        with self.probe():
            peers = [Peer(self.server.port(SSL)) for _ in range(50)]
            for peer in peers:
                peer.send(bytes.fromhex("16030100"))
            for peer in peers:
                self.assertFalse(peer.more())
                peer.close()
            self.secure()
        self.assertGreaterEqual(self.moved("listeners/handshake_timeouts"), 50)
        self.assert_logged(r"TLS handshake failed: .*key=listener\.ssl\.external\.handshake_timeout")

    def test_a_reload_with_broken_files_changes_nothing(self):
        good = (self.folder / "key.pem").read_text()
        stranger = (certificates("stranger") / "key.pem").read_text()
        self.addCleanup((self.folder / "key.pem").write_text, good)
        with self.probe():
            for content, why in ((stranger, "it is not the key of the certificate"), ("", "no usable PEM key")):
                (self.folder / "key.pem").write_text(content)
                self.server.reload()
                self.assert_logged(rf"not reloaded: listener\.ssl\.external\.keyfile: cannot use \S+: {why}")
                self.secure()


if __name__ == "__main__":
    unittest.main()
