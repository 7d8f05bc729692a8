// SPDX-License-Identifier: Apache-2.0
// Readers of several shards beside writers: for the thread sanitizer as much as for the assertions.
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "broker/router/router.h"

namespace sluice::router {
namespace {

constexpr std::size_t kReaders = 3;
constexpr std::uint32_t kWriters = 2;
constexpr int kRounds = 400;

void read_until(const Router& router, std::size_t shard, const std::atomic<bool>& stop, std::atomic<int>& wrong) {
  std::vector<Match> matches;
  for (std::size_t round = 0; !stop.load(); ++round) {
    const std::string topic = "dev/" + std::to_string(round % 50) + "/temp";
    router.match(shard, topic, {}, matches);
    int permanent = 0;
    for (const Match& match : matches) {
      permanent += match.session.slot == 1 ? 1 : 0;
      if (match.group) static_cast<void>(router.pick_other(shard, match.group, {}, {}));
    }
    if (permanent != 2) ++wrong;
  }
}

void write_rounds(Router& router, std::uint32_t slot) {
  for (int round = 0; round < kRounds; ++round) {
    std::vector<std::string> texts;
    for (int i = 0; i < 20; ++i) {
      const std::string number = std::to_string((round + i) % 50);
      texts.push_back("dev/" + number + "/temp");
      texts.push_back("dev/+/" + number);
      texts.push_back("$share/g/dev/" + number + "/#");
    }
    std::vector<ParsedFilter> filters;
    for (const std::string& text : texts) filters.push_back(parse_filter(text).value());
    for (const ParsedFilter& filter : filters) router.subscribe({slot, 1}, filter, {}, 0);
    router.set_attached({slot, 1}, filters[2], round % 2 == 0);
    EXPECT_EQ(router.unsubscribe_all({slot, 1}, filters), filters.size());
  }
}

TEST(RouterThreads, ReadersSeeWholeTablesWhileWritersChangeThem) {
  Router router({.shards = kReaders});
  std::atomic<int> announced{0};
  router.on_route_change(
      [&](const RouteChange& change) { announced += change.kind == RouteChange::Kind::Added ? 1 : -1; });
  router.subscribe({1, 1}, parse_filter("dev/#").value(), {}, 0);
  router.subscribe({1, 1}, parse_filter("dev/+/temp").value(), {}, 0);
  std::atomic<bool> stop{false};
  std::atomic<int> wrong{0};
  std::vector<std::thread> readers;
  for (std::size_t i = 0; i < kReaders; ++i) readers.emplace_back([&, i] { read_until(router, i, stop, wrong); });
  std::vector<std::thread> writers;
  for (std::uint32_t i = 0; i < kWriters; ++i) writers.emplace_back([&, i] { write_rounds(router, 10 + i); });
  for (int i = 0; i < 20; ++i) {
    std::size_t permanent = 0;
    router.visit_routes(router.guest(), "dev/", 0, 1000, [&](const RouteInfo& info) {
      permanent += info.filter == "dev/#" || info.filter == "dev/+/temp" ? 1 : 0;
    });
    EXPECT_EQ(permanent, 2U);
  }
  for (std::thread& writer : writers) writer.join();
  stop = true;
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(announced, 2);
  EXPECT_EQ(router.stats().routes, 2U);
}

}  // namespace
}  // namespace sluice::router
