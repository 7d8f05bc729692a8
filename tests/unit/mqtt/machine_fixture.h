// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "broker/mqtt/protocol/machine.h"
#include "tests/support/mqtt_decoder.h"

namespace sluice::mqtt {

/// A session that does nothing, and answers what a test wants; its owner ends it.
class FakeClient final : public ClientPort {
 public:
  [[nodiscard]] std::string_view client_id() const override { return "fake"; }
  PublishResult publish(const PublishRequest& /*request*/) override { return {answer, ticket}; }
  [[nodiscard]] Reason may_publish(std::string_view /*topic*/) override { return answer; }
  [[nodiscard]] bool awaits_release(PacketId /*packet_id*/) const override { return false; }
  Outcome release(PacketId /*packet_id*/) override { return Reason::Success; }
  Reason acknowledge(Ack /*ack*/, PacketId /*packet_id*/, Reason /*reason*/) override { return Reason::Success; }
  FilterOutcomes subscribe(std::span<const SubscribeRequest> requests, std::uint32_t /*id*/) override {
    return {std::vector<Reason>(requests.size(), Reason::Success)};
  }
  FilterOutcomes unsubscribe(std::span<const std::string_view> filters) override {
    return {std::vector<Reason>(filters.size(), Reason::Success)};
  }
  RetainedAnswer read_retained(std::string_view /*topic*/) override { return {}; }
  RetainedSearch read_retained(std::string_view /*filter*/, std::size_t /*limit*/, OnRetained /*done*/) override {
    return {.reason = Reason::ServerBusy, .pending = nullptr};
  }
  CommitTicket put_note(std::string_view /*note*/) override { return 0; }
  void read_note(OnNote done) override { done({}); }
  void writable() override {}
  void close(const CloseRequest& request) override { closed.push_back(request.reason); }

  Reason answer = Reason::Success;  ///< to publish()
  CommitTicket ticket = 0;          ///< that its answer waits for
  std::vector<Reason> closed;
};

/// A core that lets everybody in and keeps what it was asked.
class FakeBroker final : public BrokerApi {
 public:
  using Method = std::function<std::unique_ptr<EnhancedAuthentication>(std::string_view name)>;

  std::unique_ptr<PendingConnect> connect(ConnectRequest request, DeliverySink& sink, OnConnected done) override;
  std::unique_ptr<EnhancedAuthentication> enhanced_authentication(std::string_view method) override {
    return authentication ? authentication(method) : nullptr;
  }
  std::unique_ptr<GatewayStore> gateway_store(std::string_view /*gateway*/) override { return nullptr; }
  [[nodiscard]] std::vector<std::byte> psk_key(std::string_view /*identity*/) const override { return {}; }

  Method authentication;
  std::vector<ConnectRequest> connects;
  FakeClient client;
};

/// A machine between a fake core and a recorded output.
class MachineTest : public ::testing::Test, private Effects {
 protected:
  void receive(std::string_view packet);
  /// The next packet that the machine has sent, checked by a decoder that is not the broker's.
  test::Packet sent(int version = 5);
  [[nodiscard]] bool silent() const { return output_.empty(); }

  [[nodiscard]] Machine& machine() { return machine_; }

  FakeBroker broker_;
  MqttSettings settings_;
  bool closed_ = false;
  TimePoint now_ = Clock::now();
  int deadline_changes_ = 0;

 private:
  std::span<std::byte> output(std::size_t size) override;
  void output(const MessagePtr& message, std::span<const std::byte> bytes) override;
  [[nodiscard]] std::size_t backlog() const override { return 0; }
  void set_keep_alive(Duration /*timeout*/) override {}
  void deadline_changed() override { ++deadline_changes_; }
  void pause_input(Duration /*how_long*/) override {}
  void resume_input() override {}
  void move_to(Shard& /*shard*/) override {}
  void close() override { closed_ = true; }
  [[nodiscard]] const TransportPeer& peer() const override { return peer_; }
  [[nodiscard]] const std::shared_ptr<const ListenerTraits>& listener() const override { return traits_; }
  [[nodiscard]] TimePoint now() const override { return now_; }

  TransportPeer peer_;
  std::shared_ptr<const ListenerTraits> traits_ = std::make_shared<ListenerTraits>();
  std::string output_;
  Machine machine_{broker_, settings_, *this};
};

}  // namespace sluice::mqtt
