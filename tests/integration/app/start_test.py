# SPDX-License-Identifier: Apache-2.0
"""How the server starts or says why it does not, and what --check finds."""
import pathlib
import socket
import subprocess
import tempfile
import unittest

from support.sluice import BINARY, SOURCE, ServerTest, environment

SHIPPED = SOURCE / "etc/sluice.conf"
OFF = {"listener.tcp.internal": "off", "listener.ssl.external": "off", "listener.ws.external": "off",
       "listener.wss.external": "off", "listener.api.mgmt": "off", "log.syslog": "off", "log.dir": "/tmp",
       "log.error.file": "", "coap.bind.udp.1": "off", "coap.bind.dtls.1": "off"}


def run_to_the_end(*arguments, settings=None, config=SHIPPED):
    """Status and output of a server that is expected to end by itself."""
    overrides = [part for key, value in (settings or {}).items() for part in ("-o", f"{key}={value}")]
    ended = subprocess.run([BINARY, "-c", config, *arguments, *overrides], env=environment(), stdout=subprocess.PIPE,
                           text=True, stderr=subprocess.STDOUT, timeout=60, check=False)
    return ended.returncode, ended.stdout


class StartTest(unittest.TestCase):
    def test_a_port_already_taken(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            address = f"127.0.0.1:{taken.getsockname()[1]}"
            status, output = run_to_the_end(settings=OFF | {"listener.tcp.external": address})
        self.assertEqual(status, 1, output)
        self.assertIn("listener.tcp.external", output)
        self.assertIn(address, output)
        self.assertRegex(output, "in use")
        self.assertNotIn("sluice is running", output)

    def test_every_broken_file_is_named(self):
        status, output = run_to_the_end(settings=OFF | {"mqtt.acl_file": "/nowhere/acl.conf",
                                                        "psk.file": "/nowhere/psk.conf"})
        self.assertEqual(status, 1, output)
        self.assertRegex(output, "/nowhere/acl.conf: .*\n.*/nowhere/psk.conf: ")


class NoticesTest(ServerTest):
    """What must be seen whatever the level of the log is."""

    settings = {"log.console.level": "none", "listener.api.mgmt": "127.0.0.1:0", "listener.tcp.external": "off",
                "node.cookie": "x", "storage.type": "ram"}

    def assert_printed(self, pattern):
        self.assertRegex(self.server.output, pattern)

    def test_the_storage(self):
        self.assert_printed("storage.type = ram: acknowledged messages, .* do not survive a restart")

    def test_keys_without_an_effect(self):
        self.assert_printed("keys that are set and have no effect here: .*node.cookie")

    def test_no_rest_api_over_tcp(self):
        self.assert_printed(r"listener.api.mgmt: .* sluicectl uses \S+/sluice.sock\n")

    def test_no_listener(self):
        self.assert_printed("no listener is on: nobody can connect; see listener.tcp.<name>")

    def test_what_a_listener_will_not_do(self):
        server = self.start({"log.console.level": "none", "listener.ssl.external": "127.0.0.1:0",
                             "listener.ssl.external.certfile": "", "listener.ssl.external.keyfile": "",
                             "listener.ssl.external.tls_versions": "tlsv1.2,tlsv1.1",
                             "listener.ssl.external.peer_cert_as_username": "cn", "psk.file": self.psk_file()})
        self.assertRegex(server.output, r"listener\.ssl\.external\.tls_versions: tlsv1\.1 is not offered")
        self.assertRegex(server.output, r"listener\.ssl\.external\.peer_cert_as_username: has no effect: no client is "
                                        r"asked for a certificate; set listener\.ssl\.external\.verify = verify_peer")

    def psk_file(self):
        file = tempfile.NamedTemporaryFile("w", suffix=".psk")
        self.addCleanup(file.close)
        file.write("device:0a1b\n")
        file.flush()
        return file.name


class CheckTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="sluice-check-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def write(self, name, text):
        path = self.folder / name
        path.write_text(text)
        return path

    def assert_found(self, pattern, settings):
        status, output = run_to_the_end("--check", settings=settings)
        self.assertEqual(status, 1, output)
        self.assertRegex(output, pattern)
        self.assertNotIn("no problem", output)

    def test_a_misspelt_key(self):
        self.assert_found(r"mqtt\.max_paket_size.*did you mean mqtt\.max_packet_size\?", {"mqtt.max_paket_size": "1MB"})

    def test_what_is_shipped(self):
        # The development certificates are made by `make run`.
        status, output = run_to_the_end("--check", settings={"listener.ssl.external": "off",
                                                             "listener.wss.external": "off",
                                                             "coap.bind.dtls.1": "off"})
        self.assertEqual(status, 0, output)
        self.assertIn("no problem", output)

    def test_rules(self):
        path = self.write("acl.conf", "{allow, all}.\n{deny, all, pub, [\"x\"]}.\n")
        self.assert_found(f"{path}:2:13: .*publish", {"mqtt.acl_file": path})

    def test_pre_shared_keys(self):
        path = self.write("psk.conf", "# keys\ndevice:not-hex\n")
        self.assert_found(f"{path}:2", {"psk.file": path})

    def test_users(self):
        plugins = self.write("loaded_plugins", "emq_auth_username.\n")
        config = self.write("sluice.conf", "auth.user.1.username = a\nauth.user.1.password = b\n"
                                           "auth.user.2.username = a\nauth.user.2.password = c\n")
        status, output = run_to_the_end("--check", config=config, settings={"mqtt.plugins.loaded_file": plugins})
        self.assertEqual(status, 1, output)
        self.assertIn(f"{config}:3: auth.user.2.username: is the same as auth.user.1.username", output)

    def test_certificates(self):
        self.assert_found(r"listener\.ssl\.external\.certfile: cannot use /nowhere/cert\.pem: No such file",
                          {"listener.ssl.external": "8883", "listener.ssl.external.certfile": "/nowhere/cert.pem"})
        self.assert_found(r"listener\.wss\.external\.certfile: cannot use /nowhere/cert\.pem: No such file",
                          {"listener.wss.external": "8084", "listener.wss.external.certfile": "/nowhere/cert.pem"})

    def test_folders(self):
        file = self.write("file", "")
        self.assert_found(rf"node\.data_dir: {file}/data: cannot be written to \(Not a directory\)",
                          {"node.data_dir": file / "data"})
        self.assert_found(rf"log\.error\.file: {file}/log/error.log: cannot be written to \(Not a directory\)",
                          {"log.error.file": file / "log/error.log"})
        self.assert_found(rf"log\.console\.file: {file}/log/console.log: cannot be written to \(Not a directory\)",
                          {"log.console": "both", "log.console.file": file / "log/console.log"})
        self.assert_found(rf"log\.info\.file: {self.folder}: cannot be written to \(Is a directory\)",
                          {"log.info.file": self.folder})
        (self.folder / "nowhere").symlink_to("/nowhere/at/all")
        self.assert_found(r"node\.data_dir: \S+/nowhere: cannot be written to \(No such file",
                          {"node.data_dir": self.folder / "nowhere"})
        self.assert_found("too long for a unix socket .* choose a shorter node.data_dir",
                          {"node.data_dir": self.folder / ("x" * 100)})
        status, output = run_to_the_end("--check", settings=OFF | {"node.data_dir": self.folder / "made"})
        self.assertEqual(status, 0, output)
        self.assertFalse((self.folder / "made").exists())

    def test_all_of_them_at_once(self):
        self.assert_found("acl.conf: [^\n]*\n(.*\n)*.*psk.conf: [^\n]*\n(.*\n)*.*certfile",
                          {"mqtt.acl_file": "/nowhere/acl.conf", "psk.file": "/nowhere/psk.conf",
                           "listener.ssl.external": "8883", "listener.ssl.external.certfile": "/nowhere/cert.pem"})


if __name__ == "__main__":
    unittest.main()
