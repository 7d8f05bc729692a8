// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "shared/config/property.h"

namespace sluice::storage {

inline constexpr Property<std::string_view> kType{
    .name = "storage.type",
    .doc = "Where sessions, queues and retained messages are kept. ram: in memory; a restart loses them.",
    .def = "ram",
    .choices = "ram"};

inline constexpr AnyProperty kStorageRows[] = {&kType};
inline constexpr PropertyTable kStorageTable{"Storage", kStorageRows};

}  // namespace sluice::storage
