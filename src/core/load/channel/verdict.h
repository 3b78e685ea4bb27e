#pragma once

#include "core/load/channel/connection.h"
#include "core/load/channel/rpc_table.h"
#include "core/load/recorder.h"

/// From what was seen of a request on a channel to what is recorded of it.
namespace hitless::load {

/// How a stream's end counts; no cause means success.
struct Verdict {
  std::optional<Cause> cause;
  GrpcStatus grpc;  ///< For RPCs.
};
Verdict judge(Protocol protocol, const StreamEnd& end);

/// What kind of failure an attempt to connect was, and where it led.
DialFailure describeDial(const Connection& connection, const Symptom& symptom,
                         BackendLookup& lookup);

/// "ECONNRESET"; empty if no system call failed.
std::string errorNameOf(const Symptom& symptom);
/// How far a request had come on its connection.
Phase phaseOf(const Connection& connection, const Rpc& rpc);

/// The parts that every failure of a request has.
Failure describe(const Rpc& rpc, Cause cause, const Recorder& recorder, MonoTime now);
/// Adds the connection that the request was on.
void addConnection(Failure& failure, const Connection& connection, const Rpc& rpc,
                   const Recorder& recorder);
/// Adds the attempt to connect that the request waited for, or that came before it.
void addDial(Failure& failure, const DialFailure& dial, const Recorder& recorder);

}  // namespace hitless::load
