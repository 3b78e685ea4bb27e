#include "core/report/render_json.h"

#include "core/report/analysis.h"
#include "core/report/json_parts.h"
#include "core/report/pod_json.h"

namespace hitless::report {
namespace {

using kube::json::array;
using kube::json::object;
using kube::json::value;

constexpr std::string_view kSchema = "hitless.io/rehearsal/v1";

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

object rootsToJson(const std::map<FailureClass, std::uint64_t>& roots) {
  object out;
  for (const auto& [root, count] : roots) {
    out.emplace(info(root).id, count);
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
    object item{{"cause", load::info(group.cause).id},
                {"class", info(group.failureClass).id},
                {"count", group.count},
                {"explanation", info(group.failureClass).explanation},
                {"sinceMs", sinceToJson(group)},
                {"pods", std::move(pods)}};
    putText(item, "evidence", group.evidence);
    if (!group.roots.empty()) {
      item.emplace("roots", rootsToJson(group.roots));
    }
    out.push_back(std::move(item));
  }
  return out;
}

object failureToJson(const load::Failure& failure, const Attribution& why) {
  object out = load::toJson(failure);
  out.emplace("class", info(why.failureClass).id);
  putText(out, "evidence", why.evidence);
  if (why.failureClass == FailureClass::kBackoff) {
    out.emplace("root", info(why.root).id);
  }
  if (why.pod == nullptr) {
    return out;
  }
  out.emplace("pod", why.pod->name);
  if (why.byTime) {
    out.emplace("podByTime", true);
  }
  object since;
  for (const Anchor& anchor : kAnchors) {
    if (const auto& time = why.pod->*anchor.time) {
      since.emplace(anchor.id, ms(momentOf(failure) - *time));
    }
  }
  out.emplace("sinceMs", std::move(since));
  return out;
}

object outageToJson(const OutageStory& story) {
  array phases;
  for (const OutagePhase& phase : story.phases) {
    phases.push_back(object{{"kind", phase.kind == OutagePhase::Kind::kDial ? "dial" : "wait"},
                            {"beginUnixNs", unixNs(phase.begin)},
                            {"durationMs", ms(phase.duration)},
                            {"text", phase.text}});
  }
  const load::Reconnect& outage = story.reconnect;
  object out{{"host", outage.host},
             {"lostUnixNs", unixNs(outage.lost)},
             {"durationMs", ms(outage.duration)},
             {"attempts", outage.attempts},
             {"story", story.text},
             {"phases", std::move(phases)}};
  putTime(out, "backUnixNs", outage.back);
  putText(out, "lastError", outage.lastError);
  return out;
}

object reconnectsToJson(const LoadReport& load) {
  array list;
  for (const OutageStory& story : load.outages) {
    list.push_back(outageToJson(story));
  }
  const load::ReconnectList& all = load.load->result.reconnects;
  return {{"count", all.count}, {"longestMs", ms(all.longest)}, {"list", std::move(list)}};
}

object loadToJson(const LoadReport& report) {
  const NamedLoad& named = *report.load;
  const load::LoadResult& result = named.result;
  array failures;
  for (std::size_t i = 0; i < report.failures.size(); ++i) {
    failures.push_back(failureToJson(result.failures.listed[i], report.failures[i]));
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
      {"failures", std::move(failures)},
      {"reconnects", reconnectsToJson(report)}};
  putText(out, "client", named.client);
  if (!result.notes.empty()) {
    out.emplace("notes", array(result.notes.begin(), result.notes.end()));
  }
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

array cutsToJson(const std::vector<NodeCut>& cuts) {
  array out;
  for (const NodeCut& cut : cuts) {
    object item{{"node", cut.node}, {"fromUnixNs", unixNs(cut.from)}};
    putTime(item, "toUnixNs", cut.to);
    out.push_back(std::move(item));
  }
  return out;
}

object profileToJson(const ProfileRun& run) {
  const auto analysed = analyse(run);
  const ProfileReport& report = *analysed;
  array loads;
  for (const LoadReport& load : report.loads) {
    loads.push_back(loadToJson(load));
  }
  array pods;
  for (const PodHistory& pod : report.facts.pods) {
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
             {"longestReconnectMs", ms(report.longestReconnect)},
             {"why", groupsToJson(report.groups)},
             {"loads", std::move(loads)},
             {"pods", std::move(pods)},
             {"agents", agentsToJson(report.agents)},
             {"nodeCuts", cutsToJson(report.facts.cuts)},
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
