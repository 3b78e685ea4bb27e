#include "core/report/timeline_file.h"

#include <algorithm>
#include <vector>

#include "core/report/analysis.h"
#include "core/report/json_parts.h"

namespace hitless::report {
namespace {

using kube::json::object;

struct Line {
  WallTime time{};
  std::string text;
};
using Lines = std::vector<Line>;

/// What one line says, in this order: when, where, what.
class Entry {
 public:
  Entry(WallTime time, std::string_view profile, std::string_view what)
      : time_(time), json_{{"unixNs", unixNs(time)}, {"profile", profile}, {"what", what}} {}

  Entry& text(std::string_view key, std::string_view value) {
    putText(json_, key, value);
    return *this;
  }
  Entry& value(std::string_view key, kube::json::value value) {
    json_.emplace(key, std::move(value));
    return *this;
  }
  void addTo(Lines& lines) const { lines.push_back({time_, kube::json::serialize(json_)}); }

 private:
  WallTime time_;
  object json_;
};

void addEvent(Lines& lines, const std::string& profile, const timeline::Event& event) {
  Entry entry(event.time, profile, timeline::name(event));
  entry.text("node", event.node)
      .text("pod", event.pod)
      .text("container", event.container)
      .text("ip", event.ip)
      .text("detail", event.detail);
  if (event.revision != 0) {
    entry.value("revision", event.revision);
  }
  entry.addTo(lines);
}

void addFailures(Lines& lines, const std::string& profile, const LoadReport& report) {
  const load::LoadResult& result = report.load->result;
  for (std::size_t i = 0; i < result.failures.listed.size(); ++i) {
    const load::Failure& failure = result.failures.listed[i];
    const Attribution& why = report.failures[i];
    Entry entry(failure.failed, profile, "request.failed");
    entry.text("load", report.load->name)
        .text("cause", load::info(failure.cause).id)
        .text("class", info(why.failureClass).id)
        .text("pod", why.pod != nullptr ? why.pod->name : "")
        .text("evidence", why.evidence)
        .value("request", load::toJson(failure))
        .addTo(lines);
  }
  for (const load::Failure& failure : result.retries.listed) {
    Entry(failure.failed, profile, "request.retried")
        .text("load", report.load->name)
        .text("cause", load::info(failure.cause).id)
        .value("request", load::toJson(failure))
        .addTo(lines);
  }
}

void addReconnects(Lines& lines, const std::string& profile, const LoadReport& report) {
  for (const OutageStory& story : report.outages) {
    const load::Reconnect& outage = story.reconnect;
    Entry(outage.lost, profile, "channel.lost")
        .text("load", report.load->name)
        .text("host", outage.host)
        .addTo(lines);
    if (outage.back) {
      Entry(*outage.back, profile, "channel.back")
          .text("load", report.load->name)
          .text("host", outage.host)
          .value("afterMs", ms(outage.duration))
          .value("attempts", outage.attempts)
          .text("story", story.text)
          .addTo(lines);
    }
  }
}

void addRun(Lines& lines, const ProfileRun& run) {
  const auto report = analyse(run);
  for (const timeline::Event& event : run.events) {
    addEvent(lines, run.profile, event);
  }
  for (const LoadReport& load : report->loads) {
    const load::LoadResult& result = load.load->result;
    Entry(result.started, run.profile, "load.started").text("load", load.load->name).addTo(lines);
    Entry(result.started + result.duration, run.profile, "load.ended")
        .text("load", load.load->name)
        .addTo(lines);
    addFailures(lines, run.profile, load);
    addReconnects(lines, run.profile, load);
  }
}

}  // namespace

std::string timelineFile(const Rehearsal& rehearsal) {
  Lines lines;
  for (const ProfileRun& run : rehearsal.profiles) {
    addRun(lines, run);
  }
  std::stable_sort(lines.begin(), lines.end(),
                   [](const Line& a, const Line& b) { return a.time < b.time; });
  std::string out;
  for (const Line& line : lines) {
    out += line.text + "\n";
  }
  return out;
}

}  // namespace hitless::report
