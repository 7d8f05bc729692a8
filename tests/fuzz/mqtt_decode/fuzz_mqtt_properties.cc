// SPDX-License-Identifier: Apache-2.0
// A scope (first byte) and the property list of that packet: what validates must iterate whole, build again to the
// same bytes, and forward to a list that validates, of which gateways read the same.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <vector>

#include "broker/api/properties.h"
#include "broker/mqtt/codec/properties.h"

namespace {

using namespace sluice;
using namespace sluice::mqtt;

constexpr unsigned kScopes = 14;

void require(bool condition) {
  if (!condition) std::abort();
}

bool same(std::span<const std::byte> a, std::span<const std::byte> b) { return as_text(a) == as_text(b); }

void add(PropertyBuilder& builder, const Property& property) {
  switch (find_property(static_cast<std::uint32_t>(property.id))->type) {
    case PropertyType::Byte:
    case PropertyType::TwoByte:
    case PropertyType::FourByte:
    case PropertyType::Varint:
      builder.number(property.id, property.number);
      break;
    case PropertyType::String:
    case PropertyType::Binary:
      builder.binary(property.id, property.bytes);
      break;
    case PropertyType::StringPair:
      builder.user(property.name, property.text());
      break;
  }
}

std::size_t rebuild(PropertiesView view, std::vector<std::byte>& out) {
  PropertyBuilder builder(out);
  std::size_t bytes = 0;
  for (const Property& property : view) {
    bytes += property.wire.size();
    add(builder, property);
  }
  require(!builder.failed());
  return bytes;
}

void check_readers(std::span<const std::byte> wire) {
  require(content_type(wire) == PropertiesView(wire).text(PropertyId::ContentType));
  std::vector<std::byte> expected;
  std::vector<std::byte> found;
  for (const Property& property : PropertiesView(wire)) {
    if (property.id == PropertyId::UserProperty)
      expected.insert(expected.end(), property.wire.begin(), property.wire.end());
  }
  for_each_user_property(
      wire, [&](std::string_view name, std::string_view value) { require(append_user_property(found, name, value)); });
  require(same(found, expected));
}

void check_valid(std::span<const std::byte> wire, PropertyScope scope) {
  std::vector<std::byte> built;
  require(rebuild(PropertiesView(wire), built) == wire.size());
  require(same(built, wire));
  if (scope != kInPublish && scope != kInWill) return;
  MessageProperties read;
  require(read_message_properties(wire, scope, read) == Errc::Ok);
  std::vector<std::byte> scratch;
  const auto travelling = forwardable(read, PropertiesView(wire), scratch);
  require(travelling.size() <= wire.size() && validate_properties(travelling, scope) == Errc::Ok);
  check_readers(travelling);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto scope = static_cast<PropertyScope>(1U << (data[0] % kScopes));
  const auto rest = std::as_bytes(std::span(data, size).subspan(1));
  const std::vector<std::byte> wire(rest.begin(), rest.end());
  static_cast<void>(content_type(wire));
  for_each_user_property(wire, [](std::string_view, std::string_view) {});
  if (validate_properties(wire, scope) == Errc::Ok) {
    check_valid(wire, scope);
  } else {
    std::vector<std::byte> built;
    require(rebuild(PropertiesView(wire), built) <= wire.size());
  }
  return 0;
}
