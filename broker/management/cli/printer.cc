// SPDX-License-Identifier: Apache-2.0
#include "broker/management/cli/printer.h"

#include <cstdint>
#include <iterator>

#include <fmt/format.h>

namespace sluice::ctl {
namespace {

std::string text(const Json& object, const char* member) {
  return printable(object.at(member).get_ref<const std::string&>());
}

/// A number or truth value as JSON writes it.
std::string number(const Json& object, const char* member) { return object.at(member).dump(); }

/// `[{tls_error,2},{max_clients,1}]`: EMQ prints terms of Erlang here.
std::string shutdown_text(const Json& reasons) {
  std::string list;
  if (reasons.is_object()) {
    for (const auto& [reason, count] : reasons.items()) {
      list += fmt::format("{}{{{},{}}}", list.empty() ? "" : ",", reason, count.dump());
    }
  }
  return "[" + list + "]";
}

/// "12.3 MB"
std::string size_text(const Json& object, const char* member) {
  const auto bytes = object.at(member).get<std::uint64_t>();
  constexpr std::string_view kUnits[] = {"KB", "MB", "GB", "TB"};
  if (bytes < 1024) return fmt::format("{} B", bytes);
  double size = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  for (; size >= 1024 && unit + 1 < std::size(kUnits); ++unit) size /= 1024;
  return fmt::format("{:.1f} {}", size, kUnits[unit]);
}

std::string restoring_text(const Json& restoring) {
  return fmt::format("{}: {} of {} sessions, {} queued messages, {} retained messages", text(restoring, "phase"),
                     number(restoring, "sessions"), number(restoring, "of"), number(restoring, "queued_messages"),
                     number(restoring, "retained_messages"));
}

}  // namespace

std::string printable(std::string_view text) {
  std::string shown;
  shown.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    const auto next = static_cast<unsigned char>(i + 1 < text.size() ? text[i + 1] : 0);
    if (c < 0x20 || c == 0x7F) {
      shown += fmt::format("\\x{:02x}", c);
    } else if (c == 0xC2 && next >= 0x80 && next < 0xA0) {  // U+0080 to U+009F in UTF-8
      shown += fmt::format("\\x{:02x}", next);
      ++i;
    } else {
      shown += text[i];
    }
  }
  return shown;
}

std::string status_text(const Json& node) {
  return fmt::format("Node '{}' is started\nsluice {} is running\n", text(node, "name"), text(node, "version"));
}

std::string broker_text(const Json& node) {
  std::string lines;
  for (const char* name : {"sysdescr", "version", "uptime", "datetime"}) {
    lines += fmt::format("{:<10}: {}\n", name, text(node, name));
  }
  return lines;
}

std::string figures_text(const Json& figures, std::size_t width) {
  std::string lines;
  for (const auto& [name, value] : figures.items()) lines += fmt::format("{:<{}}: {}\n", name, width, value.dump());
  return lines;
}

std::string client_text(const Json& client) {
  return fmt::format("Client({}, clean_sess={}, username={}, peername={}, connected_at={})\n",
                     text(client, "client_id"), number(client, "clean_sess"), text(client, "username"),
                     text(client, "peername"), number(client, "connected_ts"));
}

std::string session_text(const Json& session) {
  return fmt::format(
      "Session({}, clean_sess={}, max_inflight={}, inflight_queue={}, message_queue={}, message_dropped={}, "
      "awaiting_rel={}, awaiting_ack={}, awaiting_comp={}, created_at={})\n",
      text(session, "client_id"), number(session, "clean_sess"), number(session, "max_inflight"),
      number(session, "inflight_len"), number(session, "mqueue_len"), number(session, "mqueue_dropped"),
      number(session, "awaiting_rel_len"), number(session, "awaiting_ack"), number(session, "awaiting_comp"),
      number(session, "created_ts"));
}

std::string subscription_text(const Json& subscription) {
  return fmt::format("{} -> {}:{}\n", text(subscription, "client_id"), text(subscription, "topic"),
                     number(subscription, "qos"));
}

std::string route_text(const Json& route) {
  return fmt::format("{} -> {}\n", text(route, "topic"), text(route, "node"));
}

std::string topic_text(const Json& topic) {
  std::string flags;
  for (const Json& flag : topic.at("flags")) {
    flags += (flags.empty() ? "" : ",") + flag.get<std::string>();
  }
  return fmt::format("{}: {}\n", text(topic, "topic"), flags);
}

std::string listener_text(const Json& listener) {
  std::string lines = fmt::format("listener on {}:{}\n", text(listener, "protocol"), text(listener, "listen"));
  for (const char* name : {"acceptors", "max_clients", "current_clients"}) {
    lines += fmt::format("  {:<16}: {}\n", name, number(listener, name));
  }
  return lines + fmt::format("  {:<16}: {}\n", "shutdown_count", shutdown_text(listener.at("shutdown_count")));
}

std::string storage_text(const Json& storage) {
  std::string lines;
  const auto line = [&lines](std::string_view name, std::string_view value) {
    lines += fmt::format("{:<10}: {}\n", name, value);
  };
  if (text(storage, "type") == "ram") {
    line("type", "ram: nothing is kept on disk");
    return lines;
  }
  for (const char* name : {"type", "sync", "folder", "health"}) line(name, text(storage, name));
  line("disk", fmt::format("{} of at most {}", size_text(storage, "disk_bytes"), size_text(storage, "disk_limit")));
  line("memory",
       fmt::format("{} of at most {}", size_text(storage, "memory_bytes"), size_text(storage, "memory_limit")));
  line("batches", number(storage, "batches"));
  line("backlog", size_text(storage, "backlog_bytes"));
  line("written", fmt::format("log {}, flush {}, compaction {}", size_text(storage, "log_bytes_written"),
                              size_text(storage, "flush_bytes_written"), size_text(storage, "compact_bytes_written")));
  if (storage.contains("restoring")) line("restoring", restoring_text(storage.at("restoring")));
  if (storage.contains("last_job")) lines += fmt::format("{:<10}: {}", "last job", job_text(storage.at("last_job")));
  return lines;
}

std::string job_text(const Json& job) {
  std::string what = text(job, "kind");
  if (job.contains("folder")) what += " in " + text(job, "folder");
  if (job.at("running").get<bool>()) return fmt::format("{}: runs for {} ms\n", what, number(job, "milliseconds"));
  if (job.contains("failure")) return fmt::format("{}: failed: {}\n", what, text(job, "failure"));
  return fmt::format("{}: done in {} ms\n", what, number(job, "milliseconds"));
}

}  // namespace sluice::ctl
