// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "broker/session/session_context.h"

namespace sluice::management {

/// How long a shard may take to answer administration. A shard that takes longer is overloaded; nothing waits for it
/// but the management thread.
inline constexpr std::chrono::seconds kShardPatience{5};

/// Runs `f(SessionContext&)` on the context's shard and waits for what it returns; nullopt if that takes too long.
/// `f` may run after the call has given up, so it owns what it uses; it does a bounded amount of work.
/// Requires: running shards; not called from a shard's thread.
template <class F>
auto ask_shard(session::SessionContext& context, F f, std::chrono::milliseconds patience = kShardPatience)
    -> std::optional<std::invoke_result_t<F&, session::SessionContext&>> {
  using Answer = std::invoke_result_t<F&, session::SessionContext&>;
  auto promise = std::make_shared<std::promise<Answer>>();
  std::future<Answer> answer = promise->get_future();
  context.shard.post(
      [promise = std::move(promise), &context, f = std::move(f)]() mutable { promise->set_value(f(context)); });
  if (answer.wait_for(patience) != std::future_status::ready) return std::nullopt;
  return answer.get();
}

}  // namespace sluice::management
