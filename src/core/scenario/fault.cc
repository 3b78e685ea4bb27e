#include "core/scenario/fault.h"

#include <fmt/format.h>

#include <array>

namespace hitless::scenario {
namespace {

using Words = std::vector<std::string>;

constexpr std::array<std::string_view, 3> kPods = {"pod", "pods", "po"};
constexpr std::array<std::string_view, 3> kNodes = {"node", "nodes", "no"};

/// The longest time that one action may wait.
constexpr seconds kLongestWait{3600};

bool isOneOf(std::string_view word, const std::array<std::string_view, 3>& names) {
  return word == names[0] || word == names[1] || word == names[2];
}

/// "node/NAME", or the two words "node NAME".
Status takeName(Action& action, const Words& words, const std::array<std::string_view, 3>& kind) {
  std::string spelled = words.size() > 1 ? words[1] : "";
  if (const auto slash = spelled.find('/'); slash != std::string::npos && words.size() == 2) {
    action.name = spelled.substr(slash + 1);
    spelled.resize(slash);
  } else if (words.size() == 3) {
    action.name = words[2];
  }
  if (!isOneOf(spelled, kind) || action.name.empty()) {
    return invalid(fmt::format("'{}' names no {}", action.text, kind[0]),
                   fmt::format("write it like {}/NAME", kind[0]));
  }
  action.kind = kind[0];
  return {};
}

Status parseCrash(Action& action, const Words& words) {
  action.verb = Action::Verb::kCrashPod;
  const bool bySelector = words.size() == 4 && isOneOf(words[1], kPods) &&
                          (words[2] == "-l" || words[2] == "--selector");
  if (bySelector) {
    action.kind = kPods[0];
    action.selector = words[3];
    return {};
  }
  return takeName(action, words, kPods);
}

Status parseWait(Action& action, const Words& words) {
  action.verb = Action::Verb::kWait;
  const auto duration = words.size() == 2 ? parseDuration(words[1]) : std::nullopt;
  if (!duration || *duration <= nanoseconds{0} || *duration > kLongestWait) {
    return invalid(fmt::format("'{}' needs a time, up to 1h", action.text), "wait 5s");
  }
  action.duration = *duration;
  return {};
}

}  // namespace

std::string_view faultForms() {
  return "'crash pod/NAME', 'crash pod -l LABEL=VALUE', 'cut node/NAME', 'mend node/NAME', "
         "'wait 5s'";
}

Result<std::optional<Action>> parseFault(Action action, const Words& words) {
  const std::string_view verb = words.empty() ? std::string_view{} : std::string_view(words[0]);
  if (verb == "crash") {
    TRY_VOID(parseCrash(action, words));
  } else if (verb == "cut" || verb == "mend") {
    action.verb = verb == "cut" ? Action::Verb::kCutNode : Action::Verb::kMendNode;
    TRY_VOID(takeName(action, words, kNodes));
  } else if (verb == "wait") {
    TRY_VOID(parseWait(action, words));
  } else {
    return std::nullopt;
  }
  return action;
}

}  // namespace hitless::scenario
