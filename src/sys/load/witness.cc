#include "sys/load/witness.h"

#include <cstring>

namespace hitless::sys {
namespace {

using load::Backend;
using load::Cause;
using load::Failure;

Failure describe(const PooledConnection& channel, Cause cause, const load::Recorder& recorder,
                 MonoTime now) {
  const Exchange& exchange = channel.exchange;
  Failure failure;
  failure.cause = cause;
  failure.scheduled = recorder.wall(exchange.scheduled);
  if (exchange.connect) {
    failure.connect = recorder.wall(*exchange.connect);
  }
  if (exchange.written) {
    failure.written = recorder.wall(*exchange.written);
  }
  if (channel.resolved) {
    failure.resolved = recorder.wall(*channel.resolved);
    failure.destination = channel.destination;
  }
  failure.failed = recorder.wall(now);
  failure.attempt = exchange.attempt;
  failure.reusedConnection = exchange.reused;
  failure.status = channel.parser.status();
  return failure;
}

}  // namespace

void Witness::confirm(const PooledConnection& channel) {
  if (!confirmed_) {
    confirmed_ = true;
    lookup_.find(channel.source, channel.destination);
  }
}

Failure Witness::fail(const PooledConnection& channel, const load::Symptom& symptom,
                      const load::Recorder& recorder, MonoTime now) {
  Failure failure = describe(channel, load::classify(symptom), recorder, now);
  if (symptom.error != 0 && strerrorname_np(symptom.error) != nullptr) {
    failure.errorName = strerrorname_np(symptom.error);
  }
  locate(channel, symptom, failure);
  if (symptom.icmp) {
    failure.detail = "answered by ICMP, not by a TCP reset";
  } else if (failure.cause == Cause::kResetAfterRequestWritten &&
             unacknowledged(channel.fd.get()) == requestSize_) {
    failure.detail = "the peer acknowledged no byte of the request";
  }
  return failure;
}

Failure Witness::answered(const PooledConnection& channel, Cause cause,
                          const load::Recorder& recorder, MonoTime now) {
  Failure failure = describe(channel, cause, recorder, now);
  locate(channel, {load::Phase::kReadingResponse}, failure);
  if (cause == Cause::kMalformedResponse) {
    failure.detail = channel.parser.error();
  }
  return failure;
}

/// Asks where the connection led; the kernel forgets it some time after the end.
void Witness::locate(const PooledConnection& channel, const load::Symptom& symptom,
                     Failure& failure) {
  if (channel.source.port == 0) {
    return;
  }
  const Backend backend = lookup_.find(channel.source, channel.destination);
  failure.cause = load::refine(failure.cause, symptom, backend.kind);
  if (backend.kind == Backend::Kind::kDirect || backend.kind == Backend::Kind::kTranslated) {
    failure.backend = backend.endpoint;
  }
}

}  // namespace hitless::sys
