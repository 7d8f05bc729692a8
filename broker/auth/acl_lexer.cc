// SPDX-License-Identifier: Apache-2.0
#include "broker/auth/acl_lexer.h"

#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "shared/bytes/utf8.h"

namespace sluice::auth {

namespace {

constexpr std::size_t kMostShown = 40;
constexpr std::uint32_t kMostCodePoint = 0x10FFFF;

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool in_atom(char c) { return is_lower(c) || is_digit(c) || (c >= 'A' && c <= 'Z') || c == '_' || c == '@'; }

std::string show(char c) {
  const auto code = static_cast<unsigned char>(c);
  if (code > 0x20 && code < 0x7F) return fmt::format("'{}'", c);
  return fmt::format("byte 0x{:02X}", static_cast<unsigned>(code));
}

/// Erlang's one-letter escapes; the letter itself for all others, as Erlang has it.
char simple_escape(char c) {
  switch (c) {
    case 'b':
      return '\b';
    case 'd':
      return '\x7F';
    case 'e':
      return '\x1B';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 's':
      return ' ';
    case 't':
      return '\t';
    case 'v':
      return '\v';
    default:
      return c;
  }
}

void append_utf8(std::uint32_t code, std::string& out) {
  const auto put = [&out](std::uint32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0 | (code >> 6));
    put(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    put(0xE0 | (code >> 12));
    put(0x80 | ((code >> 6) & 0x3F));
    put(0x80 | (code & 0x3F));
  } else {
    put(0xF0 | (code >> 18));
    put(0x80 | ((code >> 12) & 0x3F));
    put(0x80 | ((code >> 6) & 0x3F));
    put(0x80 | (code & 0x3F));
  }
}

}  // namespace

std::string AclToken::describe() const {
  const std::string shown = text.size() <= kMostShown ? text : text.substr(0, kMostShown) + "…";
  switch (kind) {
    case Kind::Atom:
      return "'" + shown + "'";
    case Kind::Text:
      return "\"" + shown + "\"";
    case Kind::Punctuation:
      return "'" + shown + "'";
    case Kind::End:
      return "the end of the file";
  }
  return {};
}

char AclLexer::take() {
  const char c = text_[at_++];
  if (c == '\n') {
    ++line_;
    column_ = 1;
  } else {
    ++column_;
  }
  return c;
}

void AclLexer::skip_blanks() {
  while (!at_end()) {
    const char c = peek();
    if (c == '%') {
      while (!at_end() && peek() != '\n') take();
    } else if (c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f' || c == '\v') {
      take();
    } else {
      return;
    }
  }
}

LoadResult<AclToken> AclLexer::next() {
  skip_blanks();
  AclToken token{.text = {}, .line = line_, .column = column_};
  if (at_end()) return token;

  const char c = peek();
  if (is_lower(c)) {
    token.kind = AclToken::Kind::Atom;
    while (!at_end() && in_atom(peek())) token.text.push_back(take());
    return token;
  }
  if (c == '"' || c == '\'' || c == '<') {
    token.kind = c == '\'' ? AclToken::Kind::Atom : AclToken::Kind::Text;
    auto read = c == '<' ? binary(token) : quoted(c, token);
    if (!read) return read.error();
    return token;
  }
  if (std::string_view("{}[],.").find(c) != std::string_view::npos) {
    token.kind = AclToken::Kind::Punctuation;
    token.text.push_back(take());
    return token;
  }
  return error(show(c) + " has no meaning here");
}

/// From the opening quote to the closing one.
LoadResult<void> AclLexer::quoted(char quote, AclToken& token) {
  LoadError unclosed{token.line, token.column, fmt::format("no closing {} for this one", quote)};
  take();
  while (!at_end() && peek() != quote) {
    const char c = take();
    if (c != '\\') {
      token.text.push_back(c);
      continue;
    }
    if (at_end()) return unclosed;
    if (auto read = escape(token.text); !read) return read;
  }
  if (at_end()) return unclosed;
  take();
  switch (check_text(token.text)) {
    case TextStatus::Ok:
      return {};
    case TextStatus::NotUtf8:
      return LoadError{token.line, token.column, "this text is not UTF-8"};
    case TextStatus::Null:
      return LoadError{token.line, token.column, "this text holds a null character"};
  }
  return {};
}

/// <<"…">> or <<"…"/utf8>>.
LoadResult<void> AclLexer::binary(AclToken& token) {
  constexpr std::string_view kSuffix = "/utf8";
  LoadError wrong{token.line, token.column, "expected a binary such as <<\"text\">>"};
  take();
  if (peek() != '<') return wrong;
  take();
  skip_blanks();
  if (peek() != '"') return wrong;
  if (auto read = quoted('"', token); !read) return read;
  skip_blanks();
  if (text_.substr(at_).starts_with(kSuffix)) {
    for (std::size_t i = 0; i < kSuffix.size(); ++i) take();
    skip_blanks();
  }
  if (!text_.substr(at_).starts_with(">>")) return wrong;
  take();
  take();
  return {};
}

/// What follows a backslash: a letter, up to three octal digits, xHH, x{H…} or ^C.
LoadResult<void> AclLexer::escape(std::string& out) {
  const char c = peek();
  if (c >= '0' && c <= '7') {
    std::uint32_t code = 0;
    for (int i = 0; i < 3 && peek() >= '0' && peek() <= '7'; ++i) code = code * 8 + static_cast<unsigned>(take() - '0');
    return append(code, out);
  }
  if (c == 'x') {
    take();
    return hexadecimal(out);
  }
  if (c == '^') {
    take();
    if (at_end()) return error("expected a letter after \\^");
    return append(static_cast<unsigned char>(take()) & 0x1FU, out);
  }
  out.push_back(simple_escape(take()));
  return {};
}

LoadResult<void> AclLexer::hexadecimal(std::string& out) {
  const bool braces = peek() == '{';
  if (braces) take();
  const std::string_view rest = text_.substr(at_);
  const std::string_view digits = braces ? rest.substr(0, rest.find('}')) : rest.substr(0, 2);
  std::uint32_t code = 0;
  const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), code, 16);
  const bool complete = end == digits.data() + digits.size() && (!braces || digits.size() < rest.size());
  if (failed != std::errc{} || !complete || (!braces && digits.size() != 2)) {
    return error("expected two hexadecimal digits, or {digits}, after \\x");
  }
  for (std::size_t i = 0; i < digits.size() + (braces ? 1U : 0U); ++i) take();
  return append(code, out);
}

LoadResult<void> AclLexer::append(std::uint32_t code_point, std::string& out) const {
  const bool surrogate = code_point >= 0xD800 && code_point <= 0xDFFF;
  if (code_point > kMostCodePoint || surrogate) return error("there is no such character");
  append_utf8(code_point, out);
  return {};
}

}  // namespace sluice::auth
