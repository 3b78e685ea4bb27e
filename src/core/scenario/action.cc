#include "core/scenario/action.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "core/kube/resource.h"
#include "core/scenario/fault.h"

namespace hitless::scenario {
namespace {

using Words = std::vector<std::string>;

constexpr std::string_view kForms =
    "'rollout restart KIND/NAME', 'scale KIND/NAME --replicas=N' (deployment, statefulset), "
    "'delete pod/NAME', 'kill agent NODE' or 'sh: COMMAND'";

Words wordsOf(std::string_view text) {
  Words words;
  for (const std::string_view part : split(text, ' ')) {
    if (!part.empty()) {
      words.emplace_back(part);
    }
  }
  return words;
}

/// Takes "-n NS", "--namespace NS" or "--namespace=NS" out of the words.
std::string takeNamespace(Words& words) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i].starts_with("--namespace=")) {
      std::string ns = words[i].substr(12);
      words.erase(words.begin() + static_cast<std::ptrdiff_t>(i));
      return ns;
    }
    if ((words[i] == "-n" || words[i] == "--namespace") && i + 1 < words.size()) {
      std::string ns = words[i + 1];
      words.erase(words.begin() + static_cast<std::ptrdiff_t>(i),
                  words.begin() + static_cast<std::ptrdiff_t>(i) + 2);
      return ns;
    }
  }
  return "default";
}

/// "statefulset" for every spelling that kubectl takes: sts, statefulsets, statefulset.apps ...
std::string singularOf(std::string spelling) {
  for (const kube::Resource& resource : kube::resources()) {
    const auto& names = resource.shortNames;
    if (spelling == resource.plural || spelling == resource.qualified() ||
        spelling == fmt::format("{}.{}", resource.singular, resource.group) ||
        std::find(names.begin(), names.end(), spelling) != names.end()) {
      return std::string(resource.singular);
    }
  }
  return spelling;
}

/// "deploy/web", or the two words "deploy web", into kind and name.
Status takeTarget(Action& action, const Words& words, std::size_t at) {
  if (at >= words.size()) {
    return invalid(fmt::format("'{}' names no object", action.text), std::string(kForms));
  }
  const auto slash = words[at].find('/');
  if (slash != std::string::npos) {
    action.kind = words[at].substr(0, slash);
    action.name = words[at].substr(slash + 1);
  } else if (at + 1 < words.size()) {
    action.kind = words[at];
    action.name = words[at + 1];
  }
  action.kind = singularOf(std::move(action.kind));
  if (action.kind.empty() || action.name.empty()) {
    return invalid(fmt::format("'{}' names no object", action.text),
                   "write it like deployment/web");
  }
  return {};
}

using Kinds = std::vector<std::string>;

const Kinds kRestartable{"deployment", "statefulset", "daemonset"};
const Kinds kScalable{"deployment", "statefulset"};

Status requireKind(const Action& action, const Kinds& kinds) {
  if (std::find(kinds.begin(), kinds.end(), action.kind) == kinds.end()) {
    return invalid(fmt::format("'{}' is for a {}, not for a {}", action.text, join(kinds, " or "),
                               action.kind));
  }
  return {};
}

Status parseScale(Action& action, const Words& words) {
  action.verb = Action::Verb::kScale;
  TRY_VOID(takeTarget(action, words, 1));
  TRY_VOID(requireKind(action, kScalable));
  const auto flag = std::find_if(words.begin(), words.end(), [](const std::string& word) {
    return word.starts_with("--replicas=");
  });
  const auto replicas =
      flag == words.end() ? std::nullopt : parseUint(std::string_view(*flag).substr(11));
  if (!replicas || *replicas > 10'000) {
    return invalid(fmt::format("'{}' needs --replicas=N with N from 0 to 10000", action.text));
  }
  action.replicas = static_cast<std::int64_t>(*replicas);
  return {};
}

Result<Action> parseOne(std::string_view text) {
  Action action;
  action.text = trim(text);
  if (action.text.starts_with("sh:")) {
    action.verb = Action::Verb::kCommand;
    action.command = trim(std::string_view(action.text).substr(3));
    return action;
  }
  Words words = wordsOf(action.text);
  action.ns = takeNamespace(words);
  if (words.size() >= 3 && words[0] == "rollout" && words[1] == "restart") {
    TRY_VOID(takeTarget(action, words, 2));
    TRY_VOID(requireKind(action, kRestartable));
    return action;
  }
  if (!words.empty() && words[0] == "scale") {
    TRY_VOID(parseScale(action, words));
    return action;
  }
  if (!words.empty() && words[0] == "delete") {
    action.verb = Action::Verb::kDeletePod;
    TRY_VOID(takeTarget(action, words, 1));
    TRY_VOID(requireKind(action, {"pod"}));
    return action;
  }
  if (words.size() == 3 && words[0] == "kill" && words[1] == "agent") {
    action.verb = Action::Verb::kKillAgent;
    action.name = words[2];
    return action;
  }
  if (auto fault = TRY(parseFault(action, words))) {
    return *std::move(fault);
  }
  return invalid(fmt::format("'{}' is no action", action.text),
                 fmt::format("actions are {}, and the faults {}", kForms, faultForms()));
}

}  // namespace

Result<std::vector<Action>> parseActions(std::string_view text) {
  std::vector<Action> actions;
  // A shell command may contain ';' itself, so it ends the list.
  while (!trim(text).empty()) {
    const bool shell = trim(text).starts_with("sh:");
    const auto end = shell ? std::string_view::npos : text.find(';');
    if (!trim(text.substr(0, end)).empty()) {
      actions.push_back(TRY(parseOne(text.substr(0, end))));
    }
    if (end == std::string_view::npos) {
      break;
    }
    text.remove_prefix(end + 1);
  }
  return actions;
}

}  // namespace hitless::scenario
