// SPDX-License-Identifier: Apache-2.0
// The router with 1k, 100k and 1M filters (a third exact, a third '+', a third '#'): matching a topic that one of
// them matches, replacing a subscription, bytes per subscription; and the retainer's bytes per message and times.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <malloc.h>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "broker/retainer/retainer.h"
#include "broker/router/router.h"

namespace {

using namespace sluice;

std::size_t heap_bytes() {
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

std::string number(std::size_t i) {
  std::string digits = std::to_string(i);
  return std::string(7 - std::min<std::size_t>(7, digits.size()), '0') + digits;
}

std::string filter_text(std::size_t i) {
  switch (i % 3) {
    case 0:
      return "bench/" + number(i) + "/temp/v";
    case 1:
      return "bench/+/" + number(i) + "/v";
    default:
      return "bench/" + number(i) + "/#";
  }
}

std::string topic_text(std::size_t i) {
  switch (i % 3) {
    case 0:
      return "bench/" + number(i) + "/temp/v";
    case 1:
      return "bench/any/" + number(i) + "/v";
    default:
      return "bench/" + number(i) + "/temp/v";
  }
}

SessionRef session(std::size_t i) { return {static_cast<std::uint32_t>(i + 1), 1}; }

struct Loaded {
  router::Router router{{.shards = 2}};
  double bytes_each = 0;
};

Loaded& loaded(std::size_t filters) {
  static std::map<std::size_t, std::unique_ptr<Loaded>> all;
  std::unique_ptr<Loaded>& one = all[filters];
  if (one != nullptr) return *one;
  const std::size_t before = heap_bytes();
  one = std::make_unique<Loaded>();
  for (std::size_t i = 0; i < filters; ++i) {
    const std::string text = filter_text(i);
    one->router.subscribe(session(i), router::parse_filter(text).value(), {}, 0);
  }
  one->bytes_each = static_cast<double>(heap_bytes() - before) / static_cast<double>(filters);
  return *one;
}

std::vector<std::string> some_topics(std::size_t filters) {
  std::mt19937 random(1);
  std::vector<std::string> topics(8192);
  for (std::string& topic : topics) topic = topic_text(random() % filters);
  return topics;
}

void match_one(benchmark::State& state) {
  const auto filters = static_cast<std::size_t>(state.range(0));
  Loaded& table = loaded(filters);
  const std::vector<std::string> topics = some_topics(filters);
  std::vector<router::Match> matches;
  std::size_t at = 0;
  std::size_t found = 0;
  for (auto _ : state) {
    table.router.match(0, topics[at++ % topics.size()], {}, matches);
    found += matches.size();
  }
  if (found != static_cast<std::size_t>(state.iterations()))
    state.SkipWithError("not exactly one match for each topic");
  state.counters["bytes/subscription"] = table.bytes_each;
}
BENCHMARK(match_one)->Arg(1'000)->Arg(100'000)->Arg(1'000'000);

void unsubscribe_and_subscribe(benchmark::State& state) {
  const auto filters = static_cast<std::size_t>(state.range(0));
  Loaded& table = loaded(filters);
  std::mt19937 random(2);
  for (auto _ : state) {
    const std::size_t i = random() % filters;
    const std::string text = filter_text(i);
    const auto parsed = router::parse_filter(text).value();
    table.router.unsubscribe(session(i), parsed);
    table.router.subscribe(session(i), parsed, {}, 0);
  }
}
BENCHMARK(unsubscribe_and_subscribe)->Arg(1'000)->Arg(100'000)->Arg(1'000'000);

void match_many_levels(benchmark::State& state) {
  Loaded& table = loaded(1'000);
  const std::string topic(65535, '/');
  std::vector<router::Match> matches;
  for (auto _ : state) table.router.match(0, topic, {}, matches);
}
BENCHMARK(match_many_levels);

void one_filter_many_subscribers(benchmark::State& state) {
  const auto count = static_cast<std::size_t>(state.range(0));
  router::Router router({});
  const auto filter = router::parse_filter("all/of/them").value();
  for (std::size_t i = 0; i < count; ++i) router.subscribe(session(i), filter, {}, 0);
  std::mt19937 random(3);
  for (auto _ : state) {
    const SessionRef who = session(random() % count);
    router.unsubscribe(who, filter);
    router.subscribe(who, filter, {}, 0);
  }
}
BENCHMARK(one_filter_many_subscribers)->Arg(10)->Arg(1'000)->Arg(100'000);

struct Retained {
  retainer::RamRetainedStore store;
  retainer::Retainer retainer{{.max_message_num = 10'000'000}, store};
  double bytes_each = 0;
};

MessagePtr retained_message(std::size_t i) {
  static const std::vector<std::byte> payload(64);
  const std::string topic = "sensors/" + number(i) + "/temp";
  MessageParts parts;
  parts.topic = topic;
  parts.payload = payload;
  parts.retain = true;
  return Message::create(parts);
}

Retained& retained(std::size_t count) {
  static std::map<std::size_t, std::unique_ptr<Retained>> all;
  std::unique_ptr<Retained>& one = all[count];
  if (one != nullptr) return *one;
  one = std::make_unique<Retained>();
  const std::size_t before = heap_bytes();
  std::size_t messages = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const MessagePtr message = retained_message(i);
    messages += (message->footprint() + 8 + 15) / 16 * 16;  // as malloc rounds it
    one->retainer.store(message, 0);
  }
  const double all_bytes = static_cast<double>(heap_bytes() - before);
  one->bytes_each = (all_bytes - static_cast<double>(messages)) / static_cast<double>(count);
  return *one;
}

void retain_replace(benchmark::State& state) {
  const auto count = static_cast<std::size_t>(state.range(0));
  Retained& table = retained(count);
  std::vector<MessagePtr> messages;
  std::mt19937 random(4);
  constexpr std::size_t kMessages = 8192;
  messages.reserve(kMessages);
  for (std::size_t i = 0; i < kMessages; ++i) messages.push_back(retained_message(random() % count));
  std::size_t at = 0;
  for (auto _ : state) table.retainer.store(messages[at++ % messages.size()], 0);
  state.counters["bytes/message beside it"] = table.bytes_each;
}
BENCHMARK(retain_replace)->Arg(1'000)->Arg(1'000'000);

void retain_and_clear(benchmark::State& state) {
  Retained& table = retained(1'000'000);
  const MessagePtr message = retained_message(5'000'000);
  for (auto _ : state) {
    table.retainer.store(message, 0);
    table.retainer.clear(message->topic());
  }
}
BENCHMARK(retain_and_clear);

/// A whole look-up in chunks; `longest_us` is the longest chunk: what a shard is held up for.
void lookup(benchmark::State& state, const char* filter, std::size_t expected) {
  Retained& table = retained(1'000'000);
  double longest = 0;
  for (auto _ : state) {
    retainer::LookupCursor cursor;
    std::size_t found = 0;
    while (!cursor.done) {
      std::vector<MessagePtr> out;
      const auto begin = std::chrono::steady_clock::now();
      table.retainer.lookup(filter, 0, cursor, 256, out);
      longest = std::max(longest,
                         std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - begin).count());
      found += out.size();
    }
    if (found != expected) state.SkipWithError("wrong number of messages");
  }
  state.counters["longest_us"] = longest;
}
BENCHMARK_CAPTURE(lookup, exact, "sensors/0123456/temp", 1);
BENCHMARK_CAPTURE(lookup, one_device, "sensors/0123456/#", 1);
BENCHMARK_CAPTURE(lookup, nothing, "actors/#", 0);
BENCHMARK_CAPTURE(lookup, everything, "#", 1'000'000)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(lookup, plus_everything, "sensors/+/temp", 1'000'000)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(lookup, plus_nothing, "sensors/+/humidity", 0)->Unit(benchmark::kMillisecond);

}  // namespace
