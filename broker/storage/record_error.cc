// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "broker/storage/record_format.h"

namespace sluice::storage {
namespace {

// Boost keeps the destructor protected instead of virtual, which g++ takes for an oversight.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wnon-virtual-dtor"
class RecordCategory final : public boost::system::error_category {
 public:
  [[nodiscard]] const char* name() const noexcept override { return "sluice.record"; }
  [[nodiscard]] std::string message(int code) const override {
    switch (static_cast<RecordErrc>(code)) {
      case RecordErrc::Truncated:
        return "record ends too early";
      case RecordErrc::BadChecksum:
        return "record is damaged: its checksum does not match";
      case RecordErrc::UnknownVersion:
        return "record has a version that this server does not know";
      case RecordErrc::Malformed:
        return "record has a valid checksum and contents that make no sense";
    }
    return "unknown record error";
  }
};
#pragma GCC diagnostic pop

}  // namespace

const boost::system::error_category& record_category() {
  static const RecordCategory category;
  return category;
}

ErrorCode make_error_code(RecordErrc code) { return {static_cast<int>(code), record_category()}; }

}  // namespace sluice::storage
