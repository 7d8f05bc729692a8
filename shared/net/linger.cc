// SPDX-License-Identifier: Apache-2.0
#include "shared/net/linger.h"

#include <array>
#include <memory>
#include <utility>

#include "shared/net/listener_settings.h"
#include "shared/net/stream_io.h"

namespace sluice {
namespace {

constexpr int kReadsPerTurn = 16;

class Lingering final : public Lodger, public Pollable, private WheelTimer {
 public:
  Lingering(Shard& shard, UniqueFd fd, SslPtr ssl, std::vector<std::byte> unsent_record, ListenerSlot slot)
      : shard_(shard),
        fd_(std::move(fd)),
        ssl_(std::move(ssl)),
        unsent_record_(std::move(unsent_record)),
        slot_(std::move(slot)) {}
  ~Lingering() override {
    if (events_ != 0) shard_.poller().remove(fd_.get(), *this);
  }

  /// Keeps itself until the end or the deadline, unless all is done at once.
  static void begin(std::unique_ptr<Lingering> self);

 private:
  enum class Step : std::uint8_t { Record, CloseNotify, Fin, Drain, Over };

  void on_ready(std::uint32_t) override {
    advance();
    settle();
  }
  void on_timer(TimePoint) override { shard_.move_out(*this); }
  void advance();
  void tls_step(const IoResult& result, Step next);
  void drain();
  void settle();

  Shard& shard_;
  UniqueFd fd_;
  SslPtr ssl_;
  std::vector<std::byte> unsent_record_;
  ListenerSlot slot_;
  Step step_ = Step::Record;
  std::uint32_t wanted_ = EPOLLIN;
  std::uint32_t events_ = 0;  ///< what the poller watches; 0: not in it
  bool blocked_ = false;
};

void Lingering::begin(std::unique_ptr<Lingering> self) {
  Lingering& it = *self;
  it.advance();
  if (it.step_ == Step::Over || it.shard_.poller().add(it.fd_.get(), it, it.wanted_)) return;
  it.events_ = it.wanted_;
  it.shard_.lodge(std::move(self));
  const auto limit = it.slot_ ? it.slot_->settings.linger : ListenerSettings().linger;
  it.shard_.wheel().arm(it, it.shard_.now() + limit);
}

void Lingering::advance() {
  blocked_ = false;
  while (!blocked_ && step_ != Step::Over) {
    switch (step_) {
      case Step::Record:
        if (ssl_ == nullptr || unsent_record_.empty()) {
          step_ = Step::CloseNotify;
        } else {
          tls_step(tls_write(ssl_.get(), unsent_record_), Step::CloseNotify);
        }
        break;
      case Step::CloseNotify:
        if (ssl_ == nullptr) {
          step_ = Step::Fin;
        } else {
          tls_step(tls_send_close(ssl_.get()), Step::Fin);
        }
        break;
      case Step::Fin:
        step_ = ::shutdown(fd_.get(), SHUT_WR) == 0 ? Step::Drain : Step::Over;
        wanted_ = EPOLLIN;
        break;
      case Step::Drain:
        drain();
        break;
      case Step::Over:
        break;
    }
  }
}

void Lingering::tls_step(const IoResult& result, Step next) {
  if (result.status == IoStatus::Done) {
    step_ = next;
  } else if (result.status == IoStatus::WantRead || result.status == IoStatus::WantWrite) {
    wanted_ = result.status == IoStatus::WantRead ? EPOLLIN : EPOLLOUT;
    blocked_ = true;
  } else {
    step_ = Step::Fin;
  }
}

void Lingering::drain() {
  std::array<std::byte, 4096> unwanted;
  for (int i = 0; i < kReadsPerTurn; ++i) {
    const IoStatus status = socket_read(fd_.get(), unwanted).status;
    if (status == IoStatus::WantRead) break;
    if (status != IoStatus::Done) {
      step_ = Step::Over;
      return;
    }
  }
  blocked_ = true;
}

void Lingering::settle() {
  if (step_ == Step::Over) {
    shard_.move_out(*this);
  } else if (wanted_ != events_) {
    events_ = wanted_;
    shard_.poller().modify(fd_.get(), *this, events_);
  }
}

}  // namespace

void linger(Shard& shard, UniqueFd fd, SslPtr ssl, std::vector<std::byte> unsent_record, ListenerSlot slot) {
  Lingering::begin(
      std::make_unique<Lingering>(shard, std::move(fd), std::move(ssl), std::move(unsent_record), std::move(slot)));
}

}  // namespace sluice
