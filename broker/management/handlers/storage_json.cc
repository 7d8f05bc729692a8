// SPDX-License-Identifier: Apache-2.0
#include "broker/management/handlers/storage_json.h"

#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>

#include "broker/session/session_restorer.h"

namespace sluice::management {
namespace {

std::string_view sync_name(storage::SyncPolicy sync) {
  switch (sync) {
    case storage::SyncPolicy::Always:
      return "always";
    case storage::SyncPolicy::Interval:
      return "interval";
    case storage::SyncPolicy::Os:
      return "os";
  }
  return {};
}

/// "good", or "storage_failing, storage_slow: why".
std::string health_text(const storage::StoreHealth& health) {
  std::string names;
  for (std::size_t i = 0; i < storage::kStoreTroubles; ++i) {
    const auto trouble = static_cast<storage::StoreTrouble>(i);
    if (!health.has(trouble)) continue;
    names += (names.empty() ? "" : ", ") + std::string(trouble_name(trouble));
  }
  return names.empty() ? "good" : names + ": " + health.why();
}

/// What the store may take on disk.
std::uint64_t disk_limit(const storage::StorageSettings& settings) {
  if (settings.max_bytes != 0) return settings.max_bytes;
  std::error_code error;
  const auto space = std::filesystem::space(settings.folder, error);
  return error ? 0 : space.capacity / 10 * 9;
}

std::string_view phase_name(session::RestoreProgress::Phase phase) {
  using Phase = session::RestoreProgress::Phase;
  switch (phase) {
    case Phase::Sessions:
      return "sessions";
    case Phase::Queues:
      return "queues";
    case Phase::Retained:
      return "retained";
    case Phase::Over:
      return "over";
  }
  return {};
}

Json restoring(const session::RestoreProgress& progress) {
  return {{"phase", phase_name(progress.phase)},
          {"sessions", progress.sessions},
          {"of", progress.of},
          {"queued_messages", progress.messages},
          {"retained_messages", progress.retained}};
}

}  // namespace

Json to_json(const StorageJobs::Job& job) {
  Json json{{"job", job.number}, {"kind", job.kind == StorageJobs::Kind::Backup ? "backup" : "compact"}};
  if (job.kind == StorageJobs::Kind::Backup) json["folder"] = job.folder.string();
  json["running"] = job.running;
  json["milliseconds"] = std::chrono::duration_cast<std::chrono::milliseconds>(job.took).count();
  if (!job.failure.empty()) json["failure"] = job.failure;
  return json;
}

Json storage_status(const Services& services) {
  storage::Storage* const storage = services.core.storage;
  if (storage == nullptr) return {{"type", "ram"}};
  const storage::StorageSettings& settings = storage->settings();
  const storage::StoreFigures figures = storage->store().figures();
  Json json{{"type", "disc"},
            {"sync", sync_name(settings.sync)},
            {"folder", settings.folder.string()},
            {"health", health_text(storage->health())},
            {"disk_bytes", figures.disk_bytes},
            {"disk_limit", disk_limit(settings)},
            {"memory_bytes", figures.memory_bytes},
            {"memory_limit", settings.memory},
            {"batches", storage->log().last_batch()},
            {"backlog_bytes", storage->log().backlog()},
            {"log_bytes_written", figures.log_bytes_written},
            {"flush_bytes_written", figures.flush_bytes_written},
            {"compact_bytes_written", figures.compact_bytes_written}};
  if (services.core.restorer != nullptr) json["restoring"] = restoring(services.core.restorer->progress());
  if (const auto job = services.storage_jobs.last()) json["last_job"] = to_json(*job);
  return json;
}

}  // namespace sluice::management
