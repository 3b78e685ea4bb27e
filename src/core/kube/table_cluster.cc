#include <fmt/format.h>

#include <set>

#include "base/text.h"
#include "core/kube/objects.h"
#include "core/kube/table_kinds.h"

namespace hitless::kube {
namespace {

std::string nodeStatus(const json::object& node) {
  std::string status = "Unknown";
  for (const Condition& condition : conditionsOf(findArray(node, {"status", "conditions"}))) {
    if (condition.type == "Ready") {
      status = condition.status == "True" ? "Ready" : "NotReady";
    }
  }
  return boolean(node, {"spec", "unschedulable"}) ? status + ",SchedulingDisabled" : status;
}

std::string nodeRoles(const json::object& node) {
  constexpr std::string_view kPrefix = "node-role.kubernetes.io/";
  std::set<std::string> roles;
  for (const auto& [key, value] : labelsOf(findObject(node, {"metadata", "labels"}))) {
    if (key.starts_with(kPrefix) && key.size() > kPrefix.size()) {
      roles.insert(key.substr(kPrefix.size()));
    } else if (key == "kubernetes.io/role" && !value.empty()) {
      roles.insert(value);
    }
  }
  return roles.empty() ? "<none>" : join({roles.begin(), roles.end()}, ",");
}

std::string nodeAddress(const json::object& node, std::string_view type) {
  const json::array* addresses = findArray(node, {"status", "addresses"});
  for (std::size_t i = 0; addresses != nullptr && i < addresses->size(); ++i) {
    const json::object* address = (*addresses)[i].if_object();
    if (address != nullptr && text(*address, {"type"}) == type) {
      return std::string(text(*address, {"address"}));
    }
  }
  return "<none>";
}

std::string nodeInfo(const json::object& node, std::string_view field) {
  const std::string_view value = text(node, {"status", "nodeInfo", field});
  return value.empty() ? "<unknown>" : std::string(value);
}

std::string completionsText(const json::object& job) {
  const std::int64_t succeeded = integer(job, {"status", "succeeded"});
  if (const auto completions = optionalInteger(job, {"spec", "completions"})) {
    return fmt::format("{}/{}", succeeded, *completions);
  }
  const std::int64_t parallelism = integer(job, {"spec", "parallelism"});
  return parallelism > 1 ? fmt::format("{}/1 of {}", succeeded, parallelism)
                         : fmt::format("{}/1", succeeded);
}

std::string durationText(const json::object& job, WallTime now) {
  const auto start = parseTime(text(job, {"status", "startTime"}));
  const auto end = parseTime(text(job, {"status", "completionTime"}));
  return start ? humanDuration(end.value_or(now) - *start) : "";
}

/// A number or percentage, or "N/A".
json::value intOrStringCell(const json::object& object, std::string_view key) {
  const json::value* value = find(object, {"spec", key});
  if (value == nullptr) {
    return "N/A";
  }
  return value->is_string() ? *value : json::value(json::serialize(*value));
}

/// "statefulset.apps/db"
std::string controllerText(const json::object& object) {
  const ObjectMeta meta = metaOf(object);
  const OwnerReference* owner = meta.controller();
  if (owner == nullptr) {
    return "<none>";
  }
  const std::string group = owner->apiVersion.substr(0, owner->apiVersion.find('/'));
  return fmt::format("{}.{}/{}", toLower(owner->kind), group, owner->name);
}

std::string eventSource(const json::object& event) {
  std::vector<std::string> parts;
  const bool old = !text(event, {"source", "component"}).empty();
  parts.emplace_back(old ? text(event, {"source", "component"})
                         : text(event, {"reportingComponent"}));
  const std::string_view host =
      old ? text(event, {"source", "host"}) : text(event, {"reportingInstance"});
  if (!host.empty()) {
    parts.emplace_back(host);
  }
  return join(parts, ", ");
}

std::string eventTarget(const json::object& event) {
  const std::string kind = toLower(text(event, {"involvedObject", "kind"}));
  const std::string_view name = text(event, {"involvedObject", "name"});
  return name.empty() ? kind : fmt::format("{}/{}", kind, name);
}

/// The values of one field of all containers of the pod template.
std::string containersText(const json::object& workload, std::string_view field) {
  std::vector<std::string> out;
  const json::array* list = findArray(workload, {"spec", "template", "spec", "containers"});
  for (std::size_t i = 0; list != nullptr && i < list->size(); ++i) {
    if (const json::object* container = (*list)[i].if_object()) {
      out.emplace_back(text(*container, {field}));
    }
  }
  return join(out, ",");
}

}  // namespace

json::array nodeCells(const json::object& node, WallTime now) {
  return {nameCell(node),
          nodeStatus(node),
          nodeRoles(node),
          ageCell(node, now),
          text(node, {"status", "nodeInfo", "kubeletVersion"}),
          nodeAddress(node, "InternalIP"),
          nodeAddress(node, "ExternalIP"),
          nodeInfo(node, "osImage"),
          nodeInfo(node, "kernelVersion"),
          nodeInfo(node, "containerRuntimeVersion")};
}

json::array eventCells(const json::object& event, WallTime now) {
  const auto seen = [&](std::initializer_list<std::string_view> path, std::string fallback) {
    return text(event, path).empty() ? fallback : sinceText(text(event, path), now);
  };
  const std::string first = seen({"firstTimestamp"}, sinceText(text(event, {"eventTime"}), now));
  std::string last = seen({"lastTimestamp"}, first);
  std::int64_t count = std::max<std::int64_t>(1, integer(event, {"count"}));
  if (findObject(event, {"series"}) != nullptr) {
    last = sinceText(text(event, {"series", "lastObservedTime"}), now);
    count = integer(event, {"series", "count"});
  }
  return {last,
          text(event, {"type"}),
          text(event, {"reason"}),
          eventTarget(event),
          text(event, {"involvedObject", "fieldPath"}),
          eventSource(event),
          trim(text(event, {"message"})),
          first,
          count,
          nameCell(event)};
}

json::array deploymentCells(const json::object& deployment, WallTime now) {
  return {nameCell(deployment),
          fmt::format("{}/{}", integer(deployment, {"status", "readyReplicas"}),
                      integer(deployment, {"spec", "replicas"})),
          integer(deployment, {"status", "updatedReplicas"}),
          integer(deployment, {"status", "availableReplicas"}),
          ageCell(deployment, now),
          containersText(deployment, "name"),
          containersText(deployment, "image"),
          selectorText(findObject(deployment, {"spec", "selector"}))};
}

json::array daemonSetCells(const json::object& daemonSet, WallTime now) {
  return {nameCell(daemonSet),
          integer(daemonSet, {"status", "desiredNumberScheduled"}),
          integer(daemonSet, {"status", "currentNumberScheduled"}),
          integer(daemonSet, {"status", "numberReady"}),
          integer(daemonSet, {"status", "updatedNumberScheduled"}),
          integer(daemonSet, {"status", "numberAvailable"}),
          labelsText(findObject(daemonSet, {"spec", "template", "spec", "nodeSelector"})),
          ageCell(daemonSet, now),
          containersText(daemonSet, "name"),
          containersText(daemonSet, "image"),
          selectorText(findObject(daemonSet, {"spec", "selector"}))};
}

json::array statefulSetCells(const json::object& statefulSet, WallTime now) {
  return {nameCell(statefulSet),
          fmt::format("{}/{}", integer(statefulSet, {"status", "readyReplicas"}),
                      integer(statefulSet, {"spec", "replicas"})),
          ageCell(statefulSet, now), containersText(statefulSet, "name"),
          containersText(statefulSet, "image")};
}

json::array controllerRevisionCells(const json::object& revision, WallTime now) {
  return {nameCell(revision), controllerText(revision), integer(revision, {"revision"}),
          ageCell(revision, now)};
}

json::array budgetCells(const json::object& budget, WallTime now) {
  return {nameCell(budget), intOrStringCell(budget, "minAvailable"),
          intOrStringCell(budget, "maxUnavailable"),
          integer(budget, {"status", "disruptionsAllowed"}), ageCell(budget, now)};
}

json::array jobCells(const json::object& job, WallTime now) {
  return {nameCell(job),
          completionsText(job),
          durationText(job, now),
          ageCell(job, now),
          containersText(job, "name"),
          containersText(job, "image"),
          selectorText(findObject(job, {"spec", "selector"}))};
}

json::array replicaSetCells(const json::object& replicaSet, WallTime now) {
  return {nameCell(replicaSet),
          integer(replicaSet, {"spec", "replicas"}),
          integer(replicaSet, {"status", "replicas"}),
          integer(replicaSet, {"status", "readyReplicas"}),
          ageCell(replicaSet, now),
          containersText(replicaSet, "name"),
          containersText(replicaSet, "image"),
          selectorText(findObject(replicaSet, {"spec", "selector"}))};
}

}  // namespace hitless::kube
