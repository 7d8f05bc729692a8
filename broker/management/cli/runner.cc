// SPDX-License-Identifier: Apache-2.0
#include "broker/management/cli/runner.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <functional>
#include <ostream>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include <boost/system/result.hpp>
#include <fmt/format.h>

#include "broker/management/cli/printer.h"
#include "broker/management/percent_encoding.h"

namespace sluice::ctl {
namespace {

constexpr std::size_t kStatsColumn = 20;
constexpr std::size_t kMetricsColumn = 24;
constexpr std::size_t kPageSize = 1000;
/// Between two looks at work that takes long.
constexpr std::chrono::milliseconds kFirstPause{10};
constexpr std::chrono::milliseconds kLongestPause{500};

struct Failure {
  // Two arguments: an aggregate could be made of a result's own value, and that makes the result ambiguous.
  Failure() = default;
  Failure(int exit_status, std::string text) : status(exit_status), message(std::move(text)) {}

  int status = kRefused;
  std::string message;
};
template <class T>
using Outcome = boost::system::result<T, Failure>;

using Line = std::string (*)(const Json&);
using Filter = std::function<bool(const Json&)>;

class Run {
 public:
  Run(const Command& command, Api& api, std::ostream& out) : command_(command), api_(api), out_(out) {}

  Outcome<int> run() {
    const std::string id = management::percent_encode(command_.argument);
    switch (command_.action) {
      case Action::Status:
        return node(status_text);
      case Action::Broker:
        return node(broker_text);
      case Action::BrokerStats:
        return figures("stats", kStatsColumn);
      case Action::BrokerMetrics:
        return figures("metrics", kMetricsColumn);
      case Action::ClientsList:
        return list_on_node("clients", client_text, {});
      case Action::ClientsShow:
        return show("clients/" + id, client_text);
      case Action::ClientsKick:
        return order("DELETE", "clients/" + id, "");
      case Action::SessionsList:
        return list_on_node("sessions", session_text, session_filter());
      case Action::SessionsShow:
        return show("sessions/" + id, session_text);
      case Action::SubscriptionsList:
        return list_on_node("subscriptions", subscription_text, {});
      case Action::SubscriptionsShow:
        return show("subscriptions/" + id, subscription_text);
      case Action::RoutesList:
        return list("routes", route_text, {});
      case Action::RoutesShow:
        return show("routes/" + id, route_text);
      case Action::TopicsList:
        return list("topics", topic_text, {});
      case Action::TopicsShow:
        return show("topics/" + id, topic_text);
      case Action::Listeners:
        return listeners();
      case Action::AclReload:
        return order("PUT", "acl/reload", "ok\n");
      case Action::StorageStatus:
        return storage();
      case Action::StorageCompact:
        return long_work("storage/compact", {});
      case Action::StorageBackup:
        return long_work("storage/backup", {{"folder", folder()}});
    }
    return kUsage;
  }

 private:
  /// The `result` of a successful answer.
  Outcome<Json> ask(std::string_view method, std::string_view path, std::string_view body = {}) {
    const auto answer = api_.request(method, path, body);
    if (!answer) return Failure{kUnreachable, answer.error()};
    const Json json = Json::parse(answer->body, nullptr, false);
    if (!json.is_object()) return Failure{kUnreachable, "the server's answer is not JSON"};
    if (json.value("code", -1) != 0) {
      return Failure{kRefused, json.value("message", fmt::format("refused (HTTP {})", answer->status))};
    }
    return json.value("result", Json());
  }

  Outcome<Json> this_node() {
    auto nodes = ask("GET", "management/nodes");
    if (!nodes) return nodes;
    return nodes->at(0);
  }

  int print_json(const Json& json) {
    out_ << json.dump(2, ' ', false, Json::error_handler_t::replace) << '\n';
    return kOk;
  }

  Outcome<int> node(Line line) {
    const auto found = this_node();
    if (!found) return found.error();
    if (command_.json) return print_json(*found);
    out_ << line(*found);
    return kOk;
  }

  Outcome<int> figures(std::string_view kind, std::size_t column) {
    const auto found = this_node();
    if (!found) return found.error();
    const auto answer = ask("GET", fmt::format("monitoring/{}/{}", kind, node_segment(*found)));
    if (!answer) return answer.error();
    if (command_.json) return print_json(*answer);
    out_ << figures_text(*answer, column);
    return kOk;
  }

  Outcome<int> listeners() {
    const auto found = this_node();
    if (!found) return found.error();
    const auto answer = ask("GET", "monitoring/listeners/" + node_segment(*found));
    if (!answer) return answer.error();
    if (command_.json) return print_json(*answer);
    for (const Json& listener : *answer) out_ << listener_text(listener);
    return kOk;
  }

  Outcome<int> storage() {
    const auto answer = ask("GET", "storage");
    if (!answer) return answer.error();
    if (command_.json) return print_json(*answer);
    out_ << storage_text(*answer);
    return kOk;
  }

  /// Begins it and looks after it until it is done; who ends this program meanwhile does not end the work.
  Outcome<int> long_work(const std::string& path, const Json& parameters) {
    auto job = ask("PUT", path, parameters.is_null() ? std::string() : parameters.dump());
    for (auto pause = kFirstPause; job && job->at("running").get<bool>(); pause = std::min(2 * pause, kLongestPause)) {
      std::this_thread::sleep_for(pause);
      job = ask("GET", "storage/jobs/" + job->at("job").dump());
    }
    if (!job) return job.error();
    if (job->contains("failure")) return Failure{kRefused, job->at("failure").get<std::string>()};
    if (command_.json) return print_json(*job);
    out_ << job_text(*job);
    return kOk;
  }

  /// The server has another working folder than this program.
  [[nodiscard]] std::string folder() const {
    return std::filesystem::absolute(command_.argument).lexically_normal().string();
  }

  Outcome<int> order(std::string_view method, std::string_view path, std::string_view done) {
    const auto answer = ask(method, path);
    if (!answer) return answer.error();
    out_ << done;
    return kOk;
  }

  Outcome<int> list_on_node(std::string_view kind, Line line, const Filter& filter) {
    const auto found = this_node();
    if (!found) return found.error();
    return list(fmt::format("nodes/{}/{}", node_segment(*found), kind), line, filter);
  }

  Outcome<int> list(const std::string& path, Line line, const Filter& filter) {
    const auto printed = walk(path, line, filter);
    if (!printed) return printed.error();
    return kOk;
  }

  Outcome<int> show(const std::string& path, Line line) {
    const auto printed = walk(path, line, {});
    if (!printed) return printed.error();
    if (*printed > 0) return kOk;
    if (!command_.json) out_ << "Not Found.\n";
    return kRefused;
  }

  /// Prints every object of a list; with --json as one list. Returns how many.
  Outcome<std::size_t> walk(const std::string& path, Line line, const Filter& filter) {
    std::size_t printed = 0;
    std::string cursor;
    do {
      const auto page = ask("GET", fmt::format("{}?details=true&page_size={}&cursor={}", path, kPageSize, cursor));
      if (!page) return page.error();
      cursor = page->value("cursor", "");
      for (const Json& object : page->at("objects")) {
        if (filter && !filter(object)) continue;
        if (command_.json) {
          out_ << (printed == 0 ? "[\n  " : ",\n  ") << object.dump(-1, ' ', false, Json::error_handler_t::replace);
        } else {
          out_ << line(object);
        }
        ++printed;
      }
    } while (!cursor.empty());
    if (command_.json) out_ << (printed == 0 ? "[]\n" : "\n]\n");
    return printed;
  }

  [[nodiscard]] Filter session_filter() const {
    if (command_.argument.empty()) return {};
    const bool clean = command_.argument == "transient";
    return [clean](const Json& session) { return session.at("clean_sess").get<bool>() == clean; };
  }

  static std::string node_segment(const Json& node) {
    return management::percent_encode(node.at("name").get_ref<const std::string&>());
  }

  const Command& command_;
  Api& api_;
  std::ostream& out_;
};

}  // namespace

int run_command(const Command& command, Api& api, std::ostream& out, std::ostream& err) {
  try {
    const auto outcome = Run(command, api, out).run();
    if (outcome) return *outcome;
    err << "sluicectl: " << outcome.error().message << '\n';
    return outcome.error().status;
  } catch (const Json::exception& error) {
    err << "sluicectl: the server's answer is not understood (another version?): " << error.what() << '\n';
    return kRefused;
  }
}

}  // namespace sluice::ctl
