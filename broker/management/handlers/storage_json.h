// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "broker/management/handlers/api_json.h"
#include "broker/management/storage_jobs.h"

namespace sluice::management {

/// What `storage` answers; for a server that keeps nothing on disk only its type.
Json storage_status(const Services& services);
Json to_json(const StorageJobs::Job& job);

}  // namespace sluice::management
