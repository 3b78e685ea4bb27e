#include "core/report/render_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <memory>

#include "base/text.h"
#include "core/load/render.h"
#include "core/report/analysis.h"
#include "core/report/ink.h"

namespace hitless::report {
namespace {

using load::countText;
using load::durationText;

constexpr std::size_t kWidth = 96;  // behind an indent of two, within 100
constexpr std::size_t kLabel = 34;
constexpr std::size_t kColumn = 16;
constexpr std::size_t kPodName = 36;
constexpr std::size_t kMoment = 10;
constexpr std::size_t kPodsShown = 12;
constexpr std::size_t kOutagesShown = 3;

struct Column {
  const ProfileRun* run;
  std::unique_ptr<const ProfileReport> analysed;
  const ProfileReport& report = *analysed;
};
using Columns = std::vector<Column>;

/// Everything that one report is written with.
struct Page {
  const Rehearsal& rehearsal;
  Columns columns;
  Ink ink;
  std::string out;

  std::size_t tableWidth() const { return kLabel + kColumn * columns.size(); }
};

// --- side by side --------------------------------------------------------------------------------

using Cell = std::function<std::string(const Column&)>;

void row(Page& page, std::string_view label, const Cell& cell) {
  page.out += "  " + padRight(label, kLabel);
  for (const Column& column : page.columns) {
    page.out += cell(column);
  }
  page.out += "\n";
}

std::string plain(std::string_view text) {
  return padLeft(text, kColumn);
}

std::string orDash(const std::optional<nanoseconds>& duration) {
  return plain(duration ? durationText(*duration) : "-");
}

std::string lost(const Page& page, std::uint64_t count) {
  const std::string text = plain(countText(count));
  return count == 0 ? page.ink.good(text) : page.ink.bad(text);
}

const load::LoadResult* loadNamed(const ProfileRun& run, const std::string& name) {
  for (const NamedLoad& named : run.loads) {
    if (named.name == name) {
      return &named.result;
    }
  }
  return nullptr;
}

/// How the failures spread over the loads, where there are several.
void loadRows(Page& page) {
  const std::vector<NamedLoad>& loads = page.columns.front().run->loads;
  if (loads.size() < 2) {
    return;
  }
  for (const NamedLoad& named : loads) {
    row(page, "    " + named.name, [&](const Column& column) {
      const load::LoadResult* result = loadNamed(*column.run, named.name);
      return page.ink.faint(plain(result == nullptr ? "-" : countText(result->failed)));
    });
  }
}

void countRows(Page& page) {
  row(page, "requests sent",
      [](const Column& c) { return plain(countText(c.report.totals.sent)); });
  row(page, "succeeded",
      [](const Column& c) { return plain(countText(c.report.totals.succeeded)); });
  row(page, "failed", [&](const Column& c) { return lost(page, c.report.totals.failed); });
  loadRows(page);
  row(page, "retried after an idle close",
      [](const Column& c) { return plain(countText(c.report.totals.retried)); });
}

void latencyRows(Page& page) {
  const auto latency = [](double percent) {
    return [percent](const Column& c) {
      const load::Histogram& all = c.report.latency;
      return plain(all.count() == 0 ? "-" : durationText(all.percentile(percent)));
    };
  };
  row(page, "latency p50", latency(50));
  row(page, "latency p99", latency(99));
  row(page, "latency max", latency(100));
  row(page, "longest time without a success",
      [](const Column& c) { return plain(durationText(c.report.longestGap)); });
  const bool channels = std::any_of(page.columns.begin(), page.columns.end(), [](const Column& c) {
    return c.report.longestReconnect.has_value();
  });
  if (channels) {
    row(page, "longest reconnect",
        [](const Column& c) { return orDash(c.report.longestReconnect); });
  }
}

void rolloutRows(Page& page) {
  row(page, "rollout complete", [](const Column& c) { return orDash(c.report.rollout); });
  row(page, "rollout and last old pod over", [](const Column& c) { return orDash(c.report.over); });
  const bool gates = std::any_of(page.columns.begin(), page.columns.end(),
                                 [](const Column& c) { return c.report.longestGate.has_value(); });
  if (gates) {
    row(page, "longest wait at the gate",
        [](const Column& c) { return orDash(c.report.longestGate); });
  }
}

void sideBySide(Page& page) {
  row(page, "", [&](const Column& c) { return page.ink.strong(plain(c.run->profile)); });
  page.out += page.ink.rule(page.tableWidth());
  countRows(page);
  page.out += page.ink.rule(page.tableWidth());
  latencyRows(page);
  page.out += page.ink.rule(page.tableWidth());
  rolloutRows(page);
}

// --- why -----------------------------------------------------------------------------------------

std::string rangeText(const Range& range) {
  const std::string least = signedText(range.least);
  const std::string greatest = signedText(range.greatest);
  return least == greatest ? least : least + " .. " + greatest;
}

/// When the failures of a group happened, two moments a line.
void moments(Page& page, const FailureGroup& group) {
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < kAnchors.size(); ++i) {
    if (group.since[i]) {
      parts.push_back(padRight(fmt::format("{:<16}", kAnchors[i].title), 17) +
                      padRight(rangeText(*group.since[i]), 26));
    }
  }
  for (std::size_t i = 0; i < parts.size(); i += 2) {
    std::string line = parts[i] + (i + 1 < parts.size() ? parts[i + 1] : "");
    line.erase(line.find_last_not_of(' ') + 1);
    page.out += "          " + page.ink.faint(line) + "\n";
  }
}

/// Lines behind the indent of an explanation.
std::string prose(const Page& page, const std::string& text) {
  std::string out;
  const std::string lines = wrapped(text, kWidth - 10);
  for (const std::string_view line : split(lines, '\n')) {
    out += "          " + page.ink.faint(line) + "\n";
  }
  return out;
}

/// "40 endpoint-lag, 2 drain-cut"
std::string rootsText(const std::map<FailureClass, std::uint64_t>& roots) {
  std::vector<std::string> parts;
  for (const auto& [root, count] : roots) {
    parts.push_back(fmt::format("{} {}", countText(count), info(root).id));
  }
  return join(parts, ", ");
}

void explain(Page& page, const FailureGroup& group) {
  const ClassInfo& why = info(group.failureClass);
  page.out += fmt::format("  {} {} {}", page.ink.strong(padLeft(countText(group.count), 6)),
                          page.ink.times(), load::info(group.cause).title);
  page.out += page.ink.faint(fmt::format("  ({})", why.id)) + "\n";
  page.out += fmt::format("          {}\n", why.explanation);
  moments(page, group);
  if (!group.roots.empty()) {
    page.out += prose(page, "began with: " + rootsText(group.roots));
  }
  if (!group.evidence.empty()) {
    page.out += prose(page, "e.g. " + group.evidence);
  }
}

void whyLines(Page& page) {
  for (const Column& column : page.columns) {
    const ProfileReport& report = column.report;
    if (report.groups.empty()) {
      continue;
    }
    page.out += "\n  " + page.ink.strong(fmt::format("Why {} lost {} requests", report.profile,
                                                     countText(report.totals.failed)));
    const bool related = std::any_of(report.groups.begin(), report.groups.end(),
                                     [](const FailureGroup& group) { return !group.pods.empty(); });
    page.out +=
        related ? page.ink.faint("   (times are relative to what happened to their pod)") : "";
    page.out += "\n\n";
    for (const FailureGroup& group : report.groups) {
      explain(page, group);
    }
  }
}

// --- reconnects ---------------------------------------------------------------------------------

/// The longest reconnects of each load, a story each.
void reconnectLines(Page& page) {
  for (const Column& column : page.columns) {
    for (const LoadReport& load : column.report.loads) {
      if (load.outages.empty()) {
        continue;
      }
      const std::uint64_t count = load.load->result.reconnects.count;
      page.out += "\n  " + page.ink.strong(fmt::format("{}, {}: {} reconnect{}",
                                                       column.report.profile, load.load->name,
                                                       countText(count), count == 1 ? "" : "s"));
      page.out += page.ink.faint(count > kOutagesShown ? ", the longest:\n" : ":\n");
      for (std::size_t i = 0; i < std::min(load.outages.size(), kOutagesShown); ++i) {
        page.out += paragraph(load.outages[i].text, kWidth + 2);
      }
    }
  }
}

// --- pods ----------------------------------------------------------------------------------------

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
    if (pod.deleted && ++deleted <= kPodsShown) {
      podRow(page, pod);
    }
  }
  if (deleted > kPodsShown) {
    page.out += page.ink.faint(fmt::format("  and {} more, see -o json\n", deleted - kPodsShown));
  }
}

void podLines(Page& page) {
  for (const Column& column : page.columns) {
    const auto& pods = column.report.facts.pods;
    if (std::none_of(pods.begin(), pods.end(), [](const PodHistory& pod) { return pod.deleted; })) {
      continue;
    }
    const std::string title = fmt::format("{}: old pods, after deletion", column.report.profile);
    page.out += "\n  " + page.ink.strong(padRight(title, kPodName));
    for (const Moment& moment : kMoments) {
      page.out += page.ink.faint(padLeft(moment.title, kMoment));
    }
    page.out += "\n" + page.ink.rule(kWidth);
    podsOf(page, column.report);
  }
}

// --- the rest ------------------------------------------------------------------------------------

void agentLine(Page& page, const ProfileReport& report, const AgentOutage& outage) {
  const std::string when = report.actionStarted
                               ? fmt::format(" {} after the action",
                                             durationText(outage.stopped - *report.actionStarted))
                               : "";
  const std::string how = outage.detail.empty() ? "" : fmt::format(" ({})", outage.detail);
  const std::string back =
      outage.back ? fmt::format("came back after {}", durationText(*outage.back - outage.stopped))
                  : "did not come back";
  page.out += paragraph(fmt::format("{}: the agent of {} stopped{}{} and {}", report.profile,
                                    outage.node, when, how, back),
                        kWidth + 2);
}

void notes(Page& page) {
  std::string& out = page.out;
  const std::size_t before = out.size();
  for (const Column& column : page.columns) {
    for (const AgentOutage& outage : column.report.agents) {
      agentLine(page, column.report, outage);
    }
    for (const GateWait& wait : column.report.gateWaits) {
      out += paragraph(fmt::format("{}: {}: {}", column.report.profile, wait.pod, wait.detail),
                       kWidth + 2);
    }
  }
  if (out.size() > before) {
    out.insert(before, "\n");
  }
}

void verdict(Page& page) {
  const Rehearsal& rehearsal = page.rehearsal;
  const auto expected = std::find_if(
      page.columns.begin(), page.columns.end(),
      [&](const Column& column) { return column.run->profile == rehearsal.expectProfile; });
  const std::string mark = passed(rehearsal) ? page.ink.good("PASS") : page.ink.bad("FAIL");
  page.out += "\n  " + mark + "  ";
  if (expected == page.columns.end()) {
    page.out += fmt::format("the expected profile {} was not rehearsed\n", rehearsal.expectProfile);
    return;
  }
  const Totals& totals = expected->report.totals;
  if (totals.sent == 0) {
    page.out += fmt::format("{} sent no request\n", rehearsal.expectProfile);
    return;
  }
  page.out +=
      fmt::format("{} lost {} of {} requests", rehearsal.expectProfile,
                  totals.failed == 0 ? "none" : countText(totals.failed), countText(totals.sent));
  if (totals.failed > 0) {
    page.out += fmt::format(" (at most {} expected)", countText(rehearsal.expectFailed));
  }
  page.out += "\n";
}

/// "GET http://web.default:80/ at 500/s", "python3 client.py"
std::string whatOf(const NamedLoad& named) {
  const load::LoadSpec& spec = named.result.spec;
  return named.client.empty() ? fmt::format("{} {} at {:g}/s", spec.method, spec.url, spec.rate)
                              : named.client;
}

void heading(Page& page) {
  const Rehearsal& rehearsal = page.rehearsal;
  page.out += "  " + page.ink.strong(rehearsal.scenario.empty() ? "rehearsal" : rehearsal.scenario);
  page.out += fmt::format("  {}", rehearsal.action);
  if (rehearsal.nodes > 0) {
    page.out += page.ink.faint(fmt::format("  on {} nodes", rehearsal.nodes));
  }
  page.out += "\n";
  for (const NamedLoad& named : page.columns.front().run->loads) {
    page.out += page.ink.faint(fmt::format("  {}, {}\n", whatOf(named), named.name));
  }
  page.out += "\n";
}

}  // namespace

std::string renderTable(const Rehearsal& rehearsal, Style style) {
  Page page{rehearsal, {}, Ink(style), {}};
  for (const ProfileRun& run : rehearsal.profiles) {
    page.columns.push_back({&run, analyse(run)});
  }
  if (page.columns.empty()) {
    return "  no profile was rehearsed\n";
  }
  heading(page);
  sideBySide(page);
  whyLines(page);
  reconnectLines(page);
  podLines(page);
  notes(page);
  verdict(page);
  return page.out;
}

}  // namespace hitless::report
