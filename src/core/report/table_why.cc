#include "core/report/table_page.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "core/load/render.h"

namespace hitless::report {
namespace {

using load::countText;

constexpr std::size_t kOutagesShown = 3;

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
  const std::string lines = wrapped(text, kTableWidth - 10);
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

}  // namespace

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
        page.out += paragraph(load.outages[i].text, kTableWidth + 2);
      }
    }
  }
}

}  // namespace hitless::report
