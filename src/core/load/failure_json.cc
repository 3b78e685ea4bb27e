#include "core/load/json_parts.h"

namespace hitless::load {
namespace {

using kube::json::array;
using kube::json::object;

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

void putTime(object& out, std::string_view key, const std::optional<WallTime>& time) {
  if (time) {
    out.emplace(key, unixNs(*time));
  }
}

std::optional<WallTime> time(const object& from, std::string_view key) {
  const auto ns = kube::optionalInteger(from, {"time", key});
  return ns ? std::optional(fromUnixNs(*ns)) : std::nullopt;
}

void putEndpoint(object& out, std::string_view key, const std::optional<Endpoint>& endpoint) {
  if (endpoint) {
    out.emplace(key, object{{"ip", endpoint->ip.text()}, {"port", endpoint->port}});
  }
}

std::optional<Endpoint> endpoint(const object& from, std::string_view key) {
  const auto ip = IpAddress::parse(kube::text(from, {key, "ip"}));
  if (!ip) {
    return std::nullopt;
  }
  return Endpoint{*ip, static_cast<std::uint16_t>(kube::integer(from, {key, "port"}))};
}

/// HTTP/2 error codes (RFC 9113 7).
void putCode(object& out, std::string_view key, const std::optional<std::uint32_t>& code) {
  if (code) {
    out.emplace(key, *code);
  }
}

std::optional<std::uint32_t> code(const object& from, std::string_view key) {
  const auto number = kube::optionalInteger(from, {"http2", key});
  return number ? std::optional(static_cast<std::uint32_t>(*number)) : std::nullopt;
}

std::optional<GrpcStatus> grpcFromJson(const object& from) {
  const auto status = kube::optionalInteger(from, {"grpc", "status"});
  if (!status) {
    return std::nullopt;
  }
  return GrpcStatus{static_cast<int>(*status), std::string(kube::text(from, {"grpc", "message"}))};
}

/// What only HTTP/2 and gRPC have.
void putStream(const Failure& failure, object& out) {
  putText(out, "host", failure.host);
  putEndpoint(out, "destination", failure.destination);
  if (failure.grpc) {
    object grpc{{"status", failure.grpc->code}};
    putText(grpc, "message", failure.grpc->message);
    out.emplace("grpc", std::move(grpc));
  }
  object http2;
  putCode(http2, "goaway", failure.goaway);
  putCode(http2, "reset", failure.reset);
  if (!http2.empty()) {
    out.emplace("http2", std::move(http2));
  }
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
  failure.resolved = time(from, "resolved");
  failure.backoffUntil = time(from, "backoffUntil");
  failure.host = kube::text(from, {"host"});
  failure.destination = endpoint(from, "destination");
  failure.grpc = grpcFromJson(from);
  failure.goaway = code(from, "goaway");
  failure.reset = code(from, "reset");
  failure.backend = endpoint(from, "backend");
  failure.attempt = static_cast<int>(kube::integer(from, {"attempt"}, 1));
  failure.reusedConnection = kube::boolean(from, {"reusedConnection"});
  failure.status = static_cast<int>(kube::integer(from, {"status"}));
  failure.detail = kube::text(from, {"detail"});
  return failure;
}

Reconnect reconnectFromJson(const object& from) {
  Reconnect out;
  out.host = kube::text(from, {"host"});
  out.lost = fromUnixNs(kube::integer(from, {"lostUnixNs"}));
  if (const auto back = kube::optionalInteger(from, {"backUnixNs"})) {
    out.back = fromUnixNs(*back);
  }
  out.duration = nanoseconds{kube::integer(from, {"durationNs"})};
  out.attempts = count(from, "attempts");
  out.lastError = kube::text(from, {"lastError"});
  return out;
}

object toJson(const Reconnect& reconnect) {
  object out{{"host", reconnect.host}, {"lostUnixNs", unixNs(reconnect.lost)}};
  if (reconnect.back) {
    out.emplace("backUnixNs", unixNs(*reconnect.back));
  }
  out.emplace("durationNs", reconnect.duration.count());
  out.emplace("attempts", reconnect.attempts);
  putText(out, "lastError", reconnect.lastError);
  return out;
}

}  // namespace

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

object listToJson(const ReconnectList& list) {
  array items;
  for (const Reconnect& reconnect : list.listed) {
    items.push_back(toJson(reconnect));
  }
  return {{"count", list.count}, {"longestNs", list.longest.count()}, {"list", std::move(items)}};
}

ReconnectList reconnectsFromJson(const object* from) {
  ReconnectList out;
  const array* items = from == nullptr ? nullptr : kube::findArray(*from, {"list"});
  if (from != nullptr) {
    out.count = count(*from, "count");
    out.longest = nanoseconds{kube::integer(*from, {"longestNs"})};
  }
  for (std::size_t i = 0; items != nullptr && i < items->size(); ++i) {
    if (const object* item = (*items)[i].if_object()) {
      out.listed.push_back(reconnectFromJson(*item));
    }
  }
  return out;
}

object toJson(const Failure& failure) {
  object times{{"scheduled", unixNs(failure.scheduled)}};
  putTime(times, "resolved", failure.resolved);
  putTime(times, "connect", failure.connect);
  putTime(times, "written", failure.written);
  putTime(times, "failed", failure.failed);
  putTime(times, "backoffUntil", failure.backoffUntil);
  object out{{"cause", info(failure.cause).id},
             {"time", std::move(times)},
             {"attempt", failure.attempt},
             {"reusedConnection", failure.reusedConnection}};
  putText(out, "errno", failure.errorName);
  putEndpoint(out, "backend", failure.backend);
  if (failure.status != 0) {
    out.emplace("status", failure.status);
  }
  putStream(failure, out);
  putText(out, "detail", failure.detail);
  return out;
}

}  // namespace hitless::load
