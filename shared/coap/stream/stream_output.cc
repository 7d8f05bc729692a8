// SPDX-License-Identifier: Apache-2.0
#include "shared/coap/stream/stream_output.h"

namespace sluice::coap {

void StreamOutput::append(const Parts& message) {
  const std::size_t before = bytes_.size();
  bytes_.resize(before + encoded_frame_size(message));
  static_cast<void>(encode_frame_into(message, std::span(bytes_).subspan(before)));
}

bool StreamOutput::write_to(Transport& transport) {
  if (pending() == 0) return true;
  const iovec vector{bytes_.data() + sent_, pending()};
  const std::size_t taken = transport.write({&vector, 1});
  taken_ += taken;
  sent_ += taken;
  if (pending() == 0) {
    bytes_.clear();
    sent_ = 0;
    return true;
  }
  // A peer that never quite catches up must not make the buffer grow.
  if (sent_ >= kCompactFrom && sent_ >= bytes_.size() / 2) {
    bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(sent_));
    sent_ = 0;
  }
  return false;
}

std::optional<Reminder> StreamOutput::next_taken() {
  if (reminders_.empty() || reminders_.front().end > taken_) return std::nullopt;
  return reminders_.pop_front().reminder;
}

std::optional<Reminder> StreamOutput::next_left() {
  if (reminders_.empty()) return std::nullopt;
  return reminders_.pop_front().reminder;
}

void StreamOutput::clear() {
  bytes_.clear();
  sent_ = 0;
  taken_ = 0;
  reminders_.clear();
}

}  // namespace sluice::coap
