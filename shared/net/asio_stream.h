// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/compose.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/core/role.hpp>

#include "shared/net/accepted_socket.h"
#include "shared/net/asio_stream_core.h"
#include "shared/net/stream_io.h"

namespace sluice {

/// An accepted socket, plain or TLS, as the AsyncReadStream and AsyncWriteStream that Beast wants. TLS runs on OpenSSL
/// directly: asio::ssl::stream would hold 34 KB per connection. Applies the listener's `rate_limit` and `send_timeout`,
/// counts bytes/received and bytes/sent.
/// At most one read and one write at a time; they may overlap. Closing or destroying the stream ends them with
/// operation_aborted; as with Asio's sockets, the stream must live until their handlers have run.
/// Thread: its shard's.
class AsioStream {
 public:
  using executor_type = boost::asio::io_context::executor_type;

  AsioStream(Shard& shard, AcceptedSocket socket) : core_(std::make_unique<AsioStreamCore>(shard, std::move(socket))) {}

  executor_type get_executor() const noexcept { return core_->io().get_executor(); }
  [[nodiscard]] const TransportPeer& peer() const { return core_->peer(); }
  [[nodiscard]] Shard& shard() const { return core_->shard(); }
  [[nodiscard]] ListenerState* listener() const { return core_->listener(); }
  [[nodiscard]] bool is_open() const { return core_->is_open(); }
  /// Closes at once.
  void close() { core_->close(); }
  /// Says goodbye (close_notify, FIN) and closes, without anybody waiting: the socket finishes on its own within
  /// `linger`. The stream is closed when this returns.
  void shutdown() { core_->shutdown(); }

  template <class MutableBuffers, class Token>
  auto async_read_some(const MutableBuffers& buffers, Token&& token) {
    return boost::asio::async_compose<Token, void(boost::system::error_code, std::size_t)>(
        ReadOperation<MutableBuffers>{core_.get(), buffers}, token, get_executor());
  }

  template <class ConstBuffers, class Token>
  auto async_write_some(const ConstBuffers& buffers, Token&& token) {
    return boost::asio::async_compose<Token, void(boost::system::error_code, std::size_t)>(
        WriteOperation<ConstBuffers>{core_.get(), buffers}, token, get_executor());
  }

 private:
  /// Tries, waits for what was missing and tries again. A try that succeeds in the initiating call completes through
  /// the executor, as Asio demands.
  template <class Derived>
  struct Operation {  // NOLINT(bugprone-crtp-constructor-accessibility): an aggregate, so that its parts can be given
    AsioStreamCore* core;
    bool waited = false;
    bool tried = false;
    IoResult result{};

    template <class Self>
    void run(Self& self, boost::system::error_code error) {
      if (tried) return self.complete(AsioStreamCore::completion(result), result.bytes);
      if (error) return self.complete(error, 0);
      const AsioWait wait = static_cast<Derived&>(*this).attempt(result);
      if (wait != AsioWait::None) {
        waited = true;
        return core->wait(wait, std::move(self));
      }
      if (waited) return self.complete(AsioStreamCore::completion(result), result.bytes);
      tried = true;
      boost::asio::post(core->io(), std::move(self));
    }
  };

  template <class Buffers>
  struct ReadOperation : Operation<ReadOperation<Buffers>> {
    ReadOperation(AsioStreamCore* stream, const Buffers& into)
        : Operation<ReadOperation<Buffers>>{stream}, buffers(into) {}
    template <class Self>
    void operator()(Self& self, boost::system::error_code error = {}, std::size_t = 0) {
      this->run(self, error);
    }
    AsioWait attempt(IoResult& outcome) {
      for (auto at = boost::asio::buffer_sequence_begin(buffers); at != boost::asio::buffer_sequence_end(buffers);
           ++at) {
        const boost::asio::mutable_buffer one(*at);
        if (one.size() != 0) return this->core->try_read({static_cast<std::byte*>(one.data()), one.size()}, outcome);
      }
      outcome = {IoStatus::Done, 0, {}};
      return AsioWait::None;
    }
    Buffers buffers;
  };

  template <class Buffers>
  struct WriteOperation : Operation<WriteOperation<Buffers>> {
    WriteOperation(AsioStreamCore* stream, const Buffers& from)
        : Operation<WriteOperation<Buffers>>{stream}, buffers(from) {}
    template <class Self>
    void operator()(Self& self, boost::system::error_code error = {}, std::size_t = 0) {
      this->run(self, error);
    }
    AsioWait attempt(IoResult& outcome) {
      std::array<iovec, AsioStreamCore::kGather> parts;
      std::size_t count = 0;
      for (auto at = boost::asio::buffer_sequence_begin(buffers);
           at != boost::asio::buffer_sequence_end(buffers) && count < parts.size(); ++at) {
        const boost::asio::const_buffer one(*at);
        if (one.size() != 0) parts[count++] = {const_cast<void*>(one.data()), one.size()};
      }
      return this->core->try_write({parts.data(), count}, outcome);
    }
    Buffers buffers;
  };

  std::unique_ptr<AsioStreamCore> core_;
};

// What beast::websocket::stream looks for in its next layer.
inline void beast_close_socket(AsioStream& stream) { stream.close(); }
inline void teardown(boost::beast::role_type, AsioStream& stream, boost::system::error_code& error) {
  stream.shutdown();
  error = {};
}
template <class Handler>
void async_teardown(boost::beast::role_type, AsioStream& stream, Handler&& handler) {
  stream.shutdown();
  boost::asio::post(stream.get_executor(),
                    [handler = std::forward<Handler>(handler)]() mutable { handler(boost::system::error_code()); });
}

}  // namespace sluice
