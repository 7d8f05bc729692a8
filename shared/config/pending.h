// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "shared/config/store.h"

namespace sluice {

/// What a reload cannot bring into force: a sentence for each key whose value in `fresh` is another than in `running`
/// and whose row says that a listener or the server must be started again. "node.name (etc/sluice.conf:3) takes effect
/// with the next start; now it is sluice@127.0.0.1". Secrets are not shown. Pure.
std::vector<std::string> pending_changes(const ConfigStore& running, const ConfigStore& fresh);

}  // namespace sluice
