# SPDX-License-Identifier: Apache-2.0
"""Stores that are damaged, cut, too new, taken or locked away when the server starts."""
import os
import struct
import subprocess

from disk.server import DiskServer, DiskTest

FORGE = os.environ.get("DISK_FORGE", "")


def flip(file, at):
    with open(file, "r+b") as opened:
        opened.seek(at)
        byte = opened.read(1)[0]
        opened.seek(at)
        opened.write(bytes([byte ^ 0x40]))


class StorageStartTest(DiskTest):
    def fill(self, count=50):
        """A queue of so many messages; then the server is killed."""
        self.absent()
        with self.publisher() as publisher:
            for number in range(count):
                self.acknowledged(publisher, os.urandom(1000))
        self.server.kill()

    def largest(self, ending):
        return max(self.server.files(ending), key=lambda file: file.stat().st_size)

    def test_damage_that_is_found_while_sessions_are_restored_ends_the_server(self):
        self.fill()
        self.server.start_again()  # what the log had lies in tables now
        self.server.kill()
        table = self.largest(".sst")
        flip(table, table.stat().st_size // 2)
        self.server.launch()
        self.assert_ends(f"sluice cannot go on: .*{table.name}", "the store cannot be read, so the server ends")

    def test_a_table_whose_end_is_damaged_is_refused(self):
        self.fill()
        self.server.start_again()
        self.server.kill()
        table = self.largest(".sst")
        flip(table, table.stat().st_size - 4)
        self.server.launch()
        self.assert_ends(f"sluice cannot run: storage: .*{table}.*restore the store from a backup")

    def test_a_log_that_is_damaged_in_its_middle_is_refused(self):
        self.fill()
        log = self.largest(".log")
        flip(log, log.stat().st_size // 2)
        self.server.launch()
        self.assert_ends(f"sluice cannot run: storage: {log}: damaged at byte .*restore the store from a backup")

    def test_a_log_whose_end_is_torn_is_cut_and_what_was_lost_is_reported(self):
        self.fill()
        log = self.largest(".log")
        os.truncate(log, log.stat().st_size - 10)
        self.server.start_again()
        self.assert_logged(f"the end of {log} was torn and has been cut off")
        self.assert_logged("at least 1 batches were written and are gone: the machine lost power")
        with self.persistent("subscriber") as subscriber:
            self.receive(subscriber, 49)

    def test_batches_that_a_power_cut_took_are_counted(self):
        self.fill(1)
        mark = self.server.storage / "WRITTEN"
        written = struct.unpack("=Q", mark.read_bytes())[0]
        mark.write_bytes(struct.pack("=Q", written + 7))
        self.server.start_again()
        self.assert_logged("at least 7 batches were written and are gone")
        begin = len(self.server.output)
        self.restart()
        self.assertNotIn("batches were written and are gone", self.server.output[begin:], "reported once")

    def test_a_store_of_a_later_version_is_refused(self):
        self.server.kill()
        subprocess.run([FORGE, self.server.storage], check=True)
        self.server.launch()
        self.assert_ends("sluice cannot run: storage: .*format 2.*start the version that wrote it")

    def test_two_servers_on_one_folder(self):
        with self.assertRaisesRegex(AssertionError, f"storage: {self.server.storage}.*(used|process|lock)"):
            DiskServer({"node.data_dir": self.server.folder})
        self.client().ping()

    def test_a_folder_that_is_none(self):
        self.server.kill()
        os.rename(self.server.storage, self.server.folder / "kept")
        self.server.storage.write_text("a file")
        self.server.launch()
        self.assert_ends(f"sluice cannot run: storage: {self.server.storage}")

    def test_a_disk_that_may_only_be_read(self):
        self.server.kill()
        self.server.disk.fail_writes("EROFS")
        self.server.launch()
        self.assert_ends(f"sluice cannot run: storage: .*{self.server.storage}.*Read-only file system")

    def test_a_full_disk(self):
        self.fill()
        self.server.disk.fail_writes("ENOSPC")
        self.server.launch()
        self.assert_ends(f"sluice cannot run: storage: .*{self.server.storage}.*No space left on device")
        self.server.disk.mend()
        self.server.start_again()
        with self.persistent("subscriber") as subscriber:
            self.receive(subscriber, 50)
