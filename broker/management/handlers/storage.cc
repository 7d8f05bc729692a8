// SPDX-License-Identifier: Apache-2.0
// The store on disk. The manual has nothing like it. Long work is begun by a PUT and looked after by its number, so
// that the API serves others meanwhile.
#include <cerrno>
#include <charconv>
#include <chrono>
#include <filesystem>
#include <string>
#include <system_error>
#include <unistd.h>

#include <fmt/format.h>

#include "broker/management/handlers/handlers.h"
#include "broker/management/handlers/storage_json.h"

namespace sluice::management {
namespace {

namespace fs = std::filesystem;

constexpr unsigned kConflict = 409;
constexpr unsigned kUnprocessable = 422;

ApiResponse in_memory_only() {
  return api_error(kUnprocessable, ApiCode::Unknown,
                   "storage.type = ram: this server keeps nothing on disk, there is nothing to compact or to back up");
}

/// Why no backup can be made there; empty: it can, as far as one sees.
std::string unfit(const fs::path& folder, const fs::path& store) {
  std::error_code error;
  const std::string name = folder.string();
  if (fs::exists(fs::symlink_status(folder, error)))
    return name + ": exists already; a backup needs a folder of its own";
  // Where RocksDB puts it together; it would empty what is there.
  const fs::path draft = name + ".tmp";
  if (fs::exists(fs::symlink_status(draft, error))) {
    return draft.string() + ": is in the way, maybe left by a backup that was cut short; remove it";
  }
  const fs::path parent = folder.parent_path();
  if (!fs::is_directory(parent, error)) return parent.string() + ": is no folder; make it, the backup goes below it";
  if (::access(parent.c_str(), W_OK | X_OK) != 0) {
    return parent.string() + ": cannot be written to: " + std::generic_category().message(errno);
  }
  const fs::path real_store = fs::weakly_canonical(store, error);
  const fs::path real_parent = fs::weakly_canonical(parent, error);
  for (fs::path at = real_parent; at != at.root_path(); at = at.parent_path()) {
    if (at == real_store) return name + ": lies in the store's own folder; choose another";
  }
  return {};
}

ApiResponse begin(Services& services, StorageJobs::Kind kind, fs::path folder) {
  if (const auto job = services.storage_jobs.begin(kind, std::move(folder))) return api_ok(to_json(*job));
  const auto other = services.storage_jobs.last();
  const auto seconds = other ? std::chrono::duration_cast<std::chrono::seconds>(other->took).count() : 0;
  const bool backup = other && other->kind == StorageJobs::Kind::Backup;
  return api_error(
      kConflict, ApiCode::Unknown,
      fmt::format("a {} is under way for {} s; try again when it is over", backup ? "backup" : "compaction", seconds));
}

ApiResponse backup(Services& services, const std::string& text) {
  fs::path folder = fs::path(text).lexically_normal();
  if (!folder.is_absolute()) {
    return api_error(400, ApiCode::BadParameter, text + ": folder must be an absolute path of the server's machine");
  }
  if (!folder.has_filename()) folder = folder.parent_path();  // a slash at the end
  if (const std::string why = unfit(folder, services.core.storage->settings().folder); !why.empty()) {
    return api_error(kUnprocessable, ApiCode::Unknown, why);
  }
  return begin(services, StorageJobs::Kind::Backup, std::move(folder));
}

ApiResponse show_job(const Services& services, const std::string& text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size()) {
    if (const auto job = services.storage_jobs.find(number)) return api_ok(to_json(*job));
  }
  return api_error(404, ApiCode::BadParameter, "no such job is known");
}

}  // namespace

void add_storage_paths(RestRouter& router, Services& services) {
  router.add(Method::Get, "storage", [&services](const ApiCall&) { return api_ok(storage_status(services)); });
  router.add(Method::Put, "storage/compact", [&services](const ApiCall&) {
    if (services.core.storage == nullptr) return in_memory_only();
    return begin(services, StorageJobs::Kind::Compact, {});
  });
  router.add(Method::Put, "storage/backup", [&services](const ApiCall& call) {
    if (services.core.storage == nullptr) return in_memory_only();
    return with_text(call.body, "folder", [&](const std::string& folder) { return backup(services, folder); });
  });
  router.add(Method::Get, "storage/jobs/{}",
             [&services](const ApiCall& call) { return show_job(services, call.arguments.front()); });
}

}  // namespace sluice::management
