// SPDX-License-Identifier: Apache-2.0
#include "broker/management/management.h"

#include <atomic>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "broker/management/alarms.h"
#include "broker/management/control_plane.h"
#include "broker/management/event_publisher.h"
#include "broker/management/handlers/handlers.h"
#include "broker/management/presence.h"
#include "broker/management/text.h"
#include "broker/router/topic_rules.h"
#include "broker/session/publish_pipeline.h"

namespace sluice::management {

struct Management::Parts {
  Parts(ManagementDeps given, const ManagementSettings& settings)
      : deps(std::move(given)),
        socket(settings.socket),
        sys_interval(settings.sys_interval),
        stats(deps.sessions.core()),
        sys_topics({deps.node, deps.version},
                   [this](std::vector<MessagePtr> messages) { publish(std::move(messages)); }),
        events(deps.sessions, deps.node),
        presence(events, settings.presence_qos),
        alarms(events),
        storage_jobs(deps.sessions.core().storage),
        services{deps, deps.sessions.core(), stats, sys_topics, alarms, storage_jobs, Clock::now()},
        plane(router, [this] { tick(); }) {
    add_all_paths(router, services);
  }

  /// On the first shard: what the server itself says belongs to no client.
  void publish(std::vector<MessagePtr> messages) {
    session::SessionContext& context = deps.sessions.context_of(deps.shards.at(0));
    context.shard.post([&context, messages = std::move(messages)] {
      for (const MessagePtr& message : messages) session::publish_message(context, message);
    });
  }

  void tick() {
    stats.sample();
    const std::chrono::seconds interval = sys_interval.load(std::memory_order_relaxed);
    if (interval <= std::chrono::seconds::zero()) return;
    const UnixMillis now = unix_millis();
    sys_topics.publish_clock(services.uptime(), now);
    if (!schedule.figures_due(Clock::now(), interval)) return;
    sys_topics.publish_identity(now);
    sys_topics.publish_figures(stats.read(), read_metrics(services.core), now);
  }

  const ManagementDeps deps;
  const std::filesystem::path socket;
  std::atomic<std::chrono::seconds> sys_interval;
  Stats stats;
  SysTopics sys_topics;
  SysSchedule schedule;
  EventPublisher events;
  Presence presence;
  Alarms alarms;
  StorageJobs storage_jobs;
  Services services;
  RestRouter router;
  ControlPlane plane;
};

Management::Management(ManagementDeps deps, const ManagementSettings& settings)
    : parts_(std::make_unique<Parts>(std::move(deps), settings)) {}

Management::~Management() = default;

std::string Management::start() {
  if (router::check_topic_name(sys_topic(parts_->deps.node, "version"))) {
    return fmt::format("node.name = {}: cannot be part of a topic name, as $SYS/brokers/<node.name> has it",
                       parts_->deps.node);
  }
  return parts_->plane.start(parts_->socket);
}

void Management::stop() {
  parts_->plane.stop();
  parts_->storage_jobs.stop();
}

void Management::reconfigure(const ManagementSettings& settings) {
  parts_->sys_interval.store(settings.sys_interval, std::memory_order_relaxed);
}

}  // namespace sluice::management
