#include "core/load/channel/verdict.h"

#include <fmt/format.h>

#include <cstring>

#include "core/load/channel/grpc_status.h"

namespace hitless::load {
namespace {

std::optional<WallTime> wall(const std::optional<MonoTime>& time, const Recorder& recorder) {
  return time ? std::optional(recorder.wall(*time)) : std::nullopt;
}

Verdict judgeComplete(Protocol protocol, const StreamEnd& end) {
  if (protocol != Protocol::kGrpc) {
    return {end.status == 0 ? Cause::kMalformedResponse : causeOfStatus(end.status), {}};
  }
  if (end.grpc) {
    return {end.grpc->code == kGrpcOk ? std::nullopt : std::optional(Cause::kRpcStatus), *end.grpc};
  }
  return {causeOfStatus(end.status).value_or(Cause::kMalformedResponse),
          {grpcStatusOfHttp(end.status), "the response has no grpc-status"}};
}

}  // namespace

Verdict judge(Protocol protocol, const StreamEnd& end) {
  if (end.complete) {
    return judgeComplete(protocol, end);
  }
  if (end.unprocessed) {
    return {Cause::kGoawayUnprocessed, {kGrpcUnavailable, "not processed before GOAWAY"}};
  }
  if (!end.reset) {
    return {Cause::kMalformedResponse, {kGrpcInternal, "the response is no valid HTTP/2"}};
  }
  return {*end.reset == NGHTTP2_REFUSED_STREAM ? Cause::kStreamRefused : Cause::kStreamReset,
          {grpcStatusOfReset(*end.reset),
           fmt::format("stream reset: {}", nghttp2_http2_strerror(*end.reset))}};
}

DialFailure describeDial(const Connection& connection, const Symptom& symptom,
                         BackendLookup& lookup) {
  DialFailure dial;
  dial.cause = classify(symptom);
  dial.address = connection.address;
  dial.started = connection.started;
  dial.errorName = errorNameOf(symptom);
  if (connection.source.port != 0) {
    const Backend backend = lookup.find(connection.source, connection.address.endpoint);
    dial.cause = refine(dial.cause, symptom, backend.kind);
    if (backend.kind == Backend::Kind::kDirect || backend.kind == Backend::Kind::kTranslated) {
      dial.backend = backend.endpoint;
    }
  }
  if (symptom.icmp) {
    dial.detail = "answered by ICMP, not by a TCP reset";
  } else if (connection.session && !connection.session->error().empty()) {
    dial.cause = Cause::kMalformedResponse;
    dial.detail = connection.session->error();
  }
  return dial;
}

std::string errorNameOf(const Symptom& symptom) {
  const char* const name = symptom.error == 0 ? nullptr : strerrorname_np(symptom.error);
  return name == nullptr ? "" : name;
}

Phase phaseOf(const Connection& connection, const Rpc& rpc) {
  if (connection.session->responding(rpc.stream)) {
    return Phase::kReadingResponse;
  }
  return rpc.written ? Phase::kAwaitingResponse : Phase::kWriting;
}

Failure describe(const Rpc& rpc, Cause cause, const Recorder& recorder, MonoTime now) {
  Failure failure;
  failure.cause = cause;
  failure.scheduled = recorder.wall(rpc.scheduled);
  failure.failed = recorder.wall(now);
  failure.attempt = rpc.attempt;
  failure.written = wall(rpc.written, recorder);
  return failure;
}

void addConnection(Failure& failure, const Connection& connection, const Rpc& rpc,
                   const Recorder& recorder) {
  failure.destination = connection.address.endpoint;
  failure.resolved = wall(connection.address.resolved, recorder);
  failure.backend = connection.backend;
  failure.reusedConnection = rpc.stream != connection.firstStream;
  if (!failure.reusedConnection) {
    failure.connect = recorder.wall(connection.started);
  }
  if (connection.session) {
    failure.goaway = connection.session->goaway();
  }
}

void addDial(Failure& failure, const DialFailure& dial, const Recorder& recorder) {
  failure.destination = dial.address.endpoint;
  failure.resolved = wall(dial.address.resolved, recorder);
  failure.connect = recorder.wall(dial.started);
  failure.errorName = dial.errorName;
  failure.backend = dial.backend;
}

}  // namespace hitless::load
