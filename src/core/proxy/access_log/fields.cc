#include "core/proxy/access_log/fields.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "core/proxy/access_log/flags.h"

namespace hitless::proxy {
namespace {

using Record = const RequestRecord&;
using Scratch = LogScratch&;

LogValue text(std::string_view value) {
  return {std::nullopt, value};
}
LogValue number(std::uint64_t value) {
  return {value, {}};
}
std::uint64_t inMilliseconds(nanoseconds duration) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(duration / milliseconds(1), 0));
}

/// 2026-11-22T18:00:10.123Z
LogValue startTime(Record record, Scratch scratch) {
  const auto time = std::chrono::floor<milliseconds>(record.start);
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  const auto digits = [&](auto value, int count, std::string_view after) {
    scratch.addDigits(static_cast<std::uint64_t>(value), count);
    scratch.add(after);
  };
  digits(static_cast<int>(date.year()), 4, "-");
  digits(static_cast<unsigned>(date.month()), 2, "-");
  digits(static_cast<unsigned>(date.day()), 2, "T");
  digits(clock.hours().count(), 2, ":");
  digits(clock.minutes().count(), 2, ":");
  digits(clock.seconds().count(), 2, ".");
  digits(clock.subseconds().count(), 3, "Z");
  return text(scratch.text());
}

LogValue address(const std::optional<Address>& value, Scratch scratch) {
  if (value) {
    scratch.add(*value);
  }
  return text(scratch.text());
}

LogValue flags(Record record, Scratch scratch) {
  for (const FlagName& row : flagTable()) {
    if (has(record.flags, row.flag)) {
      scratch.add(scratch.text().empty() ? "" : ",");
      scratch.add(row.name);
    }
  }
  return text(scratch.text());
}

/// A string in JSON too: it is a header's value.
LogValue upstreamTime(Record record, Scratch scratch) {
  if (record.upstreamTime) {
    scratch.add(inMilliseconds(*record.upstreamTime));
  }
  return text(scratch.text());
}

LogValue replayReasons(Record record, Scratch scratch) {
  for (const ReplayReason reason : record.replays) {
    scratch.add(scratch.text().empty() ? "" : ",");
    scratch.add(name(reason));
  }
  return text(scratch.text());
}

LogValue notReplayed(Record record, Scratch) {
  return text(record.notReplayed ? name(*record.notReplayed) : "");
}

LogValue grpcStatus(Record record, Scratch) {
  return record.grpcStatus && *record.grpcStatus >= 0
             ? number(static_cast<std::uint64_t>(*record.grpcStatus))
             : text("");
}

LogValue path(Record record, Scratch) {
  return text(record.path);
}
LogValue cluster(Record record, Scratch) {
  return text(record.cluster);
}
LogValue status(Record record, Scratch) {
  return number(static_cast<std::uint64_t>(std::max(record.status, 0)));
}
LogValue protocol(Record record, Scratch) {
  return text(record.method.empty() ? "" : name(record.version));
}

/// A field of RequestRecord that is a text as it is.
template <std::string RequestRecord::*kField>
LogValue plain(Record record, Scratch) {
  return text(record.*kField);
}
template <std::uint64_t RequestRecord::*kField>
LogValue count(Record record, Scratch) {
  return number(record.*kField);
}

using R = RequestRecord;

// Commands: Envoy's docs/root/configuration/observability/access_log/usage.rst. Keys and the order
// of those that have one: Istio's pilot/pkg/model/telemetry_logging.go.
constexpr LogField kFields[] = {
    {"START_TIME", "start_time", "when its first byte came, UTC", startTime},
    {"REQ(:METHOD)", "method", "its method", plain<&R::method>},
    {"REQ(X-ENVOY-ORIGINAL-PATH?:PATH)", "path", "its path and query, as the client sent them",
     path},
    {"REQ(:PATH)", "", "", path},
    {"PROTOCOL", "protocol", "what the client speaks", protocol},
    {"RESPONSE_CODE", "response_code", "the status that the client got; 0: none", status},
    {"RESPONSE_FLAGS", "response_flags", "see below", flags},
    {"RESPONSE_CODE_DETAILS", "response_code_details", "who decided the status, and why",
     plain<&R::details>},
    {"CONNECTION_TERMINATION_DETAILS", "connection_termination_details",
     "why the proxy ended the client's connection", plain<&R::terminationDetails>},
    {"UPSTREAM_TRANSPORT_FAILURE_REASON", "upstream_transport_failure_reason",
     "what the system said of the connection to the upstream", plain<&R::transportFailure>},
    {"BYTES_RECEIVED", "bytes_received", "of the request's body", count<&R::bytesReceived>},
    {"BYTES_SENT", "bytes_sent", "of the response's body", count<&R::bytesSent>},
    {"DURATION", "duration", "from its first byte to the response's last, in ms",
     [](Record r, Scratch) { return number(inMilliseconds(r.duration)); }},
    {"RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)", "upstream_service_time",
     "from the first byte sent upstream to the response's head, in ms", upstreamTime},
    {"REQ(X-FORWARDED-FOR)", "x_forwarded_for", "the header", plain<&R::forwardedFor>},
    {"REQ(USER-AGENT)", "user_agent", "the header", plain<&R::userAgent>},
    {"REQ(X-REQUEST-ID)", "request_id", "the header", plain<&R::requestId>},
    {"REQ(:AUTHORITY)", "authority", "the host that was asked for", plain<&R::authority>},
    {"UPSTREAM_HOST", "upstream_host", "the address of the last upstream that was tried",
     [](Record r, Scratch s) { return address(r.upstream, s); }},
    {"UPSTREAM_CLUSTER_RAW", "upstream_cluster", "its cluster", cluster},
    {"UPSTREAM_CLUSTER", "", "", cluster},
    {"UPSTREAM_LOCAL_ADDRESS", "upstream_local_address",
     "the proxy's own address of the connection to it",
     [](Record r, Scratch s) { return address(r.upstreamLocal, s); }},
    {"DOWNSTREAM_LOCAL_ADDRESS", "downstream_local_address", "where the client connected to",
     [](Record r, Scratch s) { return address(r.downstreamLocal, s); }},
    {"DOWNSTREAM_REMOTE_ADDRESS", "downstream_remote_address", "the client's address",
     [](Record r, Scratch s) { return address(r.downstreamRemote, s); }},
    {"REQUESTED_SERVER_NAME", "requested_server_name", "of TLS (SNI)", plain<&R::serverName>},
    {"ROUTE_NAME", "route_name", "of the route that matched", plain<&R::route>},
    {"GRPC_STATUS_NUMBER", "grpc_status", "of a gRPC call", grpcStatus},
    {"UPSTREAM_REQUEST_ATTEMPT_COUNT", "attempts", "how often it was tried",
     [](Record r, Scratch) { return number(r.attempts); }},
    {"UPSTREAM_POD", "upstream_pod", "the last upstream's pod, namespace/name",
     plain<&R::upstreamPod>},
    {"REPLAYS", "replays", "why it was tried again, a word for each time", replayReasons},
    {"NOT_REPLAYED", "not_replayed", "why it was not tried once more after a failure", notReplayed},
};

}  // namespace

void LogScratch::add(std::string_view text) {
  size_ += text.copy(bytes_.data() + size_, bytes_.size() - size_);
}

void LogScratch::add(std::uint64_t number) {
  char digits[20];
  const char* end = std::to_chars(std::begin(digits), std::end(digits), number).ptr;
  add(std::string_view(digits, static_cast<std::size_t>(end - digits)));
}

void LogScratch::addDigits(std::uint64_t number, int digits) {
  char written[20];
  for (int i = digits - 1; i >= 0; --i) {
    written[i] = static_cast<char>('0' + number % 10);
    number /= 10;
  }
  add(std::string_view(written, static_cast<std::size_t>(digits)));
}

void LogScratch::add(const Address& address) {
  if (!address.ip.isV4()) {
    add(address.text());
    return;
  }
  std::string_view separator;
  for (const std::uint8_t byte : address.ip.bytes()) {
    add(separator);
    add(std::uint64_t{byte});
    separator = ".";
  }
  add(":");
  add(std::uint64_t{address.port});
}

std::span<const LogField> logFields() {
  return kFields;
}

const LogField* findLogField(std::string_view command) {
  const std::string wanted = toLower(command);
  const auto* found = std::find_if(std::begin(kFields), std::end(kFields),
                                   [&](const LogField& f) { return toLower(f.command) == wanted; });
  return found == std::end(kFields) ? nullptr : found;
}

}  // namespace hitless::proxy
