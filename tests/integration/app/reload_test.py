# SPDX-License-Identifier: Apache-2.0
"""What SIGHUP brings into force, and what it says of the rest."""
import pathlib
import re
import signal
import subprocess
import tempfile
import time
import unittest

from support.client import V5, Client
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


    def test_folders_stay_until_the_next_start(self):
        rules = '{deny, all, subscribe, ["#"]}.\n'
        here = "node.data_dir = .\nlog.dir = .\nnode.etc_dir = .\n"
        server = self.start({"mqtt.acl_file": "data/acl.conf", "node.data_dir": None, "log.dir": None}, config=here,
                            files={"acl.conf": rules})
        begin = len(server.output)
        server.write("sluice.conf", here.replace(" .", " /elsewhere"))
        server.reload()
        output = server.output[begin:]
        self.assertNotIn("not reloaded", output)
        for key in ("node.data_dir", "log.dir", "node.etc_dir"):
            self.assertRegex(output, rf"{key} \(\S+:\d\) takes effect with the next start; now it is \.\n")
        with Client(server.port()) as client:
            self.assertEqual(list(client.subscribe("a", 1)), [0x80])

    def test_every_problem_is_named_and_the_rest_holds(self):
        server = self.start(plugins=("emq_auth_username",), config="mqtt.acl_file =\n")
        begin = len(server.output)
        server.write("sluice.conf", "mqtt.acl_file = /nowhere/acl.conf\npsk.file = /nowhere/psk.conf\n"
                                    "mqtt.max_packet_size = 1KB\nlistener.tcp.external.sndbuf = 16KB\n")
        server.reload()
        output = server.output[begin:]
        self.assertRegex(output, r"not reloaded: /nowhere/acl\.conf(.*\n)+.*not reloaded: /nowhere/psk\.conf")
        self.assertIn("configuration reloaded, but not what was named before", output)
        with Client(server.port(), version=V5) as client:
            self.assertEqual(client.connack_properties.MaximumPacketSize, 1024)
        self.assertRegex(output, r"listener\.tcp\.external\.sndbuf \(\S+:4\) takes effect with the next start")

    def test_old_notices_are_not_repeated(self):
        server = self.start(config="mqtt.acl_file =\nmqtt.mqueue.max_length = 0\n")
        self.assertRegex(server.output, r":2: mqtt\.mqueue\.max_length: 0 means no limit")
        begin = len(server.output)
        server.write("sluice.conf", "# moved\nmqtt.acl_file =\n\nmqtt.mqueue.max_length = 0\n"
                                    "mqtt.session.max_inflight = 0\n")
        server.reload()
        self.assertNotIn("mqtt.mqueue.max_length", server.output[begin:])
        self.assertRegex(server.output[begin:], r":5: mqtt\.session\.max_inflight: 0 means no limit")
        begin = len(server.output)
        server.reload()
        self.assertNotIn("0 means no limit", server.output[begin:])

    def test_a_folder_of_plugins_that_is_gone(self):
        folder = tempfile.TemporaryDirectory(prefix="sluice-plugins-")
        self.addCleanup(folder.cleanup)
        plugins = pathlib.Path(folder.name) / "plugins"
        plugins.mkdir()
        users = plugins / "emq_auth_username.conf"
        users.write_text("auth.user.1.username = a\nauth.user.1.password = b\n")
        server = self.start({"mqtt.plugins.etc_dir": plugins, "mqtt.allow_anonymous": "false"},
                            plugins=("emq_auth_username",))
        users.unlink()
        plugins.rmdir()
        server.signal_reload()
        self.assertIsNotNone(server.wait_for_output(rf"configuration not reloaded: {plugins}/?: is not there",
                                                    RELOAD_DEADLINE))
        with Client(server.port(), user="a", password="b") as client:
            self.assertEqual(client.connack, 0)


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
