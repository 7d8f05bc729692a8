// SPDX-License-Identifier: Apache-2.0
#include "broker/management/control_plane.h"

#include <string_view>
#include <thread>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

#include "broker/management/management_probe.h"
#include "broker/management/socket_file.h"
#include "shared/log/log.h"

namespace sluice::management {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using Local = asio::local::stream_protocol;
using Stream = beast::basic_stream<Local>;
using Request = http::request<http::string_body>;
using Response = http::response<http::string_body>;

constexpr auto kToken = asio::as_tuple(asio::use_awaitable);

Method method_of(http::verb verb) {
  switch (verb) {
    case http::verb::get:
      return Method::Get;
    case http::verb::put:
      return Method::Put;
    case http::verb::delete_:
      return Method::Delete;
    default:
      return Method::Other;
  }
}

std::string_view view(beast::string_view text) { return {text.data(), text.size()}; }

/// What is wrong with a request that could not be read; status 0: nobody is there to be told.
ApiResponse unreadable(const boost::system::error_code& error) {
  if (error == http::error::header_limit) return api_error(431, ApiCode::Unknown, "the header is too large");
  if (error == http::error::body_limit) return api_error(413, ApiCode::Unknown, "the body is too large");
  if (error.category() == http::make_error_code(http::error::bad_method).category() &&
      error != http::error::end_of_stream && error != http::error::partial_message) {
    return api_error(400, ApiCode::Unknown, "this is no HTTP request");
  }
  return {.status = 0, .body = {}};
}

Response http_response(ApiResponse answer, bool keep_alive) {
  Response response(static_cast<http::status>(answer.status), 11);
  response.set(http::field::content_type, "application/json");
  response.keep_alive(keep_alive);
  response.body() = std::move(answer.body);
  response.prepare_payload();
  probe().requests.add();
  if (answer.status != 200) probe().requests_failed.add();
  return response;
}

}  // namespace

/// What lives as long as the thread does.
class ControlPlane::Thread {
 public:
  Thread(ControlPlane& plane, std::unique_ptr<SocketFile> file) : plane_(plane), file_(std::move(file)) {
    acceptor_.assign(Local(), file_->take());
    asio::co_spawn(io_, tick(), asio::detached);
    asio::co_spawn(io_, accept(), asio::detached);
    thread_ = std::thread([this] { io_.run(); });
  }
  ~Thread() {
    io_.stop();
    thread_.join();
  }

 private:
  /// Counts one connection while it lives.
  struct Place {
    explicit Place(std::size_t& count) : count_(count) { ++count_; }
    ~Place() { --count_; }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    std::size_t& count_;
  };

  asio::awaitable<void> tick() {
    asio::steady_timer timer(io_);
    for (auto next = std::chrono::steady_clock::now();; next += kTick) {
      plane_.on_tick_();
      timer.expires_at(next + kTick);
      co_await timer.async_wait(kToken);
    }
  }

  asio::awaitable<void> accept() {
    asio::steady_timer timer(io_);
    for (;;) {
      auto [error, socket] = co_await acceptor_.async_accept(kToken);
      if (error) {
        // No descriptor is left; trying again at once would only burn the core.
        timer.expires_after(kTick);
        co_await timer.async_wait(kToken);
      } else if (open_ >= kMaxConnections) {
        refuse();
      } else {
        asio::co_spawn(io_, serve(std::move(socket)), asio::detached);
      }
    }
  }

  static void refuse() {
    probe().connections_refused.add();
    static log::RateLimit limit(1);
    if (const auto hushed = limit.admit(); hushed >= 0) {
      log::get("management")
          .warn("connection to the API refused: {} are open ({} like this not shown)", kMaxConnections, hushed);
    }
  }

  asio::awaitable<void> serve(Local::socket socket) {
    const Place place(open_);
    Stream stream(std::move(socket));
    beast::flat_buffer buffer;
    for (bool keep_alive = true; keep_alive;) {
      http::request_parser<http::string_body> parser;
      parser.header_limit(kHeaderLimit);
      parser.body_limit(kBodyLimit);
      stream.expires_after(kPatience);
      const auto [read_error, read] = co_await http::async_read(stream, buffer, parser, kToken);
      ApiResponse answer = read_error ? unreadable(read_error) : handle(parser.get());
      if (answer.status == 0) co_return;
      keep_alive = !read_error && parser.get().keep_alive();
      Response response = http_response(std::move(answer), keep_alive);
      stream.expires_after(kPatience);
      const auto [write_error, written] = co_await http::async_write(stream, response, kToken);
      if (write_error) co_return;
    }
    boost::system::error_code ignored;
    stream.socket().shutdown(Local::socket::shutdown_send, ignored);
  }

  [[nodiscard]] ApiResponse handle(const Request& request) const {
    ApiResponse answer = plane_.router_.handle(method_of(request.method()), view(request.target()), request.body());
    if (request.method() == http::verb::head) answer.body.clear();
    return answer;
  }

  ControlPlane& plane_;
  const std::unique_ptr<SocketFile> file_;
  std::size_t open_ = 0;  ///< before io_: connections that io_'s end destroys count down
  asio::io_context io_{1};
  Local::acceptor acceptor_{io_};
  std::thread thread_;
};

ControlPlane::ControlPlane(const RestRouter& router, std::function<void()> on_tick)
    : router_(router), on_tick_(std::move(on_tick)) {}

ControlPlane::~ControlPlane() = default;

std::string ControlPlane::start(const std::filesystem::path& socket) {
  auto file = SocketFile::open(socket);
  if (!file) return file.error();
  thread_ = std::make_unique<Thread>(*this, std::move(*file));
  return {};
}

void ControlPlane::stop() { thread_.reset(); }

}  // namespace sluice::management
