#include "core/report/outage.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/text.h"
#include "core/load/render.h"
#include "core/report/attribution.h"

namespace hitless::report {
namespace {

using load::Cause;
using load::durationText;
using load::Failure;
using load::Reconnect;

bool dials(const Failure& failure) {
  return failure.connect &&
         (whileConnecting(failure.cause) || failure.cause == Cause::kResetBeforeRequestWritten);
}

bool within(const Failure& failure, const Reconnect& outage) {
  const WallTime end = outage.lost + outage.duration;
  const bool sameHost = failure.host.empty() || outage.host.empty() || failure.host == outage.host;
  return sameHost && failure.failed >= outage.lost && failure.failed <= end;
}

/// ", dead for 12 s" as seen when it was dialled.
std::string stateOf(const PodHistory& pod, WallTime time) {
  const auto dead = pod.exited ? pod.exited : pod.gone;
  if (const Crash* crash = pod.crashAt(time)) {
    return fmt::format(", crashed {} before", durationText(time - crash->time));
  }
  if (!dead) {
    return "";
  }
  return time >= *dead ? fmt::format(", dead for {}", durationText(time - *dead))
                       : fmt::format(", dead {} later", durationText(*dead - time));
}

std::string whom(const Failure& failure, const Facts& facts) {
  const auto& endpoint = failure.backend ? failure.backend : failure.destination;
  if (!endpoint) {
    return failure.host.empty() ? "the address" : failure.host;
  }
  const PodHistory* pod = podAt(facts.pods, endpoint->ip, *failure.connect);
  return pod == nullptr ? endpoint->text()
                        : fmt::format("{} ({}{})", endpoint->ip.text(), pod->name,
                                      stateOf(*pod, *failure.connect));
}

OutagePhase dialOf(const Failure& failure, const Facts& facts) {
  const WallTime begin = *failure.connect;
  return {OutagePhase::Kind::kDial, begin, failure.failed - begin,
          fmt::format("dialled {} {}: {}", whom(failure, facts),
                      durationText(failure.failed - begin), load::info(failure.cause).title)};
}

OutagePhase waitOf(WallTime begin, WallTime end) {
  return {OutagePhase::Kind::kWait, begin, end - begin,
          fmt::format("back-off {}", durationText(end - begin))};
}

/// Many requests see the same attempt and the same wait: one phase each.
std::vector<OutagePhase> phasesOf(const std::vector<const Failure*>& failures, const Facts& facts) {
  std::map<WallTime, OutagePhase> byBegin;  // by when it began
  std::map<WallTime, WallTime> waits;       // by its end, when it was first seen
  for (const Failure* failure : failures) {
    if (dials(*failure)) {
      byBegin.emplace(*failure->connect, dialOf(*failure, facts));
    }
    if (failure->backoffUntil && *failure->backoffUntil > failure->failed) {
      WallTime& first = waits.emplace(*failure->backoffUntil, failure->failed).first->second;
      first = std::min(first, failure->failed);
    }
  }
  std::vector<OutagePhase> phases;
  for (auto& [begin, phase] : byBegin) {
    phases.push_back(std::move(phase));
  }
  for (const auto& [end, begin] : waits) {
    phases.push_back(waitOf(begin, end));
  }
  std::stable_sort(phases.begin(), phases.end(),
                   [](const OutagePhase& a, const OutagePhase& b) { return a.begin < b.begin; });
  return phases;
}

std::string textOf(const OutageStory& story) {
  const Reconnect& outage = story.reconnect;
  std::string text =
      outage.back ? fmt::format("{}: reconnect took {}", outage.host, durationText(outage.duration))
                  : fmt::format("{}: not reconnected within {}", outage.host,
                                durationText(outage.duration));
  std::vector<std::string> parts;
  for (const OutagePhase& phase : story.phases) {
    parts.push_back(phase.text);
  }
  if (parts.empty()) {
    parts.push_back(fmt::format("{} attempt{}", outage.attempts, outage.attempts == 1 ? "" : "s"));
    if (!outage.lastError.empty()) {
      parts.push_back(outage.lastError);
    }
  }
  return text + ": " + join(parts, "; ");
}

}  // namespace

std::vector<OutageStory> outagesOf(const load::LoadResult& result, const Facts& facts) {
  std::vector<OutageStory> stories;
  for (const Reconnect& outage : result.reconnects.listed) {
    std::vector<const Failure*> failures;
    for (const load::FailureList* list : {&result.failures, &result.retries}) {
      for (const Failure& failure : list->listed) {
        if (within(failure, outage)) {
          failures.push_back(&failure);
        }
      }
    }
    OutageStory story{outage, phasesOf(failures, facts), {}};
    story.text = textOf(story);
    stories.push_back(std::move(story));
  }
  std::stable_sort(stories.begin(), stories.end(), [](const OutageStory& a, const OutageStory& b) {
    return a.reconnect.duration > b.reconnect.duration;
  });
  return stories;
}

}  // namespace hitless::report
