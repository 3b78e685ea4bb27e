#include "core/report/render_json.h"

#include <cmath>

#include "core/report/analysis.h"

namespace hitless::report {
namespace {

using kube::json::array;
using kube::json::object;
using kube::json::value;

constexpr std::string_view kSchema = "hitless.io/rehearsal/v1";

/// Milliseconds, to the microsecond; whole ones as integers.
value ms(nanoseconds duration) {
  const std::int64_t us = std::llround(static_cast<double>(duration.count()) / 1e3);
  return us % 1000 == 0 ? value(us / 1000) : value(static_cast<double>(us) / 1e3);
}

value ms(const std::optional<nanoseconds>& duration) {
  return duration ? ms(*duration) : value(nullptr);
}

std::int64_t unixNs(WallTime time) {
  return time.time_since_epoch().count();
}

void putTime(object& out, std::string_view key, const std::optional<WallTime>& time) {
  if (time) {
    out.emplace(key, unixNs(*time));
  }
}

void putText(object& out, std::string_view key, std::string_view text) {
  if (!text.empty()) {
    out.emplace(key, text);
  }
}

object totalsToJson(const Totals& totals) {
  return {{"sent", totals.sent},
          {"succeeded", totals.succeeded},
          {"failed", totals.failed},
          {"retried", totals.retried}};
}

object causesToJson(const std::map<load::Cause, std::uint64_t>& counts) {
  object out;
  for (const auto& [cause, count] : counts) {
    out.emplace(load::info(cause).id, count);
  }
  return out;
}

object latencyToJson(const load::Histogram& latency) {
  return {{"count", latency.count()},
          {"p50", ms(latency.percentile(50))},
          {"p90", ms(latency.percentile(90))},
          {"p99", ms(latency.percentile(99))},
          {"p99.9", ms(latency.percentile(99.9))},
          {"max", ms(latency.max())}};
}

object sinceToJson(const FailureGroup& group) {
  object out;
  for (std::size_t i = 0; i < kAnchors.size(); ++i) {
    if (const auto& range = group.since[i]) {
      out.emplace(kAnchors[i].id,
                  object{{"least", ms(range->least)}, {"greatest", ms(range->greatest)}});
    }
  }
  return out;
}

array groupsToJson(const std::vector<FailureGroup>& groups) {
  array out;
  for (const FailureGroup& group : groups) {
    object pods;
    for (const auto& [name, count] : group.pods) {
      pods.emplace(name, count);
    }
    out.push_back(object{{"cause", load::info(group.cause).id},
                         {"class", info(group.failureClass).id},
                         {"count", group.count},
                         {"explanation", info(group.failureClass).explanation},
                         {"sinceMs", sinceToJson(group)},
                         {"pods", std::move(pods)}});
  }
  return out;
}

object failureToJson(const load::Failure& failure, const std::vector<PodHistory>& pods) {
  object out = load::toJson(failure);
  const Attribution why = attribute(failure, pods);
  out.emplace("class", info(why.failureClass).id);
  if (why.pod == nullptr) {
    return out;
  }
  out.emplace("pod", why.pod->name);
  object since;
  for (const Anchor& anchor : kAnchors) {
    if (const auto& time = why.pod->*anchor.time) {
      since.emplace(anchor.id, ms(momentOf(failure) - *time));
    }
  }
  out.emplace("sinceMs", std::move(since));
  return out;
}

object loadToJson(const NamedLoad& named, const std::vector<PodHistory>& pods) {
  const load::LoadResult& result = named.result;
  array failures;
  for (const load::Failure& failure : result.failures.listed) {
    failures.push_back(failureToJson(failure, pods));
  }
  const bool described = !result.spec.url.empty();
  object out{
      {"name", named.name},
      {"load", described ? value(load::toJson(result.spec)) : value(nullptr)},
      {"startedUnixNs", unixNs(result.started)},
      {"durationMs", ms(result.duration)},
      {"totals", totalsToJson({result.sent, result.succeeded, result.failed, result.retried})},
      {"latencyMs", latencyToJson(result.latency)},
      {"causes", causesToJson(result.failures.counts)},
      {"failures", std::move(failures)}};
  putText(out, "client", named.client);
  return out;
}

object podToJson(const PodHistory& pod) {
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
  object out{{"name", pod.name}};
  putText(out, "ip", pod.ip);
  putText(out, "node", pod.node);
  putText(out, "gate", pod.gateDetail);
  putText(out, "exit", pod.exitDetail);
  out.emplace("unixNs", std::move(times));
  return out;
}

array agentsToJson(const std::vector<AgentOutage>& agents) {
  array out;
  for (const AgentOutage& outage : agents) {
    object item{{"node", outage.node}, {"stoppedUnixNs", unixNs(outage.stopped)}};
    putText(item, "detail", outage.detail);
    putTime(item, "backUnixNs", outage.back);
    item.emplace("downMs", outage.back ? ms(*outage.back - outage.stopped) : value(nullptr));
    out.push_back(std::move(item));
  }
  return out;
}

object profileToJson(const ProfileRun& run) {
  const ProfileReport report = analyse(run);
  array loads;
  for (const NamedLoad& named : run.loads) {
    loads.push_back(loadToJson(named, report.pods));
  }
  array pods;
  for (const PodHistory& pod : report.pods) {
    pods.push_back(podToJson(pod));
  }
  array gateWaits;
  for (const GateWait& wait : report.gateWaits) {
    gateWaits.push_back(object{{"pod", wait.pod}, {"detail", wait.detail}});
  }
  object out{{"profile", report.profile},
             {"clientNode", run.clientNode},
             {"totals", totalsToJson(report.totals)},
             {"causes", causesToJson(report.causes)},
             {"retryCauses", causesToJson(report.retryCauses)},
             {"latencyMs", latencyToJson(report.latency)},
             {"longestGapMs", ms(report.longestGap)},
             {"rolloutMs", ms(report.rollout)},
             {"overMs", ms(report.over)},
             {"longestGateMs", ms(report.longestGate)},
             {"why", groupsToJson(report.groups)},
             {"loads", std::move(loads)},
             {"pods", std::move(pods)},
             {"agents", agentsToJson(report.agents)},
             {"gateWaits", std::move(gateWaits)}};
  putTime(out, "actionUnixNs", report.actionStarted);
  return out;
}

}  // namespace

object renderJson(const Rehearsal& rehearsal) {
  array profiles;
  for (const ProfileRun& run : rehearsal.profiles) {
    profiles.push_back(profileToJson(run));
  }
  return {
      {"schema", kSchema},
      {"scenario", rehearsal.scenario},
      {"action", rehearsal.action},
      {"nodes", rehearsal.nodes},
      {"expect", object{{"profile", rehearsal.expectProfile}, {"failed", rehearsal.expectFailed}}},
      {"passed", passed(rehearsal)},
      {"profiles", std::move(profiles)}};
}

}  // namespace hitless::report
