// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <vector>

#include "shared/coap/client/request.h"
#include "tests/support/eventually.h"
#include "tests/unit/coap_server/server_fixture.h"

namespace sluice::coap::testing {

/// Who asks, on a shard that runs: notes there what the test waits for.
class Notebook final : public ResponseHandler {
 public:
  void on_answer(const coap::Answer& answer) override {
    note(answer.pdu.code().to_string() + ' ' + text_of(answer.body));
  }
  void on_failure(RequestId, PeerId, Failure why) override { note("failed " + std::to_string(static_cast<int>(why))); }
  /// Answer number `index`; "nothing" after kPatience.
  std::string entry(std::size_t index) {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, test::kPatience, [&] { return entries_.size() > index; })) return "nothing";
    return entries_[index];
  }
  std::size_t size() {
    const std::lock_guard lock(mutex_);
    return entries_.size();
  }

 private:
  void note(std::string entry) {
    const std::lock_guard lock(mutex_);
    entries_.push_back(std::move(entry));
    changed_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> entries_;
};

}  // namespace sluice::coap::testing
