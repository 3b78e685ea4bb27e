#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "core/load/json_parts.h"

namespace hitless::load {
namespace {

using kube::json::array;
using kube::json::object;
using kube::json::value;

constexpr std::string_view kSchema = "hitless.io/load/v1";

double ms(nanoseconds duration) {
  return static_cast<double>(duration.count()) / 1e6;
}

object statusesToJson(const std::map<int, std::uint64_t>& statuses) {
  object out;
  for (const auto& [status, number] : statuses) {
    out.emplace(std::to_string(status), number);
  }
  return out;
}

std::map<int, std::uint64_t> statusesFromJson(const object* from) {
  std::map<int, std::uint64_t> out;
  if (from == nullptr) {
    return out;
  }
  for (const auto& [key, number] : *from) {
    const auto status = parseUint(key);
    if (status && *status < 1000) {
      out[static_cast<int>(*status)] = count(*from, key);
    }
  }
  return out;
}

object histogramToJson(const Histogram& histogram, bool withBuckets) {
  object out{{"count", histogram.count()},
             {"p50", ms(histogram.percentile(50))},
             {"p90", ms(histogram.percentile(90))},
             {"p99", ms(histogram.percentile(99))},
             {"p99.9", ms(histogram.percentile(99.9))},
             {"max", ms(histogram.max())},
             {"maxNs", histogram.max().count()}};
  if (withBuckets) {
    array buckets;
    for (const auto& [upper, number] : histogram.buckets()) {
      buckets.push_back(array{upper.count(), static_cast<std::int64_t>(number)});
    }
    out.emplace("bucketsNs", std::move(buckets));
  }
  return out;
}

Histogram histogramFromJson(const object* from) {
  std::vector<std::pair<nanoseconds, std::uint64_t>> buckets;
  const array* rows = from == nullptr ? nullptr : kube::findArray(*from, {"bucketsNs"});
  if (rows == nullptr) {
    return {};
  }
  for (const value& row : *rows) {
    const array* pair = row.if_array();
    if (pair != nullptr && pair->size() == 2 && (*pair)[0].is_int64() && (*pair)[1].is_int64()) {
      buckets.emplace_back(nanoseconds{(*pair)[0].get_int64()}, (*pair)[1].get_int64());
    }
  }
  return Histogram::of(buckets, nanoseconds{kube::integer(*from, {"maxNs"})});
}

array secondsToJson(const std::vector<SecondCounts>& seconds) {
  array out;
  for (std::size_t i = 0; i < seconds.size(); ++i) {
    out.push_back(object{{"second", i},
                         {"sent", seconds[i].sent},
                         {"succeeded", seconds[i].succeeded},
                         {"failed", seconds[i].failed}});
  }
  return out;
}

std::vector<SecondCounts> secondsFromJson(const array* from) {
  std::vector<SecondCounts> out;
  for (std::size_t i = 0; from != nullptr && i < from->size(); ++i) {
    const object* row = (*from)[i].if_object();
    out.push_back(row == nullptr ? SecondCounts{}
                                 : SecondCounts{count(*row, "sent"), count(*row, "succeeded"),
                                                count(*row, "failed")});
  }
  return out;
}

bool hasControl(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

/// They are shown to people as they are: one line each, and not the whole log of a program.
constexpr std::size_t kMaxNotes = 50;
constexpr std::size_t kMaxNote = 500;

Result<std::vector<std::string>> notesFromJson(const object& from) {
  std::vector<std::string> out;
  const value* notes = kube::find(from, "notes");
  if (notes == nullptr) {
    return out;
  }
  const array* list = notes->if_array();
  if (list == nullptr || list->size() > kMaxNotes) {
    return invalid(fmt::format("notes must be a list of at most {} lines", kMaxNotes));
  }
  for (const value& note : *list) {
    const kube::json::string* text = note.if_string();
    if (text == nullptr || text->empty() || text->size() > kMaxNote || hasControl(*text)) {
      return invalid(fmt::format("each of the notes must be a line of 1 to {} bytes", kMaxNote));
    }
    out.emplace_back(*text);
  }
  return out;
}

}  // namespace

object toJson(const LoadResult& result) {
  object out{{"schema", kSchema},
             {"load", toJson(result.spec)},
             {"started", formatMicroTime(result.started)},
             {"startedUnixNs", unixNs(result.started)},
             {"durationNs", result.duration.count()},
             {"scheduled", result.scheduled},
             {"sent", result.sent},
             {"succeeded", result.succeeded},
             {"failed", result.failed},
             {"retried", result.retried},
             {"statuses", statusesToJson(result.statuses)},
             {"grpcStatuses", statusesToJson(result.grpcStatuses)},
             {"latencyMs", histogramToJson(result.latency, true)},
             {"sendDelayMs", histogramToJson(result.sendDelay, true)},
             {"longestGap", object{{"ms", ms(result.gap)},
                                   {"ns", result.gap.count()},
                                   {"startUnixNs", unixNs(result.gapStart)}}},
             {"connections", object{{"opened", result.connectionsOpened},
                                    {"closedIdle", result.connectionsClosedIdle}}},
             {"reconnects", listToJson(result.reconnects)},
             {"outstanding",
              object{{"max", result.outstandingMax}, {"capHits", result.outstandingCapHits}}},
             {"backendLookup", result.backendLookup},
             {"failures", listToJson(result.failures)},
             {"retries", listToJson(result.retries)},
             {"perSecond", secondsToJson(result.seconds)}};
  if (!result.notes.empty()) {
    out.emplace("notes", array(result.notes.begin(), result.notes.end()));
  }
  return out;
}

Result<LoadResult> fromJson(const object& from) {
  const object* spec = kube::findObject(from, {"load"});
  if (kube::text(from, {"schema"}) != kSchema || spec == nullptr) {
    return invalid("this is not the result of a load",
                   "it should have been written by hitless load");
  }
  LoadResult out;
  out.spec = TRY(specFromJson(*spec));
  out.started = fromUnixNs(kube::integer(from, {"startedUnixNs"}));
  out.duration = nanoseconds{kube::integer(from, {"durationNs"})};
  out.scheduled = count(from, "scheduled");
  out.sent = count(from, "sent");
  out.succeeded = count(from, "succeeded");
  out.failed = count(from, "failed");
  out.retried = count(from, "retried");
  out.statuses = statusesFromJson(kube::findObject(from, {"statuses"}));
  out.grpcStatuses = statusesFromJson(kube::findObject(from, {"grpcStatuses"}));
  out.reconnects = reconnectsFromJson(kube::findObject(from, {"reconnects"}));
  out.latency = histogramFromJson(kube::findObject(from, {"latencyMs"}));
  out.sendDelay = histogramFromJson(kube::findObject(from, {"sendDelayMs"}));
  out.gap = nanoseconds{kube::integer(from, {"longestGap", "ns"})};
  out.gapStart = fromUnixNs(kube::integer(from, {"longestGap", "startUnixNs"}));
  out.connectionsOpened =
      static_cast<std::uint64_t>(kube::integer(from, {"connections", "opened"}));
  out.connectionsClosedIdle =
      static_cast<std::uint64_t>(kube::integer(from, {"connections", "closedIdle"}));
  out.outstandingMax = static_cast<std::uint64_t>(kube::integer(from, {"outstanding", "max"}));
  out.outstandingCapHits =
      static_cast<std::uint64_t>(kube::integer(from, {"outstanding", "capHits"}));
  out.backendLookup = kube::text(from, {"backendLookup"});
  out.failures = TRY(listFromJson(kube::findObject(from, {"failures"})));
  out.retries = TRY(listFromJson(kube::findObject(from, {"retries"})));
  out.seconds = secondsFromJson(kube::findArray(from, {"perSecond"}));
  out.notes = TRY(notesFromJson(from));
  return out;
}

}  // namespace hitless::load
