// SPDX-License-Identifier: Apache-2.0
#include "shared/coap/codec/link_characters.h"
#include "shared/coap/codec/link_format.h"
#include "shared/coap/codec/uri.h"

namespace sluice::coap {

LinkWriter& LinkWriter::link(std::string_view target) {
  out_ += first_ ? "<" : ",<";
  first_ = false;
  for (const char& character : target) {
    if (is_target_character(character)) {
      out_ += character;
    } else {
      append_percent_encoded(out_, {&character, 1});
    }
  }
  out_ += '>';
  return *this;
}

LinkWriter& LinkWriter::flag(std::string_view name) {
  out_ += ';';
  out_ += name;
  return *this;
}

LinkWriter& LinkWriter::number(std::string_view name, std::uint64_t value) {
  flag(name);
  out_ += '=';
  out_ += std::to_string(value);
  return *this;
}

LinkWriter& LinkWriter::text(std::string_view name, std::string_view value) {
  flag(name);
  out_ += "=\"";
  for (const char character : value) {
    if (character == '"' || character == '\\') out_ += '\\';
    out_ += is_control(character) ? ' ' : character;
  }
  out_ += '"';
  return *this;
}

LinkWriter& LinkWriter::attribute(const LinkAttribute& attribute) {
  flag(attribute.name);
  if (attribute.form == LinkAttribute::Form::Flag) return *this;
  const bool quoted = attribute.form == LinkAttribute::Form::Quoted;
  out_ += quoted ? "=\"" : "=";
  out_ += attribute.value;
  if (quoted) out_ += '"';
  return *this;
}

}  // namespace sluice::coap
