// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/mqtt/machine_fixture.h"

#include <span>
#include <stdexcept>
#include <utility>

namespace sluice::mqtt {
std::unique_ptr<PendingConnect> FakeBroker::connect(ConnectRequest request, DeliverySink& /*sink*/, OnConnected done) {
  connects.push_back(std::move(request));
  ConnectResult result;
  result.handle = ClientHandle(client);
  result.client_id = connects.back().client_id;
  done(std::move(result));
  return nullptr;
}

void MachineTest::receive(std::string_view packet) {
  FrameReader reader(std::as_bytes(std::span(packet)), settings_.max_packet_size);
  const FrameRead read = reader.next();
  if (read.status != FrameStatus::Whole) throw std::logic_error("the test's packet is not whole");
  machine_.on_frame(read.frame);
}

test::Packet MachineTest::sent(int version) {
  const auto size = test::packet_size(output_);
  if (!size) throw test::ScriptError("nothing was sent");
  std::string packet = output_.substr(0, *size);
  output_.erase(0, *size);
  return test::decode(std::move(packet), version);
}

std::span<std::byte> MachineTest::output(std::size_t size) {
  output_.resize(output_.size() + size);
  return std::as_writable_bytes(std::span(output_)).last(size);
}

void MachineTest::output(const MessagePtr& /*message*/, std::span<const std::byte> bytes) {
  output_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

}  // namespace sluice::mqtt
