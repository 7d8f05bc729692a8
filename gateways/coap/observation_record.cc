// SPDX-License-Identifier: Apache-2.0
#include "gateways/coap/observation_record.h"

#include <algorithm>
#include <span>
#include <utility>
#include <vector>

#include "gateways/coap/envelope.h"
#include "shared/bytes/byte_reader.h"
#include "shared/bytes/byte_writer.h"

namespace sluice::coap {
namespace {

// Mark; version; the id that was given last; then for each: id, resource, token, size exponent, format (kNoFormat:
// none), filter. Big endian; token and filter with their length in front.
constexpr std::string_view kMark = "coap";
constexpr std::uint8_t kVersion = 2;
constexpr std::uint32_t kNoFormat = 0x1'0000;

void write_one(ByteWriter& writer, const Observation& one) {
  writer.write_u16(one.id);
  writer.write_u8(static_cast<std::uint8_t>(one.resource));
  writer.write_block(one.observer.token.view());
  writer.write_u8(one.observer.largest_block);
  writer.write_u32(one.format ? *one.format : kNoFormat);
  writer.write_string(one.filter);
}

bool read_one(ByteReader& reader, Observation& one) {
  std::uint8_t resource = 0;
  std::uint32_t format = 0;
  std::span<const std::byte> token;
  std::span<const std::byte> filter;
  const bool whole = reader.read_u16(one.id) && reader.read_u8(resource) && reader.read_block(token) &&
                     reader.read_u8(one.observer.largest_block) && reader.read_u32(format) && reader.read_block(filter);
  if (!whole || token.size() > 8 || one.id == 0 || one.id >= NotificationTag::kMostObservation || format > kNoFormat ||
      one.observer.largest_block > Block::kBert || resource > static_cast<std::uint8_t>(Resource::Ps)) {
    return false;
  }
  one.resource = static_cast<Resource>(resource);
  one.observer.token = Token::from(token);
  if (format != kNoFormat) one.format = static_cast<std::uint16_t>(format);
  one.filter.assign(reinterpret_cast<const char*>(filter.data()), filter.size());
  return true;
}

}  // namespace

bool holds_observations(std::string_view note) { return note.starts_with(kMark); }

std::string write_observations(const ObservationList& observations) {
  std::vector<std::byte> bytes;
  ByteWriter writer(bytes);
  writer.write_bytes(std::as_bytes(std::span(kMark)));
  writer.write_u8(kVersion);
  writer.write_u16(observations.last_id());
  for (const Observation& one : observations.all()) {
    if (!one.on_stream) write_one(writer, one);
  }
  if (observations.last_id() == 0) return {};
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

bool read_observations(std::string_view note, ObservationList& observations) {
  if (!holds_observations(note)) return false;
  ByteReader reader(std::as_bytes(std::span(note.substr(kMark.size()))));
  std::uint8_t version = 0;
  std::uint16_t last_id = 0;
  if (!reader.read_u8(version) || version != kVersion) return false;
  if (!reader.read_u16(last_id) || last_id == 0 || last_id >= NotificationTag::kMostObservation) return false;
  std::vector<Observation> all;
  while (!reader.empty()) {
    if (all.size() == NotificationTag::kMostObservation || !read_one(reader, all.emplace_back())) return false;
    const auto again = std::ranges::count(all, all.back().id, &Observation::id);
    if (again > 1) return false;
  }
  for (Observation& one : all) observations.restore(std::move(one));
  observations.continue_behind(last_id);
  return true;
}

}  // namespace sluice::coap
