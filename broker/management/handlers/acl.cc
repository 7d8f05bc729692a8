// SPDX-License-Identifier: Apache-2.0
// Rules of access. The manual has `acl reload` on the command line only; this is its path.
#include <string>

#include "broker/management/handlers/api_json.h"
#include "broker/management/handlers/handlers.h"

namespace sluice::management {

void add_acl_paths(RestRouter& router, Services& services) {
  router.add(Method::Put, "acl/reload", [&services](const ApiCall&) {
    const std::string problem = services.deps.reload_acl();
    return problem.empty() ? api_ok(Json::array()) : api_error(422, ApiCode::Unknown, problem);
  });
}

}  // namespace sluice::management
