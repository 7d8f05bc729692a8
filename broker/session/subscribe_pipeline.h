// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "broker/api/client_handle.h"
#include "broker/session/subscription_list.h"

namespace sluice::session {

class ClientSession;

/// A client's subscriptions, step by step: hooks → syntax → authorisation → quota → mount point → router → retained.
std::vector<Reason> subscribe(ClientSession& session, std::span<const SubscribeRequest> requests,
                              std::uint32_t subscription_id);
std::vector<Reason> unsubscribe(ClientSession& session, std::span<const std::string_view> filters);

/// The end of a session: takes all its subscriptions out of the router, memberships of shared groups at once, of the
/// rest a bounded number in each turn: whoever had a hundred thousand of them holds up nobody by going.
void unsubscribe_all(ClientSession& session);
/// A subscription as an earlier server left it: nobody is asked, and nothing retained is sent.
void restore_subscription(ClientSession& session, OwnSubscription subscription);
/// Tells the router whether the member of the shared group of `filter` has a client at the moment.
void set_shared_attached(ClientSession& session, std::string_view filter, bool attached);

}  // namespace sluice::session
