#include "core/load/result.h"

namespace hitless::load {
namespace {

using kube::json::array;
using kube::json::object;
using kube::json::value;

constexpr std::string_view kSchema = "hitless.io/load/v1";

std::int64_t unixNs(WallTime time) {
  return time.time_since_epoch().count();
}
WallTime fromUnixNs(std::int64_t ns) {
  return WallTime{nanoseconds{ns}};
}
double ms(nanoseconds duration) {
  return static_cast<double>(duration.count()) / 1e6;
}

std::uint64_t count(const object& from, std::string_view key) {
  return static_cast<std::uint64_t>(kube::integer(from, {key}));
}

object countsToJson(const std::map<Cause, std::uint64_t>& counts) {
  object out;
  for (const auto& [cause, number] : counts) {
    out.emplace(info(cause).id, number);
  }
  return out;
}

std::map<Cause, std::uint64_t> countsFromJson(const object* from) {
  std::map<Cause, std::uint64_t> out;
  for (const CauseInfo& row : causes()) {
    if (from != nullptr && count(*from, row.id) > 0) {
      out[row.cause] = count(*from, row.id);
    }
  }
  return out;
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
  for (int status = 100; from != nullptr && status < 600; ++status) {
    if (const std::uint64_t number = count(*from, std::to_string(status)); number > 0) {
      out[status] = number;
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

/// Whole numbers look like ones.
value rateToJson(double rate) {
  const auto whole = static_cast<std::int64_t>(rate);
  return static_cast<double>(whole) == rate ? value(whole) : value(rate);
}

Result<LoadSpec> specFromJson(const object& from) {
  LoadSpec spec;
  TRY_VOID(setUrl(spec, kube::text(from, {"url"})));
  TRY_VOID(set(spec, "mode", kube::text(from, {"mode"}, "keepalive")));
  TRY_VOID(set(spec, "arrivals", kube::text(from, {"arrivals"}, "constant")));
  TRY_VOID(set(spec, "method", kube::text(from, {"method"}, "GET")));
  if (const value* rate = kube::find(from, "rate"); rate != nullptr && rate->is_number()) {
    spec.rate = rate->to_number<double>();
  }
  spec.timeout = nanoseconds{kube::integer(from, {"timeoutNs"}, spec.timeout.count())};
  spec.connections = count(from, "connections");
  spec.maxOutstanding = count(from, "maxOutstanding");
  spec.retryIdleClose = kube::boolean(from, {"retryIdleClose"}, true);
  if (const auto duration = kube::optionalInteger(from, {"durationNs"})) {
    spec.duration = nanoseconds{*duration};
  }
  if (const auto number = kube::optionalInteger(from, {"count"})) {
    spec.count = static_cast<std::uint64_t>(*number);
  }
  return spec;
}

void putTime(object& out, std::string_view key, const std::optional<WallTime>& time) {
  if (time) {
    out.emplace(key, unixNs(*time));
  }
}

void putText(object& out, std::string_view key, const std::string& text) {
  if (!text.empty()) {
    out.emplace(key, text);
  }
}

std::optional<WallTime> time(const object& from, std::string_view key) {
  const auto ns = kube::optionalInteger(from, {"time", key});
  return ns ? std::optional(fromUnixNs(*ns)) : std::nullopt;
}

std::optional<Endpoint> backendFromJson(const object& from) {
  const auto ip = IpAddress::parse(kube::text(from, {"backend", "ip"}));
  if (!ip) {
    return std::nullopt;
  }
  return Endpoint{*ip, static_cast<std::uint16_t>(kube::integer(from, {"backend", "port"}))};
}

Result<Failure> failureFromJson(const object& from) {
  const auto cause = causeOf(kube::text(from, {"cause"}));
  if (!cause) {
    return invalid("a failure in a load's result has no known cause");
  }
  Failure failure;
  failure.cause = *cause;
  failure.scheduled = time(from, "scheduled").value_or(WallTime{});
  failure.connect = time(from, "connect");
  failure.written = time(from, "written");
  failure.failed = time(from, "failed").value_or(WallTime{});
  failure.errorName = kube::text(from, {"errno"});
  failure.backend = backendFromJson(from);
  failure.attempt = static_cast<int>(kube::integer(from, {"attempt"}, 1));
  failure.reusedConnection = kube::boolean(from, {"reusedConnection"});
  failure.status = static_cast<int>(kube::integer(from, {"status"}));
  failure.detail = kube::text(from, {"detail"});
  return failure;
}

object listToJson(const FailureList& list) {
  array items;
  for (const Failure& failure : list.listed) {
    items.push_back(toJson(failure));
  }
  std::uint64_t total = 0;
  for (const auto& [cause, number] : list.counts) {
    total += number;
  }
  return {{"count", total}, {"causes", countsToJson(list.counts)}, {"list", std::move(items)}};
}

Result<FailureList> listFromJson(const object* from) {
  FailureList out;
  if (from == nullptr) {
    return out;
  }
  out.counts = countsFromJson(kube::findObject(*from, {"causes"}));
  const array* items = kube::findArray(*from, {"list"});
  for (std::size_t i = 0; items != nullptr && i < items->size(); ++i) {
    if (const object* item = (*items)[i].if_object()) {
      out.listed.push_back(TRY(failureFromJson(*item)));
    }
  }
  return out;
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

}  // namespace

object toJson(const LoadSpec& spec) {
  object out{{"url", spec.url},
             {"method", spec.method},
             {"mode", name(spec.mode)},
             {"rate", rateToJson(spec.rate)},
             {"arrivals", name(spec.arrivals)},
             {"timeoutNs", spec.timeout.count()},
             {"connections", spec.connections},
             {"maxOutstanding", spec.maxOutstanding},
             {"retryIdleClose", spec.retryIdleClose}};
  if (spec.duration) {
    out.emplace("durationNs", spec.duration->count());
  }
  if (spec.count) {
    out.emplace("count", *spec.count);
  }
  return out;
}

object toJson(const Failure& failure) {
  object times{{"scheduled", unixNs(failure.scheduled)}};
  putTime(times, "connect", failure.connect);
  putTime(times, "written", failure.written);
  putTime(times, "failed", failure.failed);
  object out{{"cause", info(failure.cause).id},
             {"time", std::move(times)},
             {"attempt", failure.attempt},
             {"reusedConnection", failure.reusedConnection}};
  putText(out, "errno", failure.errorName);
  if (failure.backend) {
    out.emplace("backend",
                object{{"ip", failure.backend->ip.text()}, {"port", failure.backend->port}});
  }
  if (failure.status != 0) {
    out.emplace("status", failure.status);
  }
  putText(out, "detail", failure.detail);
  return out;
}

object toJson(const LoadResult& result) {
  return {{"schema", kSchema},
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
          {"latencyMs", histogramToJson(result.latency, true)},
          {"sendDelayMs", histogramToJson(result.sendDelay, true)},
          {"longestGap", object{{"ms", ms(result.gap)},
                                {"ns", result.gap.count()},
                                {"startUnixNs", unixNs(result.gapStart)}}},
          {"connections", object{{"opened", result.connectionsOpened},
                                 {"closedIdle", result.connectionsClosedIdle}}},
          {"outstanding",
           object{{"max", result.outstandingMax}, {"capHits", result.outstandingCapHits}}},
          {"backendLookup", result.backendLookup},
          {"failures", listToJson(result.failures)},
          {"retries", listToJson(result.retries)},
          {"perSecond", secondsToJson(result.seconds)}};
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
  return out;
}

}  // namespace hitless::load
