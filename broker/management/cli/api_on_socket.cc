// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <limits>
#include <optional>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <fmt/format.h>

#include "broker/management/cli/api.h"

namespace sluice::ctl {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using Local = asio::local::stream_protocol;

constexpr std::chrono::seconds kPatience{60};

class SocketApi final : public Api {
 public:
  explicit SocketApi(std::filesystem::path socket) : path_(std::move(socket)) {}

  Explained<ApiAnswer> request(std::string_view method, std::string_view path, std::string_view body) override {
    const std::string target = fmt::format("/api/v2/{}", path);
    http::request<http::string_body> request;
    request.method_string({method.data(), method.size()});
    request.target(target);
    request.set(http::field::host, "localhost");
    request.body() = body;
    request.prepare_payload();
    if (const auto error = send(request)) return explain(error);
    http::response_parser<http::string_body> parser;
    parser.body_limit(std::numeric_limits<std::uint64_t>::max());
    const auto error = wait([&](auto done) { http::async_read(*stream_, buffer_, parser, done); });
    if (error) return explain(error);
    if (!parser.keep_alive()) stream_.reset();
    return ApiAnswer{parser.get().result_int(), parser.get().body()};
  }

 private:
  boost::system::error_code send(const http::request<http::string_body>& request) {
    if (!stream_) {
      boost::system::error_code error;
      stream_.emplace(io_);
      // sun_path has 108 bytes; Asio throws for more.
      if (path_.native().size() >= 108) return make_error_code(boost::system::errc::filename_too_long);
      stream_->socket().connect(Local::endpoint(path_.string()), error);
      if (error) return error;
    }
    return wait([&](auto done) { http::async_write(*stream_, request, done); });
  }

  /// Runs one asynchronous operation to its end, or to the end of patience.
  template <class Start>
  boost::system::error_code wait(Start start) {
    boost::system::error_code result;
    // NOLINTNEXTLINE(bugprone-unchecked-optional-access): its callers have connected
    stream_->expires_after(kPatience);
    start([&result](boost::system::error_code error, std::size_t) { result = error; });
    io_.restart();
    io_.run();
    return result;
  }

  [[nodiscard]] std::string explain(const boost::system::error_code& error) const {
    return fmt::format(
        "no server answers at {}: {}; start it, or name the socket in its node.data_dir: --socket data/sluice.sock, or "
        "SLUICE_SOCKET in the environment",
        path_.string(), error.message());
  }

  const std::filesystem::path path_;
  asio::io_context io_{1};
  std::optional<beast::basic_stream<Local>> stream_;
  beast::flat_buffer buffer_;
};

}  // namespace

std::unique_ptr<Api> api_on_socket(std::filesystem::path socket) {
  return std::make_unique<SocketApi>(std::move(socket));
}

}  // namespace sluice::ctl
