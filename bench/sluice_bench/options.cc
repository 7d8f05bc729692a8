// SPDX-License-Identifier: Apache-2.0
#include "bench/sluice_bench/options.h"

#include <map>
#include <string>

#include <CLI/CLI.hpp>

#include "bench/sluice_bench/scenarios/scenario.h"

namespace sluice::bench {
namespace {

constexpr std::size_t kMaxPayload = std::size_t{128} * 1024;

const std::map<std::string, Version> kVersions{
    {"3", Version::V31},  {"3.1", Version::V31},    {"mqttv31", Version::V31},
    {"4", Version::V311}, {"3.1.1", Version::V311}, {"mqttv311", Version::V311},
    {"5", Version::V5},   {"5.0", Version::V5},     {"mqttv5", Version::V5}};

void add_client_options(CLI::App& app, ClientSettings& client) {
  app.add_option("-h,--host", client.host, "Server's name or address")->capture_default_str();
  app.add_option("-p,--port", client.port, "Server's port [1883, with TLS 8883, CoAP 5683, with DTLS 5684]");
  app.add_option("-V,--version", client.version, "MQTT version: 3 (3.1), 4 (3.1.1) or 5 [4]")
      ->transform(CLI::Transformer(kVersions));
  app.add_option("-u,--username", client.username, "User name");
  app.add_option("-P,--password", client.password, "Password");
  app.add_option("-k,--keepalive", client.keep_alive, "Keep alive, seconds")->capture_default_str();
  app.add_option("-C,--clean", client.clean, "Clean session")->capture_default_str();
  app.add_option("--prefix", client.id_prefix, "First part of the client ids")->capture_default_str();
  app.add_flag("-S,--tls,--ssl", client.tls.enabled, "Use TLS");
  app.add_option("--cafile", client.tls.ca_file, "CA that must have signed the server's certificate [not verified]");
  auto* certificate = app.add_option("--certfile", client.tls.certificate, "Client certificate");
  auto* key = app.add_option("--keyfile", client.tls.key, "Its private key");
  certificate->needs(key);
  key->needs(certificate);
  app.add_option("--tls-version", client.tls.version, "Only this TLS version: 1.2 or 1.3")
      ->check(CLI::IsMember({"1.2", "1.3"}));
}

void add_common_options(CLI::App& app, Settings& settings) {
  add_client_options(app, settings.client);
  LoadSettings& load = settings.load;
  app.add_option("-c,--count", load.count, "Clients [the command's or scenario's own number]");
  app.add_option("-n,--startnumber", load.start_number, "Number of the first client")->capture_default_str();
  app.add_option("-i,--interval", load.connect_interval_ms, "Milliseconds between two connects")->capture_default_str();
  app.add_option("--connect-window", load.connect_window, "Connects at one time")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  app.add_option("--timeout", load.timeout_s, "Seconds that connecting, subscribing and draining may take each")
      ->capture_default_str();
  app.add_option("--threads", settings.threads, "Threads")->capture_default_str()->check(CLI::Range(1, 64));
}

void add_message_options(CLI::App& app, LoadSettings& load) {
  app.add_option("-s,--size", load.size, "Payload bytes")
      ->capture_default_str()
      ->check(CLI::Range(std::size_t{0}, kMaxPayload));
  app.add_option("-r,--retain", load.retain, "Publish retained messages")->capture_default_str();
  app.add_option("--rate", load.rate, "Messages a second, all clients together [as many as the server takes]");
  app.add_option("-w,--window", load.window,
                 "Unacknowledged QoS 1 and 2 messages per publisher; CoAP requests of all peers")
      ->capture_default_str()
      ->check(CLI::Range(1, 16384));
}

void add_qos(CLI::App& app, LoadSettings& load) {
  app.add_option("-q,--qos", load.qos, "Quality of service")->capture_default_str()->check(CLI::Range(0, 2));
}

void add_bounds(CLI::App& app, LoadSettings& load) {
  app.add_option("--messages", load.messages, "End after so many messages [not bounded]");
  app.add_option("-d,--duration", load.duration_s, "Seconds to run (to measure)")->capture_default_str();
}

void add_topic(CLI::App& app, LoadSettings& load) {
  app.add_option("-t,--topic", load.topic, "Topic; %i is the client's number, %c its id, %u the user name")->required();
}

void add_run_options(CLI::App& app, Settings& settings) {
  LoadSettings& load = settings.load;
  ScenarioSettings& plan = settings.plan;
  app.add_option("--pid", settings.server_pid, "Server's process: report its CPU time and memory");
  app.add_flag("--json", settings.json, "Print one JSON object");
  app.add_option("--warmup", load.warmup_s, "Seconds before measuring")->capture_default_str();
  app.add_option("--inflight-cap", load.inflight_cap,
                 "Undelivered messages per publisher [pairs 1000, filters 200, fanout 100, fanin 50]: servers drop QoS "
                 "0 beyond their limits");
  app.add_option("--subscribers", plan.subscribers, "Subscribers of fanin (2), fanout (1000) and filters (50)");
  app.add_option("--filters", plan.filters, "Filters to load")
      ->capture_default_str()
      ->check(CLI::Range(1, 999'999'999));
  app.add_option("--churn", plan.churn_s, "filters: seconds of unsubscribe + subscribe")->capture_default_str();
  app.add_option("--ping-interval", plan.ping_interval_s, "Seconds between two pings of a client")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  app.add_option("--settle", plan.settle_s, "Seconds before memory is read")->capture_default_str();
  app.add_option("--subscribe", plan.subscribe, "connect: subscribe in each cycle")->capture_default_str();
}

void add_coap_options(CLI::App& app, CoapSettings& coap) {
  app.add_option("--path", coap.path,
                 "coap-put: PUT on this path and name no client, as servers that are no brokers want it; %i is the "
                 "peer's number");
  app.add_flag("--one-topic", coap.one_topic, "coap-observe: all observe the same topic");
  auto* identity = app.add_option("--psk-identity", coap.psk_identity,
                                  "coaps-connect: a pre-shared key's identity; %i is the peer's number [certificates]");
  auto* key = app.add_option("--psk", coap.psk, "Its key, in hexadecimal digits");
  identity->needs(key);
  key->needs(identity);
}

void add_scenarios(CLI::App& run, Settings& settings) {
  std::string names = "One of:";
  for (const Scenario& scenario : scenarios())
    names += "\n  " + std::string(scenario.name) + ": " + std::string(scenario.doc);
  const auto known = [](const std::string& name) {
    return find_scenario(name) != nullptr ? std::string() : "there is no scenario " + name;
  };
  run.add_option("scenario", settings.scenario, names)->required()->check(CLI::Validator(known, "SCENARIO"));
}

void build(CLI::App& app, Settings& settings) {
  app.set_help_flag("--help", "Print this help");
  app.set_version_flag("--version", std::string("sluice-bench ") + SLUICE_VERSION);
  app.require_subcommand(1);
  CLI::App* conn = app.add_subcommand("conn", "Connect clients and keep them");
  CLI::App* sub = app.add_subcommand("sub", "Subscribe and count");
  CLI::App* pub = app.add_subcommand("pub", "Publish");
  CLI::App* run = app.add_subcommand("run", "Run one measured scenario");
  for (CLI::App* command : {conn, sub, pub, run}) add_common_options(*command, settings);
  for (CLI::App* command : {sub, pub, run}) add_qos(*command, settings.load);
  for (CLI::App* command : {conn, sub, pub, run}) add_bounds(*command, settings.load);
  for (CLI::App* command : {pub, run}) add_message_options(*command, settings.load);
  for (CLI::App* command : {sub, pub}) add_topic(*command, settings.load);
  pub->add_option("-I,--interval_of_msg", settings.load.message_interval_ms,
                  "Milliseconds between two messages of a client; 0: as fast as the server takes them")
      ->capture_default_str();
  add_run_options(*run, settings);
  add_coap_options(*run, settings.coap);
  add_scenarios(*run, settings);
}

/// What differs between the commands although the option is the same.
void apply_defaults(const CLI::App& app, Settings& settings) {
  const CLI::App* command = app.get_subcommands().front();
  settings.command = command->get_name();
  const bool measured = settings.command == "run";
  if (measured) return;
  if (command->count("--duration") == 0) settings.load.duration_s = 0;
  if (command->count("--interval") == 0) settings.load.connect_interval_ms = 10;
  if (settings.command == "pub" && command->count("--size") == 0) settings.load.size = 256;
}

}  // namespace

std::optional<Settings> parse_options(int argc, char** argv, int& exit_code) {
  Settings settings;
  CLI::App app("Load for MQTT servers: thousands of clients, measured.", "sluice-bench");
  build(app, settings);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    exit_code = app.exit(error) == 0 ? 0 : 2;
    return std::nullopt;
  }
  apply_defaults(app, settings);
  return settings;
}

}  // namespace sluice::bench
