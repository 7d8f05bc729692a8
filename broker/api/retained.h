// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "broker/api/message.h"
#include "broker/api/reason.h"

namespace sluice {

/// What one topic retains (ClientPort::read_retained). Topics are as the client would write them.
struct RetainedAnswer {
  Reason reason = Reason::Success;
  MessagePtr message;  ///< null: there is none, or it has expired
};

/// What the topics that match a filter retain.
struct RetainedList {
  std::vector<MessagePtr> messages;  ///< in no order, each topic once
  bool more = false;                 ///< there are some above the limit
};
using OnRetained = std::function<void(RetainedList)>;

/// A search under way. Destroying it cancels: the callback is not called any more. Thread: the client's shard.
class PendingSearch {
 public:
  virtual ~PendingSearch() = default;
};

/// A search that has begun, or why it has not.
struct RetainedSearch {
  Reason reason = Reason::Success;
  std::unique_ptr<PendingSearch> pending;  ///< null unless Success
};

}  // namespace sluice
