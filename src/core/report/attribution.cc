#include "core/report/attribution.h"

namespace hitless::report {
namespace {

using load::Cause;
using load::Failure;

/// How long before a pod began to stop a request on a kept-alive connection must have been written
/// to count as in flight, and not as sent into the close. More than a request on the wire takes.
constexpr nanoseconds kOnTheWire = milliseconds{5};

constexpr ClassInfo kClasses[] = {
    {FailureClass::kEndpointLag, "endpoint-lag",
     "The pod was stopping, but the client's node still sent it new connections."},
    {FailureClass::kConnReuse, "conn-reuse",
     "The stopping pod closed a kept-alive connection just as a request was sent on it."},
    {FailureClass::kDrainCut, "drain-cut", "The request was in flight when its pod stopped."},
    {FailureClass::kPastCommit, "past-commit",
     "A new connection reached the pod although its removal was in the packet rules."},
    {FailureClass::kNotReady, "not-ready", "The connection reached a pod that was not ready yet."},
    {FailureClass::kPodCrash, "pod-crash", "The pod's process had ended without being told to."},
    {FailureClass::kNoEndpoint, "no-endpoint",
     "The client's node knew no ready endpoint of the Service."},
    {FailureClass::kApplication, "application", "The application answered, but not as it should."},
    {FailureClass::kCapacity, "capacity",
     "It took too long while no pod involved was stopping: too slow, or overloaded."},
    {FailureClass::kOther, "other", "Nothing in the cluster's timeline explains it."},
    {FailureClass::kNotListed, "not-listed",
     "There were too many failures to keep the details of these."},
};

bool whileConnecting(Cause cause) {
  return cause == Cause::kConnectionRefused || cause == Cause::kNoEndpoint ||
         cause == Cause::kConnectTimeout;
}

bool answered(Cause cause) {
  return cause == Cause::kHttp4xx || cause == Cause::kHttp5xx || cause == Cause::kMalformedResponse;
}

FailureClass withoutPod(Cause cause) {
  switch (cause) {
    case Cause::kNoEndpoint:
      return FailureClass::kNoEndpoint;
    case Cause::kConnectTimeout:
    case Cause::kResponseTimeout:
    case Cause::kLocalError:
      return FailureClass::kCapacity;
    default:
      return FailureClass::kOther;
  }
}

/// A request that was sent on a connection which had been used before.
FailureClass onReused(const Failure& failure, WallTime stopping) {
  const WallTime written = failure.written.value_or(failure.failed);
  return written + kOnTheWire < stopping ? FailureClass::kDrainCut : FailureClass::kConnReuse;
}

/// A request for which a connection was opened.
FailureClass onNew(const Failure& failure, const PodHistory& pod, WallTime stopping) {
  const WallTime connect = failure.connect.value_or(failure.scheduled);
  if (connect < stopping) {
    return FailureClass::kDrainCut;
  }
  const bool late = pod.rulesCommit && connect > *pod.rulesCommit;
  return late ? FailureClass::kPastCommit : FailureClass::kEndpointLag;
}

FailureClass withPod(const Failure& failure, const PodHistory& pod) {
  const auto stopping = pod.stopping();
  if (stopping && failure.failed >= *stopping) {
    if (!pod.deleted) {
      return FailureClass::kPodCrash;
    }
    return failure.reusedConnection ? onReused(failure, *stopping) : onNew(failure, pod, *stopping);
  }
  if (whileConnecting(failure.cause) && pod.ready && momentOf(failure) < *pod.ready) {
    return FailureClass::kNotReady;
  }
  return withoutPod(failure.cause);
}

}  // namespace

std::span<const ClassInfo> classes() {
  return kClasses;
}

const ClassInfo& info(FailureClass failureClass) {
  return kClasses[static_cast<std::size_t>(failureClass)];
}

WallTime momentOf(const Failure& failure) {
  return whileConnecting(failure.cause) && failure.connect ? *failure.connect : failure.failed;
}

Attribution attribute(const Failure& failure, const std::vector<PodHistory>& pods) {
  Attribution out;
  out.pod = failure.backend ? podAt(pods, failure.backend->ip, momentOf(failure)) : nullptr;
  if (answered(failure.cause)) {
    out.failureClass = FailureClass::kApplication;
  } else if (out.pod != nullptr) {
    out.failureClass = withPod(failure, *out.pod);
  } else {
    out.failureClass = withoutPod(failure.cause);
  }
  return out;
}

}  // namespace hitless::report
