// SPDX-License-Identifier: Apache-2.0
#include "broker/storage/rocksdb_log.h"

#include <array>
#include <cstdarg>
#include <cstdio>
#include <string_view>

#include "shared/log/log.h"

namespace sluice::storage {
namespace {

class RocksDbLogger final : public rocksdb::Logger {
 public:
  RocksDbLogger() : Logger(rocksdb::InfoLogLevel::WARN_LEVEL) {}

  using Logger::Logv;
  // Without a level come the lines that list every option at each opening.
  void Logv(const char*, va_list) override {}
  void LogHeader(const char*, va_list) override {}
  void Logv(rocksdb::InfoLogLevel level, const char* format, va_list arguments) override {
    if (level < GetInfoLogLevel() || level == rocksdb::InfoLogLevel::HEADER_LEVEL) return;
    std::array<char, 1024> text;
    if (std::vsnprintf(text.data(), text.size(), format, arguments) < 0) return;
    // Some go on with pages of state.
    const std::string_view whole(text.data());
    const std::string_view line = whole.substr(0, whole.find('\n'));
    log::get("storage").log(level == rocksdb::InfoLogLevel::WARN_LEVEL ? spdlog::level::warn : spdlog::level::err,
                            "rocksdb: {}", line);
  }
};

}  // namespace

std::shared_ptr<rocksdb::Logger> make_rocksdb_logger() { return std::make_shared<RocksDbLogger>(); }

}  // namespace sluice::storage
