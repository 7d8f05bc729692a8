// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "broker/auth/load_error.h"

namespace sluice::auth {

/// One word of an Erlang term file.
struct AclToken {
  enum class Kind : std::uint8_t { Atom, Text, Punctuation, End };
  Kind kind = Kind::End;
  std::string text;  ///< an atom's or string's characters without quotes and escapes; the punctuation itself
  std::uint32_t line = 1;
  std::uint32_t column = 1;

  [[nodiscard]] bool is(char punctuation) const { return kind == Kind::Punctuation && text[0] == punctuation; }
  [[nodiscard]] bool is_atom(std::string_view name) const { return kind == Kind::Atom && text == name; }
  /// For "found …" in a message.
  [[nodiscard]] std::string describe() const;
};

/// Splits the text of an ACL file into words. Thread safety: one object, one thread.
class AclLexer {
 public:
  explicit AclLexer(std::string_view text) : text_(text) {}

  /// End again and again at the end of the text. Not to be called after an error.
  [[nodiscard]] LoadResult<AclToken> next();

 private:
  [[nodiscard]] bool at_end() const { return at_ == text_.size(); }
  [[nodiscard]] char peek() const { return at_end() ? '\0' : text_[at_]; }
  char take();
  void skip_blanks();
  [[nodiscard]] LoadError error(std::string what) const { return {line_, column_, std::move(what)}; }

  LoadResult<void> quoted(char quote, AclToken& token);
  LoadResult<void> binary(AclToken& token);
  LoadResult<void> escape(std::string& out);
  LoadResult<void> hexadecimal(std::string& out);
  LoadResult<void> append(std::uint32_t code_point, std::string& out) const;

  std::string_view text_;
  std::size_t at_ = 0;
  std::uint32_t line_ = 1;
  std::uint32_t column_ = 1;
};

}  // namespace sluice::auth
