// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "bench/sluice_bench/scenarios/scenario.h"

namespace sluice::bench {
namespace {

constexpr std::array kScenarios{
    Scenario{"pairs", "-c publishers, each with a subscriber of its own (50)", run_pairs},
    Scenario{"queued",
             "as pairs, with sessions that stay (-C 0); every tenth subscriber is away, its messages stay queued",
             run_queued},
    Scenario{"fanin", "-c publishers (100) to --subscribers wildcard subscribers (2)", run_fanin},
    Scenario{"fanout", "one publisher to --subscribers (1000)", run_fanout},
    Scenario{"filters",
             "--filters (a third exact, a third '+', a third '#') over --subscribers sessions (50), then -c (1) "
             "publishing to matching topics, then --churn seconds of unsubscribe + subscribe",
             run_filters},
    Scenario{"idle", "-c connections (1000) with one subscription each: memory, then -d seconds of pings", run_idle},
    Scenario{"ping", "-c connections (1000), each pinging every --ping-interval", run_ping},
    Scenario{"connect", "-c clients (50) that connect, subscribe and disconnect over and over", run_connect},
    Scenario{"tls", "-c clients (50) that make a whole TLS handshake, connect and disconnect over and over", run_tls},
    Scenario{
        "coap-put",
        "-c CoAP peers (1000) that the server knows, each with its own source address, PUT in turn, -w requests at "
        "one time",
        run_coap_put},
    Scenario{
        "coap-observe",
        "-c CoAP observers (1000), each with its own source address, client id and topic (or --one-topic): memory, "
        "then -d seconds of PUTs and notifications, -w of these on their way at one time",
        run_coap_observe},
    Scenario{"coaps-connect",
             "-c peers (1000), each with its own source address, make a DTLS 1.2 association, ping the server over it "
             "and keep it, --connect-window of them at one time",
             run_coaps_connect},
};

}  // namespace

std::span<const Scenario> scenarios() { return kScenarios; }

const Scenario* find_scenario(std::string_view name) {
  for (const Scenario& scenario : kScenarios) {
    if (scenario.name == name) return &scenario;
  }
  return nullptr;
}

}  // namespace sluice::bench
