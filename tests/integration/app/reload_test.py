# SPDX-License-Identifier: Apache-2.0
"""What SIGHUP brings into force, and what it says of the rest."""
import pathlib
import re
import signal
import subprocess
import tempfile
import time
import unittest

from support.client import Client
from support.sluice import BINARY, RELOAD_DEADLINE, ServerTest, environment

CONFIG = """
node.name = first@127.0.0.1
mqtt.allow_anonymous = true
mqtt.acl_file =
listener.tcp.second = 127.0.0.1:0
listener.tcp.second.backlog = 100
"""


class ReloadTest(ServerTest):
    def reloaded(self, config):
        """A server that started with CONFIG and has been told to read `config`; what it printed then."""
        server = self.start({"mqtt.acl_file": ""}, config=CONFIG)
        begin = len(server.output)
        server.write("sluice.conf", config)
        server.reload()
        return server, server.output[begin:]

    def test_nothing_changed_nothing_said(self):
        _, output = self.reloaded(CONFIG)
        self.assertNotIn("takes effect", output)

    def test_a_name(self):
        server, output = self.reloaded(CONFIG.replace("first@", "other@"))
        self.assertRegex(output, rf"node\.name \({server.folder}/sluice\.conf:2\) takes effect with the next start; "
                                 r"now it is first@127\.0\.0\.1\n")
        with Client(server.port()) as client:
            client.subscribe("$SYS/brokers")
            self.assertEqual(client.receive().payload, b"first@127.0.0.1")

    def test_an_address(self):
        server, output = self.reloaded(CONFIG.replace("second = 127.0.0.1:0", "second = 127.0.0.1:1"))
        self.assertRegex(output, r"listener\.tcp\.second \(\S+:5\) takes effect with the next start; "
                                 r"now it is 127\.0\.0\.1:0\n")
        with Client(server.port("mqtt:tcp:second")) as client:
            client.subscribe("still/there", 1)

    def test_a_listener_less_and_one_more(self):
        server, output = self.reloaded(re.sub(r"listener\.tcp\.second.*\n", "", CONFIG)
                                       + "listener.tcp.third = 127.0.0.1:0\n")
        self.assertRegex(output, r"listener\.tcp\.second \(no longer set\) takes effect with the next start")
        self.assertRegex(output, r"listener\.tcp\.third \(\S+:5\) takes effect with the next start; now it is not "
                                 r"set\n")
        self.assertNotIn("not reloaded", output)
        with Client(server.port("mqtt:tcp:second")) as client:
            client.subscribe("still/there", 1)

    def test_a_plugin(self):
        server = self.start()
        begin = len(server.output)
        server.write("loaded_plugins", "emq_auth_username.\n")
        server.reload()
        output = server.output[begin:]
        self.assertIn("emq_auth_username: the plug-in is loaded with the next start", output)
        self.assertIn("emq_retainer: the plug-in is unloaded with the next start", output)

    def test_another_file_of_rules(self):
        server = self.start({"mqtt.acl_nomatch": "deny"}, config="mqtt.acl_file =\n")
        rules = server.write("new.conf", '{allow, all, pubsub, ["open/#"]}.\n')
        server.write("sluice.conf", f"mqtt.acl_file = {rules}\n")
        server.reload()
        with Client(server.port()) as client:
            self.assertEqual(list(client.subscribe("open/a", 1)), [1])

    def test_no_file_of_rules_any_more(self):
        rules = "{deny, all, subscribe, [\"#\"]}.\n"
        server = self.start({}, config="mqtt.acl_file = data/acl.conf\npsk.file = data/psk.conf\n", files={
            "acl.conf": rules, "psk.conf": "device:0a1b\n"})
        with Client(server.port()) as client:
            self.assertEqual(list(client.subscribe("a", 1)), [0x80])
        server.write("sluice.conf", "mqtt.acl_file =\n")
        server.reload()
        with Client(server.port()) as client:
            self.assertEqual(list(client.subscribe("a", 1)), [1])


class LostOutputTest(unittest.TestCase):
    def test_a_reload_whose_lines_nobody_reads(self):
        folder = tempfile.TemporaryDirectory(prefix="sluice-reload-")
        self.addCleanup(folder.cleanup)
        config = pathlib.Path(folder.name) / "sluice.conf"
        config.write_text(CONFIG)
        options = ["listener.tcp.external=127.0.0.1:0", f"node.data_dir={folder.name}", f"log.dir={folder.name}",
                   "log.console=off", "log.syslog=off"]
        process = subprocess.Popen([BINARY, "-c", config, *(part for option in options for part in ("-o", option))],
                                   env=environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)
        port = next(int(found[1]) for line in process.stdout
                    if (found := re.search(r"mqtt:tcp:external=127\.0\.0\.1:(\d+)", line)))
        process.stdout.close()
        config.write_text(CONFIG.replace("anonymous = true", "anonymous = false") +
                          "".join(f"listener.tcp.x{n} = 127.0.0.1:0\n" for n in range(200)))
        process.send_signal(signal.SIGHUP)
        end = time.monotonic() + RELOAD_DEADLINE
        while self.connack(port) == 0:
            self.assertLess(time.monotonic(), end, "the new rule never held")
        self.assertIsNone(process.poll())

    @staticmethod
    def connack(port):
        with Client(port) as client:
            return client.connack


if __name__ == "__main__":
    unittest.main()
