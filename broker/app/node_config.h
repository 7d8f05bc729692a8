// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "shared/config/check.h"
#include "shared/config/property.h"

namespace sluice::app {

inline constexpr Property<std::string_view> kNodeName{.name = "node.name",
                                                      .doc = "The server's name, as in $SYS/brokers/<name>.",
                                                      .def = "sluice@127.0.0.1",
                                                      .check = check_node_name};
inline constexpr Property<std::string_view> kDataDir{
    .name = "node.data_dir",
    .doc = "Folder of everything that the server keeps; stands for a leading data/ in other paths.",
    .def = "data"};
inline constexpr Property<std::string_view> kEtcDir{
    .name = "node.etc_dir",
    .doc =
        "Folder of the configuration; stands for a leading etc/ in other paths. Empty: the folder of the file that was "
        "read."};
inline constexpr Property<std::uint32_t> kShards{
    .name = "node.shards", .doc = "Threads that serve connections. 0: one per core.", .def = 0, .min = 0, .max = 1024};
inline constexpr Property<std::string_view> kPluginsEtcDir{.name = "mqtt.plugins.etc_dir",
                                                           .doc = "Folder of the plug-ins' files.",
                                                           .def = "etc/plugins/",
                                                           .reload = Reload::Live};
inline constexpr Property<std::string_view> kPluginsLoadedFile{
    .name = "mqtt.plugins.loaded_file",
    .doc = "Names of the plug-ins that are loaded: one a line, with a full stop behind it.",
    .def = "data/loaded_plugins"};

inline constexpr AnyProperty kNodeRows[] = {&kNodeName, &kDataDir,       &kEtcDir,
                                            &kShards,   &kPluginsEtcDir, &kPluginsLoadedFile};
inline constexpr PropertyTable kNodeTable{"The node", kNodeRows};

inline constexpr ByteSize kMaxLogSize{1024ULL * 1024 * 1024 * 1024};
inline constexpr std::string_view kLevels = "debug|info|notice|warning|error|critical|alert|emergency|none";

inline constexpr Property<std::string_view> kLogDir{
    .name = "log.dir", .doc = "Folder of the logs; stands for a leading log/ in other paths.", .def = "log"};
inline constexpr Property<std::string_view> kLogConsole{
    .name = "log.console",
    .doc = "Where lines for people go: console is standard error, file is log.console.file.",
    .def = "console",
    .choices = "off|file|console|both"};
inline constexpr Property<std::string_view> kLogConsoleLevel{
    .name = "log.console.level", .doc = "From which level on.", .def = "error", .choices = kLevels};
inline constexpr Property<std::string_view> kLogConsoleFile{
    .name = "log.console.file", .doc = "The file for log.console = file or both.", .def = "log/console.log"};
inline constexpr Property<ByteSize> kLogConsoleSize{
    .name = "log.console.size", .doc = "Size at which it is rotated.", .def = 10_MB, .min = 1_KB, .max = kMaxLogSize};
inline constexpr Property<std::uint32_t> kLogConsoleCount{
    .name = "log.console.count", .doc = "Rotated files that are kept.", .def = 5, .min = 1, .max = 1000};
inline constexpr Property<std::string_view> kLogInfoFile{.name = "log.info.file",
                                                         .doc = "A file for everything from info on. Empty: none."};
inline constexpr Property<ByteSize> kLogInfoSize{
    .name = "log.info.size", .doc = "Size at which it is rotated.", .def = 10_MB, .min = 1_KB, .max = kMaxLogSize};
inline constexpr Property<std::uint32_t> kLogInfoCount{
    .name = "log.info.count", .doc = "Rotated files that are kept.", .def = 5, .min = 1, .max = 1000};
inline constexpr Property<std::string_view> kLogErrorFile{
    .name = "log.error.file", .doc = "A file for everything from error on. Empty: none.", .def = "log/error.log"};
inline constexpr Property<ByteSize> kLogErrorSize{
    .name = "log.error.size", .doc = "Size at which it is rotated.", .def = 10_MB, .min = 1_KB, .max = kMaxLogSize};
inline constexpr Property<std::uint32_t> kLogErrorCount{
    .name = "log.error.count", .doc = "Rotated files that are kept.", .def = 5, .min = 1, .max = 1000};
inline constexpr Property<bool> kLogSyslog{.name = "log.syslog", .doc = "Lines go to syslog too.", .def = true};
inline constexpr Property<std::string_view> kLogSyslogIdentity{
    .name = "log.syslog.identity", .doc = "The name syslog shows.", .def = "sluice"};
inline constexpr Property<std::string_view> kLogSyslogFacility{
    .name = "log.syslog.facility",
    .doc = "The facility of syslog.",
    .def = "local0",
    .choices = "daemon|local0|local1|local2|local3|local4|local5|local6|local7"};
inline constexpr Property<std::string_view> kLogSyslogLevel{
    .name = "log.syslog.level", .doc = "From which level on.", .def = "error", .choices = kLevels};

inline constexpr AnyProperty kLogRows[] = {
    &kLogDir,      &kLogConsole,        &kLogConsoleLevel,   &kLogConsoleFile, &kLogConsoleSize, &kLogConsoleCount,
    &kLogInfoFile, &kLogInfoSize,       &kLogInfoCount,      &kLogErrorFile,   &kLogErrorSize,   &kLogErrorCount,
    &kLogSyslog,   &kLogSyslogIdentity, &kLogSyslogFacility, &kLogSyslogLevel};
inline constexpr PropertyTable kLogTable{"Logs", kLogRows};

}  // namespace sluice::app
