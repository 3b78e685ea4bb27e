#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/report/analysis.h"
#include "core/report/ink.h"

/// The parts of a report for people; renderTable() puts them together.
namespace hitless::report {

inline constexpr std::size_t kTableWidth = 96;  // behind an indent of two, within 100
inline constexpr std::size_t kLabelWidth = 34;
inline constexpr std::size_t kColumnWidth = 16;

struct Column {
  const ProfileRun* run;
  std::unique_ptr<const ProfileReport> analysed;
  const ProfileReport& report = *analysed;
};

/// Everything that one report is written with.
struct Page {
  const Rehearsal& rehearsal;
  std::vector<Column> columns;
  Ink ink;
  std::string out;

  std::size_t tableWidth() const { return kLabelWidth + kColumnWidth * columns.size(); }
};

/// Counts, latencies and times of the profiles side by side.
void sideBySide(Page& page);
/// The groups of failures, each with its explanation and evidence.
void whyLines(Page& page);
/// The longest reconnects of each load, a story each.
void reconnectLines(Page& page);
/// What happened to each old pod.
void podLines(Page& page);
/// What else a reader must know: crashes, cuts, agents that died, gates that gave up.
void notes(Page& page);

}  // namespace hitless::report
