// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include <boost/system/result.hpp>

namespace sluice {

/// A value, or a sentence for the operator that names the key, the object and the reason.
/// For what the configuration or the machine causes; what a peer causes travels as Result.
template <class T>
using Explained = boost::system::result<T, std::string>;

}  // namespace sluice
