#include "core/report/table_page.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/load/render.h"

namespace hitless::report {
namespace {

using load::durationText;

constexpr std::size_t kPodName = 36;
constexpr std::size_t kMoment = 10;
constexpr std::size_t kPodsShown = 12;

struct Moment {
  std::string_view title;
  std::optional<WallTime> PodHistory::*time;
};

constexpr Moment kMoments[] = {
    {"endpoint", &PodHistory::endpointUpdate}, {"rules", &PodHistory::rulesCommit},
    {"gate", &PodHistory::gatePassed},         {"SIGTERM", &PodHistory::sigterm},
    {"exited", &PodHistory::exited},           {"gone", &PodHistory::gone},
};

void podRow(Page& page, const PodHistory& pod) {
  page.out += "  " + padRight(pod.name, kPodName);
  for (const Moment& moment : kMoments) {
    const auto& time = pod.*moment.time;
    const std::string text = time ? signedText(*time - *pod.deleted) : "-";
    page.out += padLeft(text, kMoment);
  }
  page.out += "\n";
}

void podsOf(Page& page, const ProfileReport& report) {
  std::size_t deleted = 0;
  for (const PodHistory& pod : report.facts.pods) {
    if (pod.deleted && !pod.finished() && ++deleted <= kPodsShown) {
      podRow(page, pod);
    }
  }
  if (deleted > kPodsShown) {
    page.out += page.ink.faint(fmt::format("  and {} more, see -o json\n", deleted - kPodsShown));
  }
}

/// " 1.20 s after the action"
std::string afterAction(const ProfileReport& report, WallTime time) {
  return report.actionStarted && time >= *report.actionStarted
             ? fmt::format(" {} after the action", durationText(time - *report.actionStarted))
             : "";
}

void crashLines(Page& page, const ProfileReport& report) {
  std::size_t crashed = 0;
  for (const PodHistory& pod : report.facts.pods) {
    for (const Crash& crash : pod.crashes) {
      if (pod.finished() || ++crashed > kPodsShown) {
        continue;
      }
      const std::string back = crash.ready ? fmt::format("was ready again after {}",
                                                         durationText(*crash.ready - crash.time))
                                           : "did not come back";
      page.out += paragraph(fmt::format("{}: {} ended{} ({}) and {}", report.profile, pod.name,
                                        afterAction(report, crash.time), crash.detail, back),
                            kTableWidth + 2);
    }
  }
  if (crashed > kPodsShown) {
    page.out += paragraph(
        fmt::format("{}: {} more ended, see -o json", report.profile, crashed - kPodsShown),
        kTableWidth + 2);
  }
}

void cutLines(Page& page, const ProfileReport& report) {
  for (const NodeCut& cut : report.facts.cuts) {
    const std::string until =
        cut.to ? fmt::format("for {}", durationText(*cut.to - cut.from)) : "until the end";
    page.out += paragraph(fmt::format("{}: {} was cut off from the others{}, {}", report.profile,
                                      cut.node, afterAction(report, cut.from), until),
                          kTableWidth + 2);
  }
}

void agentLine(Page& page, const ProfileReport& report, const AgentOutage& outage) {
  const std::string when = afterAction(report, outage.stopped);
  const std::string how = outage.detail.empty() ? "" : fmt::format(" ({})", outage.detail);
  const std::string back =
      outage.back ? fmt::format("came back after {}", durationText(*outage.back - outage.stopped))
                  : "did not come back";
  page.out += paragraph(fmt::format("{}: the agent of {} stopped{}{} and {}", report.profile,
                                    outage.node, when, how, back),
                        kTableWidth + 2);
}

}  // namespace

void podLines(Page& page) {
  for (const Column& column : page.columns) {
    const auto& pods = column.report.facts.pods;
    if (std::none_of(pods.begin(), pods.end(),
                     [](const PodHistory& pod) { return pod.deleted && !pod.finished(); })) {
      continue;
    }
    const std::string title = fmt::format("{}: old pods, after deletion", column.report.profile);
    page.out += "\n  " + page.ink.strong(padRight(title, kPodName));
    for (const Moment& moment : kMoments) {
      page.out += page.ink.faint(padLeft(moment.title, kMoment));
    }
    page.out += "\n" + page.ink.rule(kTableWidth);
    podsOf(page, column.report);
  }
}

void notes(Page& page) {
  std::string& out = page.out;
  const std::size_t before = out.size();
  for (const Column& column : page.columns) {
    crashLines(page, column.report);
    cutLines(page, column.report);
    for (const AgentOutage& outage : column.report.agents) {
      agentLine(page, column.report, outage);
    }
    for (const GateWait& wait : column.report.gateWaits) {
      out += paragraph(fmt::format("{}: {}: {}", column.report.profile, wait.pod, wait.detail),
                       kTableWidth + 2);
    }
  }
  if (out.size() > before) {
    out.insert(before, "\n");
  }
}

}  // namespace hitless::report
