// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "shared/net/address.h"

namespace sluice {

/// What a PROXY header says about the connection behind it.
struct ProxyHeader {
  bool proxied = false;       ///< false: LOCAL, UNKNOWN or not an IP stream: keep the socket's own addresses
  SocketAddress source;       ///< the client
  SocketAddress destination;  ///< where it connected to
  std::string common_name;    ///< CN from the TLS TLV of a client certificate that the proxy verified; else empty
};

/// Resumable parser of the PROXY protocol's header, version 1 (text) and 2 (binary), by HAProxy's specification.
/// It never takes a byte of what follows the header: read at most `wanted()` bytes, feed them, repeat.
/// Pure: no socket, no clock.
class ProxyParser {
 public:
  enum class State : std::uint8_t { NeedMore, Done, Malformed };

  /// How many bytes certainly still belong to the header; at least 1 while NeedMore, else 0.
  [[nodiscard]] std::size_t wanted() const { return wanted_; }
  /// Requires: bytes.size() <= wanted().
  State feed(std::span<const std::byte> bytes);
  [[nodiscard]] State state() const { return state_; }
  /// Requires: Done.
  [[nodiscard]] const ProxyHeader& header() const { return header_; }
  /// Why it is Malformed: a literal for the log.
  [[nodiscard]] const char* reason() const { return reason_; }

  static constexpr std::size_t kMaxV1 = 107;     ///< by the specification, with CRLF
  static constexpr std::size_t kMaxV2 = 4096;    ///< 16 + the longest body we take
  static constexpr std::size_t kFirstRead = 15;  ///< the shortest header of all: "PROXY UNKNOWN\r\n"

 private:
  void step();
  void step_v1();
  void step_v2();
  void parse_v1_line(std::string_view line);
  void parse_v2_body();
  void parse_v2_tls(std::span<const std::uint8_t> value);
  void fail(const char* reason);
  void finish();

  State state_ = State::NeedMore;
  std::size_t wanted_ = kFirstRead;
  const char* reason_ = "";
  ProxyHeader header_;
  std::vector<std::uint8_t> bytes_;
};

}  // namespace sluice
