#include "core/report/pod_json.h"

#include "core/report/json_parts.h"

namespace hitless::report {
namespace {

using kube::json::array;
using kube::json::object;
using kube::json::value;

object timesToJson(const PodHistory& pod) {
  object times;
  putTime(times, "ready", pod.ready);
  putTime(times, "podDeleted", pod.deleted);
  putTime(times, "endpointUpdate", pod.endpointUpdate);
  putTime(times, "rulesCommit", pod.rulesCommit);
  putTime(times, "gateHeld", pod.gateHeld);
  putTime(times, "gatePassed", pod.gatePassed);
  putTime(times, "sigterm", pod.sigterm);
  putTime(times, "sigkill", pod.sigkill);
  putTime(times, "exited", pod.exited);
  putTime(times, "gone", pod.gone);
  return times;
}

array crashesToJson(const std::vector<Crash>& crashes) {
  array out;
  for (const Crash& crash : crashes) {
    object item{{"unixNs", unixNs(crash.time)},
                {"downMs", crash.ready ? ms(*crash.ready - crash.time) : value(nullptr)}};
    putTime(item, "readyUnixNs", crash.ready);
    putText(item, "exit", crash.detail);
    putTime(item, "endpointUpdateUnixNs", crash.endpointUpdate);
    putTime(item, "rulesCommitUnixNs", crash.rulesCommit);
    out.push_back(std::move(item));
  }
  return out;
}

array stepsToJson(const PodHistory& pod) {
  array out;
  for (const Step& step : pod.steps) {
    object item{{"what", step.what},
                {"unixNs", unixNs(step.time)},
                {"afterDeletionMs", ms(step.time - *pod.deleted)}};
    putText(item, "node", step.node);
    putText(item, "container", step.container);
    putText(item, "detail", step.detail);
    out.push_back(std::move(item));
  }
  return out;
}

}  // namespace

object podToJson(const PodHistory& pod) {
  object out{{"name", pod.name}};
  putText(out, "ip", pod.ip);
  putText(out, "node", pod.node);
  putText(out, "gate", pod.gateDetail);
  putText(out, "exit", pod.exitDetail);
  out.emplace("unixNs", timesToJson(pod));
  if (!pod.crashes.empty()) {
    out.emplace("crashes", crashesToJson(pod.crashes));
  }
  if (!pod.steps.empty()) {
    out.emplace("steps", stepsToJson(pod));
  }
  return out;
}

}  // namespace hitless::report
