#include "core/proxy/drain/ledger.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/proxy/escape.h"

namespace hitless::proxy {
namespace {

double inSeconds(nanoseconds duration) {
  return static_cast<double>(duration.count()) / 1e9;
}

std::string upstreamText(const RequestRecord& record) {
  if (!record.upstream) {
    return "-";
  }
  return record.upstreamPod.empty()
             ? record.upstream->text()
             : fmt::format("{} ({})", record.upstream->text(), record.upstreamPod);
}

std::string what(const Ledger::Entry& entry) {
  return entry.method.empty() ? "connection of bytes"
                              : fmt::format("{} {}{}", escaped(entry.method),
                                            escaped(entry.authority), escaped(entry.path));
}

kube::json::object entryToJson(const Ledger::Entry& entry) {
  return {{"fate", std::string(name(entry.fate))},
          {"method", validUtf8(entry.method)},
          {"authority", validUtf8(entry.authority)},
          {"path", validUtf8(entry.path)},
          {"ageSeconds", inSeconds(entry.age)},
          {"upstream", entry.upstream},
          {"bytesSent", entry.bytesSent},
          {"requestId", validUtf8(entry.requestId)}};
}

/// What bounded the drain, and its name in a manifest.
struct Bound {
  std::string_view name;
  nanoseconds given{};
  nanoseconds reserve{};
};

Bound boundOf(const DrainSettings& settings) {
  if (settings.mode.kind == DrainMode::Kind::kFixed) {
    return {"terminationDrainDuration", settings.mode.duration, {}};
  }
  return {"terminationGracePeriodSeconds", settings.grace.value_or(nanoseconds(0)),
          settings.reserve};
}

std::string graceLine(const Ledger& ledger, const DrainSettings& settings) {
  const Bound bound = boundOf(settings);
  const auto needed = ledger.graceNeeded(bound.given, bound.reserve);
  if (!needed) {
    return "";
  }
  return fmt::format(
      "the oldest had been under way for {:.3f} s: with a {} of less than {:.0f} s one like it can "
      "be cut again; how much more it would have needed is not known\n",
      inSeconds(ledger.oldestCut()), bound.name, std::ceil(inSeconds(*needed)));
}

}  // namespace

std::string_view name(Fate fate) {
  constexpr std::string_view kNames[] = {"completed", "moved", "cut"};
  return kNames[static_cast<std::size_t>(fate)];
}

void Ledger::add(const RequestRecord& record, Fate fate) {
  ++counts_[static_cast<std::size_t>(fate)];
  if (fate == Fate::kCut) {
    oldestCut_ = std::max(oldestCut_, record.duration);
  }
  if (fate == Fate::kCompleted || entries_.size() >= kMostEntries) {
    return;
  }
  entries_.push_back({fate, record.method, record.authority, record.path, record.duration,
                      upstreamText(record), record.bytesSent, record.requestId});
}

void Ledger::merge(const Ledger& other) {
  for (std::size_t i = 0; i < std::size(counts_); ++i) {
    counts_[i] += other.counts_[i];
  }
  oldestCut_ = std::max(oldestCut_, other.oldestCut_);
  const std::size_t room = kMostEntries - entries_.size();
  const auto count = static_cast<std::ptrdiff_t>(std::min(room, other.entries_.size()));
  entries_.insert(entries_.end(), other.entries_.begin(), other.entries_.begin() + count);
}

std::optional<nanoseconds> Ledger::graceNeeded(nanoseconds graceGiven, nanoseconds reserve) const {
  if (count(Fate::kCut) == 0) {
    return std::nullopt;
  }
  // A request may begin just before clients are told to go elsewhere, so that all of its duration
  // lies in the grace period.
  return std::max(graceGiven, oldestCut_ + reserve);
}

std::string renderLedger(const Ledger& ledger, const DrainSettings& settings) {
  std::string out =
      fmt::format("drained: {} completed, {} moved, {} cut\n", ledger.count(Fate::kCompleted),
                  ledger.count(Fate::kMoved), ledger.count(Fate::kCut));
  std::uint64_t shown = 0;
  for (const Ledger::Entry& entry : ledger.entries()) {
    if (entry.fate == Fate::kCut) {
      out += fmt::format("cut after {:.3f} s: {}, upstream {}, {} bytes sent, request {}\n",
                         inSeconds(entry.age), what(entry), entry.upstream, entry.bytesSent,
                         entry.requestId.empty() ? "-" : escaped(entry.requestId));
      ++shown;
    }
  }
  if (const std::uint64_t cut = ledger.count(Fate::kCut); cut > shown) {
    out += fmt::format("and {} more\n", cut - shown);
  }
  return out + graceLine(ledger, settings);
}

kube::json::object ledgerToJson(const Ledger& ledger, const DrainSettings& settings) {
  kube::json::array entries;
  for (const Ledger::Entry& entry : ledger.entries()) {
    entries.push_back(entryToJson(entry));
  }
  kube::json::object out{{"completed", ledger.count(Fate::kCompleted)},
                         {"moved", ledger.count(Fate::kMoved)},
                         {"cut", ledger.count(Fate::kCut)},
                         {"requests", std::move(entries)}};
  const Bound bound = boundOf(settings);
  if (const auto needed = ledger.graceNeeded(bound.given, bound.reserve)) {
    out["oldestCutSeconds"] = inSeconds(ledger.oldestCut());
    out["graceNeededAtLeastSeconds"] = inSeconds(*needed);
  }
  return out;
}

}  // namespace hitless::proxy
