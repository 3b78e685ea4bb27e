#include <fmt/format.h>

#include "core/load/json_parts.h"

namespace hitless::load {
namespace {

using kube::json::object;
using kube::json::value;

/// Whole numbers look like ones.
value rateToJson(double rate) {
  const auto whole = static_cast<std::int64_t>(rate);
  return static_cast<double>(whole) == rate ? value(whole) : value(rate);
}

/// What not every protocol has.
void putChannel(const LoadSpec& spec, object& out) {
  if (spec.protocol != Protocol::kHttp1) {
    out.emplace("connectTimeoutNs", spec.connectTimeout.count());
  }
  if (spec.protocol == Protocol::kGrpc) {
    out.emplace("lb", name(spec.balancing));
  }
  putText(out, "message", spec.message);
  if (spec.nameserver) {
    out.emplace("nameserver", spec.nameserver->text());
  }
  object names;
  for (const auto& [host, address] : spec.names) {
    names.emplace(host, address.text());
  }
  if (!names.empty()) {
    out.emplace("names", std::move(names));
  }
}

}  // namespace

Result<LoadSpec> specFromJson(const object& from) {
  LoadSpec spec;
  TRY_VOID(setUrl(spec, kube::text(from, {"url"})));
  TRY_VOID(set(spec, "mode", kube::text(from, {"mode"}, "keepalive")));
  TRY_VOID(set(spec, "arrivals", kube::text(from, {"arrivals"}, "constant")));
  TRY_VOID(set(spec, "method", kube::text(from, {"method"}, "GET")));
  spec.body = static_cast<std::size_t>(kube::integer(from, {"body"}, 0));
  if (const value* rate = kube::find(from, "rate"); rate != nullptr && rate->is_number()) {
    spec.rate = rate->to_number<double>();
  }
  spec.timeout = nanoseconds{kube::integer(from, {"timeoutNs"}, spec.timeout.count())};
  spec.connections = count(from, "connections");
  spec.maxOutstanding = count(from, "maxOutstanding");
  spec.retryIdleClose = kube::boolean(from, {"retryIdleClose"}, true);
  TRY_VOID(set(spec, "lb", kube::text(from, {"lb"}, "pick_first")));
  TRY_VOID(set(spec, "resolve", kube::text(from, {"resolve"}, name(spec.resolution))));
  if (const object* names = kube::findObject(from, {"names"})) {
    for (const auto& [host, address] : *names) {
      const std::string_view text = kube::text(*names, {host});
      TRY_VOID(set(spec, "resolve", fmt::format("{}={}", std::string_view(host), text)));
    }
  }
  if (const auto server = kube::text(from, {"nameserver"}); !server.empty()) {
    TRY_VOID(set(spec, "nameserver", server));
  }
  spec.connectTimeout =
      nanoseconds{kube::integer(from, {"connectTimeoutNs"}, spec.connectTimeout.count())};
  spec.message = kube::text(from, {"message"});
  if (const auto duration = kube::optionalInteger(from, {"durationNs"})) {
    spec.duration = nanoseconds{*duration};
  }
  if (const auto number = kube::optionalInteger(from, {"count"})) {
    spec.count = static_cast<std::uint64_t>(*number);
  }
  return spec;
}

object toJson(const LoadSpec& spec) {
  object out{{"url", spec.url},
             {"protocol", name(spec.protocol)},
             {"method", spec.method},
             {"body", spec.body},
             {"mode", name(spec.mode)},
             {"rate", rateToJson(spec.rate)},
             {"arrivals", name(spec.arrivals)},
             {"timeoutNs", spec.timeout.count()},
             {"connections", spec.connections},
             {"maxOutstanding", spec.maxOutstanding},
             {"retryIdleClose", spec.retryIdleClose},
             {"resolve", name(spec.resolution)}};
  putChannel(spec, out);
  if (spec.duration) {
    out.emplace("durationNs", spec.duration->count());
  }
  if (spec.count) {
    out.emplace("count", *spec.count);
  }
  return out;
}

}  // namespace hitless::load
