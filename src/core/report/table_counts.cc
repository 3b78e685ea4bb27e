#include "core/report/table_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "base/text.h"
#include "core/load/render.h"

namespace hitless::report {
namespace {

using load::countText;
using load::durationText;

constexpr std::size_t kNoteIndent = 8;

using Cell = std::function<std::string(const Column&)>;

void row(Page& page, std::string_view label, const Cell& cell) {
  page.out += "  " + padRight(label, kLabelWidth);
  for (const Column& column : page.columns) {
    page.out += cell(column);
  }
  page.out += "\n";
}

std::string plain(std::string_view text) {
  return padLeft(text, kColumnWidth);
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

/// What a load has to say of itself, in each profile.
void noteLines(Page& page, const std::string& name) {
  for (const Column& column : page.columns) {
    const load::LoadResult* result = loadNamed(*column.run, name);
    if (result == nullptr) {
      continue;
    }
    const std::string whose = page.columns.size() > 1 ? column.run->profile + ": " : "";
    for (const std::string& note : result->notes) {
      const std::string lines = wrapped(whose + note, kTableWidth - kNoteIndent);
      for (const std::string_view line : split(lines, '\n')) {
        page.out += fmt::format("  {:{}}{}\n", "", kNoteIndent, page.ink.faint(line));
      }
    }
  }
}

/// How the failures spread over the loads, where there are several or they have notes.
void loadRows(Page& page) {
  const std::vector<NamedLoad>& loads = page.columns.front().run->loads;
  const bool noted = std::any_of(page.columns.begin(), page.columns.end(), [](const Column& c) {
    return std::any_of(c.run->loads.begin(), c.run->loads.end(),
                       [](const NamedLoad& load) { return !load.result.notes.empty(); });
  });
  if (loads.size() < 2 && !noted) {
    return;
  }
  for (const NamedLoad& named : loads) {
    row(page, "    " + named.name, [&](const Column& column) {
      const load::LoadResult* result = loadNamed(*column.run, named.name);
      return page.ink.faint(plain(result == nullptr ? "-" : countText(result->failed)));
    });
    noteLines(page, named.name);
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
      [](const Column& c) { return orDash(c.report.longestGap); });
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

}  // namespace

void sideBySide(Page& page) {
  row(page, "", [&](const Column& c) { return page.ink.strong(plain(c.run->profile)); });
  page.out += page.ink.rule(page.tableWidth());
  countRows(page);
  page.out += page.ink.rule(page.tableWidth());
  latencyRows(page);
  page.out += page.ink.rule(page.tableWidth());
  rolloutRows(page);
}

}  // namespace hitless::report
