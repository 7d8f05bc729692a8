#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""How samples become verdicts, and how servers are told what to listen on."""

import sys
import unittest
from pathlib import Path
from tempfile import TemporaryDirectory

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "bench" / "compare"))

import loads  # noqa: E402
import peers  # noqa: E402
import table  # noqa: E402

RATIO = loads.Figure("x", "title", "key", "µs", loads.RATIO, 0.5)
ABSOLUTE = loads.Figure("y", "title", "key", "KB", loads.ABSOLUTE, 20)


def row(figure, mine, theirs, baseline=False):
    return table.evaluate(figure, {"sluice": mine, "other": theirs}, "sluice", "other", [], baseline)


def quotient(what, over, under):
    return table.evaluate_quotient(what, {"large": {"sluice": over}, "small": {"sluice": under}}, "sluice")


class Verdicts(unittest.TestCase):
    def test_ratio_is_the_median_of_pairs(self):
        found = row(RATIO, [1, 4, 3], [10, 10, 2])
        self.assertEqual(found["ratio"], {"median": 0.4, "min": 0.1, "max": 1.5})
        self.assertTrue(found["pass"])

    def test_ratio_over_the_limit_fails(self):
        self.assertFalse(row(RATIO, [6, 6, 1], [10, 10, 10])["pass"])

    def test_failed_runs_are_left_out(self):
        self.assertEqual(row(RATIO, [None, 1, 2], [1, None, 8])["ratio"]["median"], 0.25)

    def test_nothing_measured_is_no_pass(self):
        self.assertFalse(row(RATIO, [None], [1])["pass"])
        self.assertFalse(row(ABSOLUTE, [None], [1])["pass"])

    def test_absolute_ignores_the_reference(self):
        self.assertTrue(row(ABSOLUTE, [19], [1])["pass"])
        self.assertFalse(row(ABSOLUTE, [21], [100])["pass"])

    def test_baseline_wants_every_figure_unchanged(self):
        self.assertTrue(row(ABSOLUTE, [21], [20], baseline=True)["pass"])
        self.assertFalse(row(RATIO, [12], [10], baseline=True)["pass"])

    def test_figure_without_a_budget_only_has_to_be_there(self):
        figure = loads.Figure("z", "title", "key", "µs", loads.RATIO, None)
        self.assertTrue(row(figure, [9], [1])["pass"])
        self.assertEqual(table.verdict(row(figure, [9], [1])), "")
        self.assertFalse(row(figure, [None], [1])["pass"])

    def test_quotient_is_the_median_of_the_rounds(self):
        found = quotient(loads.Quotient("q", "title", "large", "small", 1.3), [3, 9, 5], [2, 10, 5])
        self.assertEqual(found["peers"]["sluice"], {"median": 1, "min": 0.9, "max": 1.5})
        self.assertTrue(found["pass"])
        self.assertEqual(table.limit_text(found), "≤ 1.3")

    def test_quotient_over_its_limit_fails(self):
        self.assertFalse(quotient(loads.Quotient("q", "title", "large", "small", 1.3), [3], [2])["pass"])

    def test_quotient_may_have_a_least_limit(self):
        rate = loads.Quotient("q", "title", "large", "small", 0.3, at_least=True)
        self.assertTrue(quotient(rate, [4], [10])["pass"])
        self.assertFalse(quotient(rate, [2], [10])["pass"])
        self.assertEqual(table.limit_text(quotient(rate, [4], [10])), "≥ 0.3")

    def test_quotient_needs_both_of_its_figures(self):
        flat = loads.Quotient("q", "title", "large", "small", 1.3)
        self.assertIsNone(quotient(flat, [3], []))
        self.assertIsNone(quotient(flat, [None], [2]))

    def test_any_lost_message_fails(self):
        self.assertTrue(table.evaluate_quality({"sluice": {"lost": 0}, "other": {"lost": 3}}, "sluice")["pass"])
        self.assertFalse(table.evaluate_quality({"sluice": {"lost": 0, "duplicates": 1}}, "sluice")["pass"])


class Selection(unittest.TestCase):
    def test_every_budgeted_scenario_is_there(self):
        self.assertLessEqual({"a", "a2", "b", "c", "d", "e0", "e1", "f", "g1k", "g100k", "g1m", "g2", "g3", "h", "i", "k",
                              "l-cost", "m", "n-rate", "o1", "o16", "p-1k", "p-30k", "p-100k", "q-mem", "r", "r-mem"},
                             set(loads.all_ids()))

    def test_selection(self):
        self.assertEqual([load.name for load in loads.select(["a", "h"])], ["pairs-qos0", "idle"])
        self.assertEqual(len(loads.select(["g"])), 3)
        self.assertEqual([load.name for load in loads.select(["g-flat"])], ["filters-1k", "filters-1m"])
        self.assertEqual([load.name for load in loads.select(["l-cost"])], ["pairs-qos1", "durable-qos1"])
        self.assertEqual([load.name for load in loads.select(["p-100k"])], ["coap-1-many", "coap-100k"])
        self.assertEqual(loads.select(["coap"]), [load for load in loads.LOADS if load.coap])
        with self.assertRaises(ValueError):
            loads.select(["nonsense"])


class Servers(unittest.TestCase):
    def test_command_peer(self):
        peer = peers.Command("nano=nanomq start --conf 'a b':1884")
        self.assertEqual((peer.name, peer.command, peer.fixed_port), ("nano", ["nanomq", "start", "--conf", "a b"], 1884))
        for bad in ("nano", "nano=cmd", "=cmd:1", "nano=cmd:x"):
            with self.assertRaises(ValueError):
                peers.Command(bad)

    def test_every_listener_of_sluice_moves_to_a_free_port(self):
        with TemporaryDirectory() as folder:
            config = Path(folder) / "sluice.conf"
            config.write_text("listener.tcp.external = 0.0.0.0:1883\nlistener.tcp.external.backlog = 9\n"
                              "listener.wss.external = 8084\n# listener.ssl.off = 1\n")
            command = peers.Sluice("sluice", "bin", config, ["a=b"])._command(folder, ("c.pem", "k.pem"))
        options = command[4::2]
        self.assertIn("listener.tcp.external=127.0.0.1:0", options)
        self.assertIn("listener.wss.external=127.0.0.1:0", options)
        self.assertIn("listener.wss.external.certfile=c.pem", options)
        self.assertEqual(options[-1], "a=b")
        self.assertFalse([option for option in options if "ssl.off" in option or "backlog" in option])

    def test_coap_listens_only_where_it_is_measured(self):
        with TemporaryDirectory() as folder:
            plugins = Path(folder) / "plugins"
            plugins.mkdir()
            (plugins / "emq_coap.conf").touch()
            config = Path(folder) / "sluice.conf"
            config.touch()
            sluice = peers.Sluice("sluice", "bin", config, [])
            sluice.prepare(loads.select(["a"])[0])
            self.assertIn("coap.bind.udp.1=off", sluice._command(folder, ("c.pem", "k.pem")))
            sluice.prepare(loads.select(["r"])[0])
            command = sluice._command(folder, ("c.pem", "k.pem"))
            self.assertLessEqual({"coap.bind.udp.1=127.0.0.1:0", "coap.bind.dtls.1=127.0.0.1:0", f"psk.file={folder}/psk"},
                                 set(command))
            self.assertTrue(sluice.can_coap())
            self.assertFalse(peers.Sluice("old", "bin", Path(folder) / "plugins/none", []).can_coap())


if __name__ == "__main__":
    unittest.main()
