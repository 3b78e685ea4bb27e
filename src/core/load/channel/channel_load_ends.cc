#include "core/load/channel/channel_load.h"
#include "core/load/channel/grpc_status.h"
#include "core/load/channel/verdict.h"

/// The part of ChannelLoad that ends attempts, and begins the next where there may be one.
namespace hitless::load {

void ChannelLoad::onStreamEnd(Connection& connection, const StreamEnd& end, MonoTime now) {
  const auto found = connection.streams.find(end.stream);
  if (found == connection.streams.end()) {
    return;
  }
  const std::size_t index = found->second;
  connection.streams.erase(found);
  const Rpc& rpc = rpcs_[index];
  const Verdict verdict = judge(spec_.protocol, end);
  if (!verdict.cause) {
    recorder_.succeeded(rpc.scheduled, now, end.status);
    if (spec_.protocol == Protocol::kGrpc) {
      recorder_.grpcStatus(kGrpcOk);
    }
    return rpcs_.release(index);
  }
  Failure failure = describe(rpc, *verdict.cause, recorder_, now);
  addConnection(failure, connection, rpc, recorder_);
  failure.status = end.status;
  failure.reset = end.reset;
  lose(index, std::move(failure), verdict.grpc, now);
}

/// The channel is in TRANSIENT_FAILURE. An RPC that `waited` for its attempt shares its failure.
void ChannelLoad::refuse(std::size_t index, const Channel& channel, bool waited, MonoTime now) {
  const Rpc& rpc = rpcs_[index];
  const auto& dial = channel.lastFailure();
  std::string why = channel.resolutionError();
  Failure failure = describe(rpc, Cause::kNameNotResolved, recorder_, now);
  if (dial) {
    failure.cause = waited ? dial->cause : Cause::kBackoff;
    why = waited ? dial->detail : "last attempt: " + dial->text();
    addDial(failure, *dial, recorder_);
  }
  if (const auto until = channel.backoffUntil()) {
    failure.backoffUntil = recorder_.wall(*until);
  }
  failure.detail = why;
  lose(index, std::move(failure),
       {kGrpcUnavailable, dial ? "failed to connect: " + dial->text() : why}, now);
}

/// Its time is over.
void ChannelLoad::expire(std::size_t index, MonoTime now) {
  const Rpc& rpc = rpcs_[index];
  Failure failure = describe(rpc, Cause::kResponseTimeout, recorder_, now);
  if (rpc.connection) {
    Connection& connection = connections_[*rpc.connection];
    addConnection(failure, connection, rpc, recorder_);
    connection.session->cancel(rpc.stream);
    connection.streams.erase(rpc.stream);
    touch(connection);
  } else if (const auto dialling = slotOf(rpc).channel->dialling()) {
    failure.cause = Cause::kConnectTimeout;
    failure.destination = dialling->first.endpoint;
    failure.connect = recorder_.wall(dialling->second);
    if (dialling->first.resolved) {
      failure.resolved = recorder_.wall(*dialling->first.resolved);
    }
  } else {
    failure.cause = Cause::kNameNotResolved;
  }
  lose(index, std::move(failure), {kGrpcDeadlineExceeded, "deadline exceeded"}, now);
}

/// The attempt is lost: the request is sent again if it may be, or it is lost too.
void ChannelLoad::lose(std::size_t index, Failure failure, GrpcStatus status, MonoTime now) {
  Rpc& rpc = rpcs_[index];
  const bool grpc = spec_.protocol == Protocol::kGrpc;
  if (hosts_.size() > 1) {
    failure.host = hosts_[rpc.host].text();
  }
  if (grpc) {
    failure.grpc = status;
  }
  const bool unprocessed =
      failure.cause == Cause::kGoawayUnprocessed || failure.cause == Cause::kStreamRefused;
  if (unprocessed && !rpc.resent) {
    recorder_.retried(failure);
    rpc.resent = true;
    ++rpc.attempt;
    return dispatch(index, now);
  }
  if (grpc && status.code == kGrpcUnavailable && rpc.host + 1 < hosts_.size()) {
    recorder_.retried(failure);
    ++rpc.host;
    ++rpc.attempt;
    rpc.resent = false;
    return begin(index, now);
  }
  recorder_.failed(rpc.scheduled, failure);
  if (grpc) {
    recorder_.grpcStatus(status.code);
  }
  rpcs_.release(index);
}

}  // namespace hitless::load
