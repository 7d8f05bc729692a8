// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arpa/inet.h>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <future>
#include <optional>
#include <stdlib.h>
#include <string>
#include <string_view>
#include <utility>

#include <gtest/gtest.h>

#include "broker/auth/acl.h"
#include "broker/auth/authenticator.h"

namespace sluice::auth {

inline SocketAddress address(const std::string& text) {
  SocketAddress result;
  if (inet_pton(AF_INET, text.c_str(), &result.ip[12]) == 1) {
    result.ip[10] = result.ip[11] = 0xFF;
  } else {
    EXPECT_EQ(inet_pton(AF_INET6, text.c_str(), result.ip.data()), 1) << text;
  }
  return result;
}

inline AclSubject subject(std::string_view client_id, std::optional<std::string_view> username = {},
                          const std::string& ip = "192.0.2.7") {
  return {client_id, username, address(ip)};
}

inline Credentials credentials(std::string client_id, std::optional<std::string> username = {},
                               std::optional<std::string> password = {}) {
  Credentials result;
  result.client_id = std::move(client_id);
  result.username = std::move(username);
  result.password = std::move(password);
  return result;
}

/// Waits for one back end's answer.
class AnswerBox : public AuthWaiter {
 public:
  void answered(AuthAnswer answer) override { promise_.set_value(answer); }
  void give_up() { wanted_ = false; }
  AuthAnswer get() { return promise_.get_future().get(); }

 private:
  std::promise<AuthAnswer> promise_;
};

inline AuthAnswer ask(Authenticator& back_end, const Credentials& client) {
  const auto box = std::make_shared<AnswerBox>();
  back_end.authenticate(client, AuthReply(box));
  return box->get();
}

/// A folder that goes away with the test.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "sluice-auth-XXXXXX").string();
    path_ = mkdtemp(name.data());
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  [[nodiscard]] std::filesystem::path write(const std::string& name, std::string_view text) const {
    std::ofstream(path_ / name, std::ios::binary) << text;
    return path_ / name;
  }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// Manual 5.11.2 and 8.12: the rules that are shipped.
inline constexpr std::string_view kDefaultAcl = R"(%% Allow 'dashboard' to subscribe '$SYS/#'
{allow, {user, "dashboard"}, subscribe, ["$SYS/#"]}.

%% Allow clients from localhost to subscribe any topics
{allow, {ipaddr, "127.0.0.1"}, pubsub, ["$SYS/#", "#"]}.

%% Deny clients to subscribe '$SYS#' and '#'
{deny, all, subscribe, ["$SYS/#", {eq, "#"}]}.

%% Allow all by default
{allow, all}.
)";

}  // namespace sluice::auth
