// SPDX-License-Identifier: Apache-2.0
#include "gateways/coap/created_topics.h"

#include <charconv>

#include "gateways/coap/coap_probe.h"
#include "shared/log/log.h"

namespace sluice::coap {
namespace {

constexpr std::string_view kPrefix = "created/";

bool is_in_tree(std::string_view topic, std::string_view root) {
  return topic.starts_with(root) && (topic.size() == root.size() || topic[root.size()] == '/');
}

}  // namespace

void CreatedTopics::load() {
  if (store_ == nullptr) return;
  const auto visit = [this](std::string_view key, std::string_view value) {
    std::uint16_t format = 0;
    std::from_chars(value.data(), value.data() + value.size(), format);
    const MutexLock lock(mutex_);
    if (topics_.size() >= most_) return;
    if (topics_.emplace(std::string(key.substr(kPrefix.size())), Created{format}).second) probe().created.add(1);
  };
  store_->scan(kPrefix, visit, [](bool all) {
    if (!all) log::get("coap").error("created topics are missing: the store cannot read all of them");
  });
}

std::optional<CreatedTopics::Created> CreatedTopics::find(std::string_view topic) const {
  const MutexLock lock(mutex_);
  const auto found = topics_.find(topic);
  return found == topics_.end() ? std::nullopt : std::optional(found->second);
}

bool CreatedTopics::put(std::string_view topic, std::uint16_t content_format) {
  {
    const MutexLock lock(mutex_);
    const auto found = topics_.find(topic);
    if (found == topics_.end() && topics_.size() >= most_) return false;
    if (found != topics_.end() && found->second.content_format == content_format) return true;
    if (found == topics_.end()) probe().created.add(1);
    topics_.insert_or_assign(std::string(topic), Created{content_format});
  }
  if (store_ != nullptr) store_->put(std::string(kPrefix) + std::string(topic), std::to_string(content_format));
  return true;
}

void CreatedTopics::remove(std::string_view topic) {
  {
    const MutexLock lock(mutex_);
    const auto found = topics_.find(topic);
    if (found == topics_.end()) return;
    topics_.erase(found);
  }
  probe().created.add(-1);
  if (store_ != nullptr) store_->erase(std::string(kPrefix) + std::string(topic));
}

std::vector<std::string> CreatedTopics::tree(std::string_view topic, std::size_t most) const {
  std::vector<std::string> found;
  const MutexLock lock(mutex_);
  for (auto at = topics_.lower_bound(topic); at != topics_.end() && at->first.starts_with(topic); ++at) {
    if (found.size() == most) break;
    if (is_in_tree(at->first, topic)) found.push_back(at->first);
  }
  return found;
}

std::vector<CreatedTopics::Listed> CreatedTopics::list(std::string_view scope, std::size_t most) const {
  std::vector<Listed> found;
  const MutexLock lock(mutex_);
  for (auto at = topics_.lower_bound(scope); at != topics_.end() && at->first.starts_with(scope); ++at) {
    if (found.size() == most) break;
    found.push_back({at->first, at->second.content_format});
  }
  return found;
}

}  // namespace sluice::coap
