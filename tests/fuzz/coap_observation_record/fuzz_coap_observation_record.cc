// SPDX-License-Identifier: Apache-2.0
// What is to be the observations of a client, from the store: it is refused and nothing is added, or it is written
// again byte for byte; each observation has an id of its own, and what is cut off makes it another record or none.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <set>
#include <string>
#include <string_view>

#include "gateways/coap/envelope.h"
#include "gateways/coap/observation_record.h"

namespace {

using namespace sluice::coap;

void require(bool condition) {
  if (!condition) std::abort();
}

bool same(const Observation& one, const Observation& other) {
  return one.id == other.id && one.resource == other.resource && one.observer.token == other.observer.token &&
         one.observer.largest_block == other.observer.largest_block && one.format == other.format &&
         one.on_stream == other.on_stream && one.filter == other.filter;
}

/// What the gateway relies on.
void check(const ObservationList& observations) {
  require(observations.size() <= NotificationTag::kMostObservation);
  std::set<std::uint16_t> ids;
  for (const Observation& one : observations.all()) {
    require(one.id > 0 && one.id < NotificationTag::kMostObservation && ids.insert(one.id).second);
    require(one.resource <= Resource::Ps && one.observer.largest_block <= Block::kBert && !one.on_stream);
    const NotificationTag tag{.shard = 0, .serial = 1, .observation = one.id};
    require(NotificationTag::unpack(tag.pack()) == tag);
  }
}

/// A record that is not taken leaves what was there, and only that.
void check_refused(std::string_view record) {
  ObservationList observations;
  observations.add("there before");
  require(!read_observations(record, observations));
  require(observations.size() == 1 && observations.all().front().filter == "there before");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view record(reinterpret_cast<const char*>(data), size);
  ObservationList observations;
  if (!read_observations(record, observations)) {
    require(observations.empty());
    check_refused(record);
    return 0;
  }
  check(observations);
  const std::string written = write_observations(observations);
  require(written == record);
  ObservationList again;
  require(read_observations(written, again));
  require(std::ranges::equal(observations.all(), again.all(), same));
  check_refused(record.substr(0, size - 1));
  return 0;
}
