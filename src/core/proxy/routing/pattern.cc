#include "core/proxy/routing/pattern.h"

#include <re2/re2.h>

namespace hitless::proxy::routing {
namespace {

/// Of the compiled form: an expression that needs more is refused. The automaton that is built
/// while matching is bounded by it, too.
constexpr std::int64_t kMemory = 1 << 20;

std::unique_ptr<const re2::RE2> compile(std::string_view expression) {
  re2::RE2::Options options(re2::RE2::Quiet);
  options.set_max_mem(kMemory);
  return std::make_unique<const re2::RE2>(re2::StringPiece(expression.data(), expression.size()),
                                          options);
}

}  // namespace

Pattern::Pattern(std::string_view expression) : expression_(compile(expression)) {}
Pattern::~Pattern() = default;
Pattern::Pattern(Pattern&&) noexcept = default;
Pattern& Pattern::operator=(Pattern&&) noexcept = default;

bool Pattern::matches(std::string_view text) const {
  return expression_->ok() &&
         re2::RE2::FullMatch(re2::StringPiece(text.data(), text.size()), *expression_);
}

std::optional<std::string> patternError(std::string_view expression) {
  const auto compiled = compile(expression);
  return compiled->ok() ? std::nullopt : std::optional(compiled->error());
}

}  // namespace hitless::proxy::routing
