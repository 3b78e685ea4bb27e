#include "core/doctor/action.h"

#include <fmt/format.h>

#include "base/text.h"

namespace hitless::doctor {
namespace {

struct Describe {
  std::string operator()(const DedupeChain& action) const {
    const std::string_view chain =
        action.chain.empty() ? std::string_view("all chains") : action.chain;
    return fmt::format("take repetitions out of {} of {}", chain, action.place.text());
  }
  std::string operator()(const DeleteChains& action) const {
    return fmt::format("delete {} of {} and what leads there", join(action.chains, ", "),
                       action.place.text());
  }
  std::string operator()(const InsertRule& action) const {
    return fmt::format("put \"{}\" at the {} of {} of {}", action.rule,
                       action.first ? "beginning" : "end", action.chain, action.place.text());
  }
  std::string operator()(const DestroyIpSets& action) const {
    return fmt::format("destroy IP sets {}", join(action.sets, ", "));
  }
  std::string operator()(const DeleteFlows& action) const {
    return fmt::format("delete {} entries of the connection table", action.flows.size());
  }
  std::string operator()(const WriteSysctl& action) const {
    return fmt::format("set {} to {}", action.name, action.value);
  }
};

}  // namespace

std::string TablePlace::text() const {
  return fmt::format("{} {} ({})", family == IpFamily::kV4 ? "ip" : "ip6", table,
                     backend == Backend::kNft ? "nft" : "legacy");
}

std::string describe(const Action& action) {
  return std::visit(Describe(), action);
}

}  // namespace hitless::doctor
