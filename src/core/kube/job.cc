#include "core/kube/job.h"

#include <fmt/format.h>

#include "base/text.h"
#include "core/kube/workload_json.h"

namespace hitless::kube {
namespace {

std::set<std::string> textsOf(const json::array* list) {
  std::set<std::string> out;
  for (std::size_t i = 0; list != nullptr && i < list->size(); ++i) {
    if (const json::string* text = (*list)[i].if_string()) {
      out.emplace(*text);
    }
  }
  return out;
}

std::optional<WallTime> timeAt(const json::object& object, std::string_view key) {
  return parseTime(text(object, {"status", key}));
}

JobStatus statusOf(const json::object& object) {
  JobStatus status;
  status.startTime = timeAt(object, "startTime");
  status.completionTime = timeAt(object, "completionTime");
  status.active = integer(object, {"status", "active"});
  status.ready = integer(object, {"status", "ready"});
  status.terminating = integer(object, {"status", "terminating"});
  status.succeeded = integer(object, {"status", "succeeded"});
  status.failed = integer(object, {"status", "failed"});
  status.completedIndexes = text(object, {"status", "completedIndexes"});
  status.uncountedSucceeded =
      textsOf(findArray(object, {"status", "uncountedTerminatedPods", "succeeded"}));
  status.uncountedFailed =
      textsOf(findArray(object, {"status", "uncountedTerminatedPods", "failed"}));
  status.conditions = conditionsOf(findArray(object, {"status", "conditions"}));
  return status;
}

json::value omitUnset(const std::optional<WallTime>& time) {
  return time ? json::value(json::string(formatTime(*time))) : json::value(nullptr);
}

json::value omitEmpty(const std::set<std::string>& texts) {
  return texts.empty() ? json::value(nullptr)
                       : json::value(json::array(texts.begin(), texts.end()));
}

}  // namespace

Indexes indexesOf(std::string_view text, std::int64_t limit) {
  Indexes out;
  for (const std::string_view part : split(text, ',')) {
    const auto dash = part.find('-');
    const auto first = parseInt(part.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : parseInt(part.substr(dash + 1));
    for (auto i = first.value_or(0); first && last && i >= 0 && i <= *last && i < limit; ++i) {
      out.insert(i);
    }
  }
  return out;
}

std::string textOf(const Indexes& indexes) {
  std::vector<std::string> parts;
  for (auto it = indexes.begin(); it != indexes.end();) {
    const std::int64_t first = *it;
    std::int64_t last = first;
    while (++it != indexes.end() && *it == last + 1) {
      last = *it;
    }
    parts.push_back(first == last       ? std::to_string(first)
                    : first + 1 == last ? fmt::format("{},{}", first, last)
                                        : fmt::format("{}-{}", first, last));
  }
  return join(parts, ",");
}

bool Job::restartsInPlace() const {
  return text(podTemplate, {"spec", "restartPolicy"}) == "OnFailure";
}

const Condition* Job::ending() const {
  for (const Condition& condition : status.conditions) {
    if ((condition.type == "Complete" || condition.type == "Failed") &&
        condition.status == "True") {
      return &condition;
    }
  }
  return nullptr;
}

Job jobOf(const json::object& object) {
  Job out;
  out.meta = metaOf(object);
  out.parallelism = integer(object, {"spec", "parallelism"}, 1);
  out.completions = optionalInteger(object, {"spec", "completions"});
  out.backoffLimit = integer(object, {"spec", "backoffLimit"}, 6);
  out.activeDeadlineSeconds = optionalInteger(object, {"spec", "activeDeadlineSeconds"});
  out.ttlSecondsAfterFinished = optionalInteger(object, {"spec", "ttlSecondsAfterFinished"});
  out.indexed = text(object, {"spec", "completionMode"}) == "Indexed";
  out.suspended = boolean(object, {"spec", "suspend"});
  out.replacesOnlyFailed = text(object, {"spec", "podReplacementPolicy"}) == "Failed";
  out.selector = labelSelectorOf(objectAt(object, {"spec", "selector"}));
  out.podTemplate = objectAt(object, {"spec", "template"});
  out.status = statusOf(object);
  return out;
}

json::object statusPatch(const JobStatus& status) {
  return {
      {"startTime", omitUnset(status.startTime)},
      {"completionTime", omitUnset(status.completionTime)},
      {"active", omitZero(status.active)},
      {"ready", status.ready},
      {"terminating", status.terminating},
      {"succeeded", omitZero(status.succeeded)},
      {"failed", omitZero(status.failed)},
      {"completedIndexes", omitEmpty(std::string_view(status.completedIndexes))},
      {"uncountedTerminatedPods", json::object{{"succeeded", omitEmpty(status.uncountedSucceeded)},
                                               {"failed", omitEmpty(status.uncountedFailed)}}},
      {"conditions", omitEmpty(status.conditions)}};
}

}  // namespace hitless::kube
