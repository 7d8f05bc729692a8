// SPDX-License-Identifier: Apache-2.0
#include "gateways/coap/representation.h"

#include <algorithm>
#include <cstring>
#include <limits>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "broker/api/properties.h"
#include "gateways/coap/content_format.h"

namespace sluice::coap {
namespace {

constexpr std::size_t kOneBlock = 1024;

void add_freshness(Options& options, const Message& message, UnixMillis now) {
  if (const auto age = max_age_of(message, now)) options.add(Option::MaxAge, *age);
}

Body body_of(const MessagePtr& message, KeepAlive keep) {
  if (keep == KeepAlive::No) return {message->payload(), nullptr};
  return {message->payload(), std::make_shared<MessagePtr>(message)};
}

}  // namespace

ETag etag_of(const Message& message) {
  const auto payload = message.payload();
  const std::uint64_t hash = ::XXH3_64bits_withSeed(payload.data(), payload.size(), content_format_of(message));
  ETag etag;
  std::memcpy(etag.data(), &hash, etag.size());
  return etag;
}

std::uint16_t content_format_of(const Message& message) {
  const auto type = content_type(message.properties());
  const auto format = type ? content_format_of(*type) : std::nullopt;
  return format.value_or(content_formats::kOctetStream);
}

std::optional<std::uint32_t> max_age_of(const Message& message, UnixMillis now) {
  if (message.expires_at() == 0) return std::nullopt;
  const UnixMillis left = std::max<UnixMillis>(0, (message.expires_at() - now) / 1000);
  return static_cast<std::uint32_t>(std::min<UnixMillis>(left, std::numeric_limits<std::uint32_t>::max()));
}

void limit_max_age(Options& options, std::chrono::milliseconds most) {
  const auto limit = static_cast<std::uint32_t>(std::chrono::ceil<std::chrono::seconds>(most).count());
  const auto age = options.find(Option::MaxAge);
  const std::uint32_t limited = age ? std::min(limit, age->uint().value_or(limit)) : limit;
  options.remove(Option::MaxAge);
  options.add(Option::MaxAge, limited);
}

bool has_etag(const std::vector<Bytes>& etags, const ETag& etag) {
  return std::ranges::any_of(etags, [&](const Bytes& known) { return std::ranges::equal(known, etag); });
}

Response content_of(const MessagePtr& message, UnixMillis now, KeepAlive keep) {
  Response response{codes::kContent, {}, body_of(message, keep)};
  response.options.add(Option::ETag, etag_of(*message));
  response.options.add(Option::ContentFormat, content_format_of(*message));
  add_freshness(response.options, *message, now);
  return response;
}

Response notification_of(const MessagePtr& message, UnixMillis now) {
  const bool in_blocks = message->payload().size() > kOneBlock;
  Response response{codes::kContent, {}, body_of(message, in_blocks ? KeepAlive::Yes : KeepAlive::No)};
  if (in_blocks) response.options.add(Option::ETag, etag_of(*message));
  response.options.add(Option::ContentFormat, content_format_of(*message));
  add_freshness(response.options, *message, now);
  return response;
}

}  // namespace sluice::coap
