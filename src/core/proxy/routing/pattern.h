#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace re2 {
class RE2;
}

namespace hitless::proxy::routing {

/// A regular expression in RE2's syntax, compiled. Matching takes time that is linear in the text,
/// whatever the expression.
class Pattern {
 public:
  /// One that patternError() complains about matches nothing.
  explicit Pattern(std::string_view expression);
  ~Pattern();
  Pattern(Pattern&&) noexcept;
  Pattern& operator=(Pattern&&) noexcept;

  /// The whole of the text.
  bool matches(std::string_view text) const;

 private:
  std::unique_ptr<const re2::RE2> expression_;
};

/// What is wrong with an expression; nullopt: nothing.
std::optional<std::string> patternError(std::string_view expression);

}  // namespace hitless::proxy::routing
