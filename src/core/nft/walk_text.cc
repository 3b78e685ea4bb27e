#include <fmt/format.h>

#include "base/text.h"
#include "core/nft/field_text.h"
#include "core/nft/text.h"
#include "core/nft/walk.h"

namespace hitless::nft {
namespace {

std::string hitText(const WalkHit& hit) {
  return hit.comment.empty() ? hit.key : fmt::format("{} \"{}\"", hit.key, hit.comment);
}

}  // namespace

std::string render(const WalkOutcome& outcome) {
  switch (outcome.kind) {
    case WalkOutcome::Kind::kAccept:
      return "accept";
    case WalkOutcome::Kind::kDrop:
      return "drop";
    case WalkOutcome::Kind::kReject:
      return render(Rule{{Reject{outcome.with}}, {}}, {});
  }
  return {};
}

std::vector<std::string> lines(const WalkOutcome& outcome, const Ruleset& ruleset) {
  std::vector<std::string> out;
  for (const WalkStep& step : outcome.steps) {
    std::string line = fmt::format("{} {}", step.chain, step.rule);
    const auto chain = ruleset.chains.find(step.chain);
    if (chain != ruleset.chains.end() && step.rule < chain->second.rules.size()) {
      line += ": " + render(chain->second.rules[step.rule], ruleset);
    }
    std::vector<std::string> found;
    for (const WalkHit& hit : step.hits) {
      found.push_back(hitText(hit));
    }
    if (!found.empty()) {
      line += fmt::format(" [{}]", join(found, "; "));
    }
    // A rule that acts by itself says so in its own words.
    if (step.verdict && !found.empty()) {
      line += " -> " + text::verdict(*step.verdict);
    }
    out.push_back(std::move(line));
  }
  return out;
}

}  // namespace hitless::nft
