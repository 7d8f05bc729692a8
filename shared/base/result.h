// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/system/error_code.hpp>
#include <boost/system/result.hpp>

namespace sluice {

/// A value or the reason why there is none. Failures caused by a peer travel as values, never as exceptions;
/// each layer has an error category of its own and exactly one function that maps it to a wire's reason codes.
template <class T>
using Result = boost::system::result<T>;

using ErrorCode = boost::system::error_code;

}  // namespace sluice
