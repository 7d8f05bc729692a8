// SPDX-License-Identifier: Apache-2.0
#include "gateways/websocket/ws_relay.h"

#include <utility>

#include <boost/asio/error.hpp>

namespace sluice::ws {

WsRelay::WsRelay(std::shared_ptr<WsLink> link) : home_(link->shard()), link_(std::move(link)), owner_shard_(&home_) {}

void WsRelay::at_home(InlineTask task) {
  if (Shard::current() == &home_) {
    task();
  } else {
    home_.post(std::move(task));
  }
}

void WsRelay::start(RelayOwner& owner) {
  owner_ = &owner;
  at_home([self = shared_from_this()] {
    if (!self->link_) return;
    if (self->link_->ended()) {
      self->home_.post([self] { self->on_link_closed(boost::asio::error::operation_aborted); });
      return;
    }
    self->link_->attach(self.get());
    self->wanted_ = true;
    self->update_reading();
  });
}

void WsRelay::set_reading(bool wanted) {
  at_home([self = shared_from_this(), wanted] {
    self->wanted_ = wanted;
    self->update_reading();
  });
}

void WsRelay::send(std::vector<std::byte> bytes) {
  at_home([self = shared_from_this(), bytes = std::move(bytes)]() mutable {
    if (self->link_) self->link_->send(std::move(bytes));
  });
}

void WsRelay::close() {
  owner_ = nullptr;
  at_home([self = shared_from_this()] {
    if (!self->link_) return;
    self->link_->attach(nullptr);
    self->link_->close(WsLink::CloseCode::normal);
    self->link_.reset();
  });
}

void WsRelay::abort() {
  owner_ = nullptr;
  at_home([self = shared_from_this()] {
    if (!self->link_) return;
    self->link_->attach(nullptr);
    self->link_->abort();
    self->link_.reset();
  });
}

void WsRelay::let_go() {
  owner_ = nullptr;
  at_home([self = shared_from_this()] { self->link_.reset(); });
}

void WsRelay::move(Shard& target, InlineTask then) {
  carried_.emplace();
  at_home([self = shared_from_this(), &target, then = std::move(then)]() mutable {
    self->held_.emplace();
    self->update_reading();
    if (self->owner_shard_ == &self->home_) {
      self->hand_over(target, std::move(then), {});
      return;
    }
    // Behind everything that is under way to the old shard; then back here with what the owner did not take there.
    self->owner_shard_->post([self, &target, then = std::move(then)]() mutable {
      self->home_.post([self, &target, then = std::move(then), carried = std::exchange(*self->carried_, {})]() mutable {
        self->hand_over(target, std::move(then), std::move(carried));
      });
    });
  });
}

void WsRelay::hand_over(Shard& target, InlineTask then, HeldInput carried) {
  HeldInput& held = *held_;  // NOLINT(bugprone-unchecked-optional-access): from the move's begin to release()
  carried.append(held.bytes);
  held.bytes = std::move(carried.bytes);
  held.sent += carried.sent;
  if (carried.closed) held.closed = carried.closed;
  owner_shard_ = &target;
  target.post([self = shared_from_this(), then = std::move(then)]() mutable {
    self->carried_.reset();
    then();
    self->at_home([self] { self->release(); });
  });
}

void WsRelay::release() {
  // NOLINTNEXTLINE(bugprone-unchecked-optional-access): hand_over() needed it too
  const HeldInput held = std::move(*held_);
  held_.reset();
  if (!held.bytes.empty()) on_link_bytes(held.bytes);
  if (held.sent != 0) on_link_sent(held.sent);
  if (held.closed) on_link_closed(*held.closed);
  update_reading();
}

void WsRelay::update_reading() {
  if (link_) link_->set_reading(wanted_ && !held_ && under_way_ < kWindow);
}

void WsRelay::on_link_bytes(std::span<const std::byte> bytes) {
  if (held_) {
    held_->append(bytes);
  } else if (owner_shard_ == &home_) {
    deliver_bytes(bytes);
  } else {
    under_way_ += bytes.size();
    update_reading();
    owner_shard_->post([self = shared_from_this(), copy = std::vector<std::byte>(bytes.begin(), bytes.end())] {
      self->deliver_bytes(copy);
      self->home_.post([self, size = copy.size()] {
        self->under_way_ -= size;
        self->update_reading();
      });
    });
  }
}

void WsRelay::on_link_sent(std::size_t bytes) {
  if (held_) {
    held_->sent += bytes;
  } else if (owner_shard_ == &home_) {
    deliver_sent(bytes);
  } else {
    owner_shard_->post([self = shared_from_this(), bytes] { self->deliver_sent(bytes); });
  }
}

void WsRelay::on_link_closed(ErrorCode why) {
  if (held_) {
    held_->closed = why;
  } else if (owner_shard_ == &home_) {
    deliver_closed(why);
  } else {
    owner_shard_->post([self = shared_from_this(), why] { self->deliver_closed(why); });
  }
}

void WsRelay::deliver_bytes(std::span<const std::byte> bytes) {
  if (carried_) {
    carried_->append(bytes);
  } else if (owner_ != nullptr) {
    owner_->on_relay_bytes(bytes);
  }
}

void WsRelay::deliver_sent(std::size_t bytes) {
  if (carried_) {
    carried_->sent += bytes;
  } else if (owner_ != nullptr) {
    owner_->on_relay_sent(bytes);
  }
}

void WsRelay::deliver_closed(ErrorCode why) {
  if (carried_) {
    carried_->closed = why;
  } else if (owner_ != nullptr) {
    owner_->on_relay_closed(why);
  }
}

}  // namespace sluice::ws
