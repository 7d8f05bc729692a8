// SPDX-License-Identifier: Apache-2.0
#include "shared/config/docgen.h"

#include <string_view>

#include <fmt/format.h>

#include "shared/config/parse.h"

namespace sluice {
namespace {

constexpr std::string_view kPreface =
    R"(# Configuration

Every key of `etc/sluice.conf` and `etc/plugins/*.conf`. This page is made from the property tables of the modules
(`sluice --doc` prints it); change them, not this text.

A file has one `key = value` per line. `#` at the start of a line, or after a blank, begins a comment. A value is
written as it is, without quotes. A later line wins over an earlier one, a plug-in's file over `sluice.conf`.
Above the files stands the environment: `SLUICE_` and the key in capitals with `__` for each dot
(`SLUICE_MQTT__MAX_PACKET_SIZE=1MB`), with `EMQ_` as another name of the prefix, and the short names `EMQ_NODE_NAME`,
`EMQ_NODE_COOKIE`, `EMQ_MAX_PORTS`, `EMQ_TCP_PORT`, `EMQ_SSL_PORT`, `EMQ_WS_PORT`, `EMQ_WSS_PORT`.
Above the environment stands `-o key=value` on the command line.

`sluice --check` reads all of it, reports every problem with its file and line, and starts nothing.

| type | how it is written |
| --- | --- |
| flag | `on` or `off`, also `true` or `false` |
| number | a whole number |
| real | a number such as `0.75` |
| size | `64KB`, `1MB`, `1GB`; without a unit bytes |
| time | `100ms`, `30s`, `5m`, `2h`, `1d`, `1w`, several in a row (`1h30m`); without a unit seconds |
| share | `20%` |
| text | anything up to the end of the line |

`$name` stands for a name of your choice, `$id` for a number. Relative paths start at the folder above `etc/`; a
leading `data/` stands for `node.data_dir`, a leading `log/` for `log.dir`, a leading `etc/` for `node.etc_dir`.

What a changed value needs: *live*: holds at once after a reload (SIGHUP); *new connections*: holds for those made
after the reload; *listener*: the listener must be opened again; *restart*: the server must be started again.
)";

template <class T>
std::string_view type_name() {
  if constexpr (std::is_same_v<T, bool>) return "flag";
  if constexpr (std::is_same_v<T, std::uint32_t>) return "number";
  if constexpr (std::is_same_v<T, double>) return "real";
  if constexpr (std::is_same_v<T, ByteSize>) return "size";
  if constexpr (std::is_same_v<T, ConfigDuration>) return "time";
  if constexpr (std::is_same_v<T, Percent>) return "share";
  if constexpr (std::is_same_v<T, std::string_view>) return "text";
}

std::string_view reload_name(Reload reload) {
  switch (reload) {
    case Reload::Live:
      return "live";
    case Reload::NewConnections:
      return "new connections";
    case Reload::ListenerRestart:
      return "listener";
    case Reload::Restart:
      return "restart";
  }
  return "restart";
}

std::string choices_cell(std::string_view choices) {
  std::string cell = "`";
  for (const char c : choices) {
    if (c == '|') {
      cell += "`, `";
    } else {
      cell += c;
    }
  }
  return cell + '`';
}

template <class T>
std::string values_cell(const Property<T>& row) {
  if (!row.choices.empty()) return choices_cell(row.choices);
  if constexpr (!std::is_same_v<T, bool> && !std::is_same_v<T, std::string_view>) {
    if (row.min < row.max) {
      return fmt::format("{}, {} … {}", type_name<T>(), format_value(row.min), format_value(row.max));
    }
  }
  return std::string(type_name<T>());
}

template <class T>
std::string row_text(const Property<T>& row) {
  const auto def = format_value(row.def);
  std::string doc(row.doc);
  if (!row.zero_means.empty()) doc += fmt::format(" 0: no limit of its own, only `{}`.", row.zero_means);
  if (row.secret == Secret::Yes) doc += " Secret: never shown.";
  return fmt::format("| `{}` | {} | {} | {} | {} |\n", row.name, values_cell(row), def.empty() ? "" : '`' + def + '`',
                     reload_name(row.reload), doc);
}

void append_ignored(std::string& text, const PropertyTable& table) {
  text +=
      "These keys are accepted, whatever their values, so that an existing file can be used; they do nothing here. "
      "The server names at start those that were set.\n\n| key | why |\n| --- | --- |\n";
  for (const auto& property : table.rows) {
    std::visit([&text](const auto* row) { text += fmt::format("| `{}` | {} |\n", row->name, row->doc); }, property);
  }
}

void append_table(std::string& text, const PropertyTable& table) {
  text += fmt::format("\n## {}\n\n", table.title);
  if (table.without_effect) {
    append_ignored(text, table);
  } else {
    text += "| key | value | default | a change needs | meaning |\n| --- | --- | --- | --- | --- |\n";
    for (const auto& property : table.rows) {
      std::visit([&text](const auto* row) { text += row_text(*row); }, property);
    }
  }
  for (const auto& alias : table.aliases) {
    text += fmt::format("\n`{}` is an older name of `{}`.\n", alias.old_name, alias.name);
  }
}

}  // namespace

std::string configuration_reference(std::span<const PropertyTable> tables) {
  std::string text(kPreface);
  for (const auto& table : tables) append_table(text, table);
  return text;
}

}  // namespace sluice
