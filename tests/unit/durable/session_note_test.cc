// SPDX-License-Identifier: Apache-2.0
// What a front end keeps with a session: it is there as long as the session is.
#include <string>

#include <gtest/gtest.h>

#include "tests/unit/durable/servers_test.h"

namespace sluice::session {
namespace {

using storage::Table;

class SessionNoteTest : public ServersTest {
 protected:
  SessionNoteTest() {
    start();
    core_->await_restored();
  }
  /// A session whose client has gone and left a note.
  void leave(const std::string& id, const std::string& note, const TestClient::Options& options = {}) {
    TestClient& client = connected(id, options);
    client.put_note(note);
    client.close();
  }
};

TEST_F(SessionNoteTest, TheLastOneIsFound) {
  TestClient& client = connected("c");
  EXPECT_EQ(client.note(), "");
  client.put_note("first");
  client.put_note("second");
  EXPECT_EQ(client.note(), "second");
  client.put_note("");
  EXPECT_EQ(client.note(), "");
  EXPECT_EQ(rows(Table::Gateways), 0U);
}

TEST_F(SessionNoteTest, ItIsThereForTheNextClientOfTheSession) {
  leave("c", "note");
  leave("other", "other's");
  EXPECT_EQ(connected("c").note(), "note");
}

TEST_F(SessionNoteTest, ItSurvivesAKill) {
  leave("c", "note");
  kill_and_start();
  EXPECT_EQ(connected("c").note(), "note");
  EXPECT_EQ(connected("new").note(), "");
}

TEST_F(SessionNoteTest, ItEndsWithItsSession) {
  leave("c", "note");
  EXPECT_EQ(connected("c", {.clean_start = true}).note(), "");
  core_->storage().log().flush();
  EXPECT_EQ(rows(Table::Gateways), 0U);
}

TEST_F(SessionNoteTest, ItEndsWithItsSessionUnderALaterServer) {
  leave("c", "note");
  kill_and_start();
  EXPECT_EQ(connected("c", {.clean_start = true}).note(), "");
  core_->storage().log().flush();
  EXPECT_EQ(rows(Table::Gateways), 0U);
}

TEST_F(SessionNoteTest, ThatOfASessionThatDoesNotStayIsInMemory) {
  TestClient& client = connected("c", {.clean_start = true, .expiry = 0});
  client.put_note("note");
  EXPECT_EQ(client.note(), "note");
  EXPECT_EQ(rows(Table::Gateways), 0U);
  client.close();
  EXPECT_EQ(connected("c").note(), "");
}

}  // namespace
}  // namespace sluice::session
