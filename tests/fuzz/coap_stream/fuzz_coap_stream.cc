// SPDX-License-Identifier: Apache-2.0
// The bytes of a CoAP connection over TCP, from the transport to the server and back. The first byte says how they are
// cut: however that is, the answers are the same.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <future>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "shared/coap/server/echo.h"
#include "shared/coap/stream/endpoint.h"

namespace {

using namespace sluice;
using namespace sluice::coap;

void require(bool holds) {
  if (!holds) std::abort();
}

struct Wire {
  Bytes sent;
  bool paused = false;
  bool shut = false;
  bool destroyed = false;
  TransportEvents* events = nullptr;
};

class FakeStream final : public Transport {
 public:
  explicit FakeStream(Wire& wire) : wire_(wire) {}
  ~FakeStream() override { wire_.destroyed = true; }

  void start(TransportEvents& events) override { wire_.events = &events; }
  std::size_t write(std::span<const iovec> buffers) override {
    std::size_t taken = 0;
    for (const iovec& buffer : buffers) {
      const auto* const bytes = static_cast<const std::byte*>(buffer.iov_base);
      wire_.sent.insert(wire_.sent.end(), bytes, bytes + buffer.iov_len);
      taken += buffer.iov_len;
    }
    return taken;
  }
  void pause_reading() override { wire_.paused = true; }
  void resume_reading() override { wire_.paused = false; }
  void shutdown() override { wire_.shut = true; }
  void move_to(Shard&, InlineTask) override { std::abort(); }
  [[nodiscard]] const TransportPeer& peer() const override { return peer_; }

 private:
  Wire& wire_;
  TransportPeer peer_;
};

class OneShard {
 public:
  OneShard() : shards_(1) {
    // OpenSSL has to begin before the shard, so that it ends after it: what it keeps for a thread goes with the thread.
    static_cast<void>(EchoGuard());
    shards_.start();
  }
  Shard& shard() { return shards_.at(0); }
  void turn(const std::function<void()>& task) {
    std::promise<void> done;
    shard().post([&] {
      task();
      done.set_value();
    });
    done.get_future().get();
  }

 private:
  ShardGroup shards_;
};

enum class Answers : bool { AtOnce, Later };

class Resources final : public RequestHandler {
 public:
  explicit Resources(Answers answers) : answers_(answers), representation_(5000, 'r') {}

  void on_request(const Request& request) override {
    require(request.exchange != 0 && request.pdu.code().is_request());
    if (answers_ == Answers::Later) return deferred.push_back(request.exchange);
    const bool reads = request.pdu.code() == codes::kGet;
    respond(request.exchange, reads ? codes::kContent : codes::kChanged, reads ? representation_ : std::string());
  }
  void on_peer_gone(PeerId) override { ++gone; }
  void respond(ExchangeId exchange, Code code, const std::string& body) const {
    server->respond(exchange, {code, {}, {std::as_bytes(std::span(body)), nullptr}});
  }

  Server* server = nullptr;
  std::vector<ExchangeId> deferred;
  int gone = 0;

 private:
  const Answers answers_;
  const std::string representation_;
};

/// What went out is whole messages: a CSM, then answers, Pongs, and at the very end an Abort.
void check_output(const Wire& wire) {
  std::span<const std::byte> rest(wire.sent);
  for (bool first = true; !rest.empty(); first = false) {
    const auto length = frame_length(rest);
    require(length && *length <= rest.size() && *length <= StreamSettings().max_message_size);
    const auto pdu = Pdu::parse_frame(rest);
    require(pdu.has_value());
    rest = rest.subspan(*length);
    require((pdu->code() == codes::kCsm) == first);
    require(first || pdu->code().is_response() || pdu->code() == codes::kPong || pdu->code() == codes::kAbort);
    require(pdu->code() != codes::kAbort || (rest.empty() && wire.shut));
  }
}

Wire run(std::span<const std::byte> stream, std::size_t chunk, Answers answers) {
  static OneShard shards;
  Wire wire;
  Resources resources(answers);
  const Parameters parameters;
  std::unique_ptr<StreamEndpoint> endpoint;
  shards.turn([&] {
    endpoint =
        std::make_unique<StreamEndpoint>(shards.shard(), StreamSettings(), parameters, ServerSettings(), resources);
    resources.server = &endpoint->server();
    endpoint->accept(std::make_unique<FakeStream>(wire));
    for (std::size_t at = 0; at < stream.size(); at += chunk) {
      const auto part = stream.subspan(at, std::min(chunk, stream.size() - at));
      const Bytes copy(part.begin(), part.end());
      wire.events->on_bytes(copy);
    }
  });
  for (bool going_on = true; going_on;) {
    shards.turn([&] {
      for (const ExchangeId exchange : std::exchange(resources.deferred, {})) {
        resources.respond(exchange, codes::kChanged, {});
      }
    });
    shards.turn([&] { going_on = (wire.paused && !wire.destroyed) || !resources.deferred.empty(); });
  }
  shards.turn([&] {
    if (!wire.destroyed) wire.events->on_closed({});
  });
  shards.turn([&] {
    require(wire.destroyed && resources.gone == 1 && endpoint->connections() == 0);
    require(endpoint->server().pending() == 0);
    endpoint.reset();
  });
  check_output(wire);
  return wire;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kMost = 4096;
  if (size < 2 || size > kMost) return 0;
  const auto stream = std::as_bytes(std::span(data, size).subspan(1));
  const Wire whole = run(stream, stream.size(), Answers::AtOnce);
  const Wire cut = run(stream, 1 + data[0] % 16U, Answers::AtOnce);
  require(whole.sent == cut.sent && whole.shut == cut.shut);
  static_cast<void>(run(stream, stream.size(), Answers::Later));
  return 0;
}
