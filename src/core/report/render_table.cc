#include "core/report/render_table.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/load/render.h"
#include "core/report/table_page.h"

namespace hitless::report {
namespace {

using load::countText;

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
