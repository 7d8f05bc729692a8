// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "shared/base/result.h"

namespace sluice {

/// Errors of OpenSSL: the value is its packed error code, the message its reason ("no shared cipher").
const boost::system::error_category& tls_category();

/// Empties the thread's error queue and returns its oldest entry, which is the cause of the rest.
ErrorCode take_tls_error();
/// The same as text; "unknown reason" for an empty queue.
std::string take_tls_reason();

}  // namespace sluice
