// SPDX-License-Identifier: Apache-2.0
// Any text is rules or an error with a place; rules can be compiled and asked.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string_view>
#include <utility>

#include "broker/auth/acl_file.h"

using namespace sluice::auth;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto rules = parse_acl({reinterpret_cast<const char*>(data), size});
  if (!rules) {
    if (rules.error().what.empty() || rules.error().line == 0 || rules.error().column == 0) std::abort();
    return 0;
  }
  const auto all = std::make_shared<const AclRules>(std::move(*rules), false, 1);
  const AclSubject client{.client_id = "c", .username = "u", .address = {}};
  const AclViewPtr view(new AclView(all, all->select(client)));
  for (const Action action : {Action::Publish, Action::Subscribe}) {
    for (const std::string_view topic : {"a/b", "$SYS/x", "#", "c"}) {
      const AclVerdict constant = view->constant(action);
      const bool allowed = view->check(action, topic, client);
      if (constant != AclVerdict::ByTopic && allowed != (constant == AclVerdict::Allow)) std::abort();
    }
  }
  return 0;
}
