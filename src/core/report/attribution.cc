#include "core/report/attribution.h"

#include <algorithm>

#include "core/report/evidence.h"

namespace hitless::report {
namespace {

using load::Cause;
using load::Failure;
using enum FailureClass;

/// How long before a pod began to stop a request on a kept-alive connection must have been written
/// to count as in flight, and not as sent into the close. More than a request on the wire takes.
constexpr nanoseconds kOnTheWire = milliseconds{5};
/// How far the times of two processes that act on one another may be apart.
constexpr nanoseconds kClockSlack = milliseconds{2};
/// How long after the kernel a busy kubelet may see that a process has ended.
constexpr nanoseconds kReaping = milliseconds{100};

WallTime beginOf(const Failure& failure) {
  return failure.connect.value_or(failure.written.value_or(failure.scheduled));
}

bool answered(Cause cause) {
  return cause == Cause::kHttp4xx || cause == Cause::kHttp5xx ||
         cause == Cause::kMalformedResponse || cause == Cause::kRpcStatus ||
         cause == Cause::kNotDenied;
}

bool declined(Cause cause) {
  return cause == Cause::kGoawayUnprocessed || cause == Cause::kStreamRefused;
}

bool tookTooLong(Cause cause) {
  return cause == Cause::kConnectTimeout || cause == Cause::kResponseTimeout;
}

/// What remains when nothing that the cluster did has to do with it.
FailureClass byItself(Cause cause) {
  switch (cause) {
    case Cause::kNoEndpoint:
      return kNoEndpoint;
    case Cause::kNameNotResolved:
      return kNoName;
    case Cause::kBackoff:
      return kBackoff;
    case Cause::kLocalError:
      return kClient;
    case Cause::kNotDenied:
      return kNotDenied;
    case Cause::kHttp4xx:
    case Cause::kHttp5xx:
    case Cause::kMalformedResponse:
    case Cause::kRpcStatus:
      return kApplication;
    case Cause::kConnectTimeout:
    case Cause::kResponseTimeout:
      return kCapacity;
    case Cause::kConnectionRefused:
    case Cause::kResetBeforeRequestWritten:
    case Cause::kResetAfterRequestWritten:
    case Cause::kClosedBeforeResponse:
    case Cause::kClosedMidResponse:
    case Cause::kGoawayUnprocessed:
    case Cause::kStreamRefused:
    case Cause::kStreamReset:
      return kPeerClosed;
  }
  return kOther;
}

/// A request on a connection that stood before.
FailureClass inFlight(const Failure& failure, const PodHistory& pod, WallTime stopping) {
  const WallTime written = failure.written.value_or(failure.failed);
  if (failure.reusedConnection && written + kOnTheWire >= stopping) {
    return kConnReuse;
  }
  const bool killed = pod.sigkill && failure.failed + kClockSlack >= *pod.sigkill &&
                      written <= *pod.sigkill + kClockSlack;
  return killed ? kSigkillCut : kDrainCut;
}

/// A connection that was opened for the request when the pod was stopping.
FailureClass newConnection(const Failure& failure, const PodHistory& pod, WallTime connect) {
  if (failure.cause == Cause::kConnectTimeout) {
    return kDeadAddress;
  }
  const bool dialledByName =
      failure.resolved && failure.destination && failure.destination->ip.text() == pod.ip;
  if (dialledByName) {
    return *failure.resolved >= *pod.stopping() ? kDnsLag : kDnsKept;
  }
  return pod.rulesCommit && connect > *pod.rulesCommit ? kPastCommit : kEndpointLag;
}

FailureClass whileStopping(const Failure& failure, const PodHistory& pod, WallTime stopping) {
  if (declined(failure.cause)) {
    return kDrainRefused;
  }
  if (failure.reusedConnection && !whileConnecting(failure.cause)) {
    return inFlight(failure, pod, stopping);
  }
  const WallTime connect = failure.connect.value_or(failure.scheduled);
  if (connect < stopping && failure.cause != Cause::kConnectTimeout) {
    return inFlight(failure, pod, stopping);
  }
  return newConnection(failure, pod, connect);
}

FailureClass withPod(const Failure& failure, const PodHistory& pod) {
  if (crashBehind(failure, pod) != nullptr) {
    return kPodCrash;
  }
  const auto stopping = pod.stopping();
  if (pod.deleted && stopping && failure.failed >= *stopping) {
    return whileStopping(failure, pod, *stopping);
  }
  if (whileConnecting(failure.cause) && pod.ready && momentOf(failure) < *pod.ready) {
    return kNotReady;
  }
  return byItself(failure.cause);
}

bool cut(const Facts& facts, const std::string& node, const Failure& failure) {
  return !node.empty() && std::any_of(facts.cuts.begin(), facts.cuts.end(), [&](const NodeCut& c) {
    return c.node == node && c.overlaps(beginOf(failure), failure.failed);
  });
}

/// Whether a cut of the client's node, of the pod's, or, for what was never answered by an unknown
/// pod, of any node explains it.
bool explainedByCut(const Failure& failure, const PodHistory* pod, const Facts& facts) {
  if (answered(failure.cause) || failure.cause == Cause::kLocalError) {
    return false;
  }
  if (cut(facts, facts.clientNode, failure) || (pod != nullptr && cut(facts, pod->node, failure))) {
    return true;
  }
  return pod == nullptr && tookTooLong(failure.cause) &&
         std::any_of(facts.cuts.begin(), facts.cuts.end(), [&](const NodeCut& c) {
           return c.overlaps(beginOf(failure), failure.failed);
         });
}

/// Whether this pod could be the one behind a failure whose client does not know its backend: it
/// was stopping, or had crashed, and new connections could still reach it, or it ended just then.
bool couldBe(const PodHistory& pod, const Failure& failure) {
  if (pod.crashAt(failure.failed) != nullptr) {
    return true;
  }
  const auto stopping = pod.stopping();
  if (!pod.deleted || !stopping || failure.failed + kClockSlack < *stopping) {
    return false;
  }
  const bool stillSentTo = pod.endpointUpdate && !pod.rulesCommit;
  const auto ended = pod.exited ? pod.exited : pod.gone;
  if (stillSentTo || !ended) {
    return true;
  }
  const WallTime last = std::max(pod.rulesCommit.value_or(*stopping), *ended);
  return beginOf(failure) <= last + kClockSlack;
}

const PodHistory* suspect(const Failure& failure, const Facts& facts) {
  const PodHistory* best = nullptr;
  for (const PodHistory& pod : facts.pods) {
    const bool later = best == nullptr || pod.stopping() > best->stopping();
    best = couldBe(pod, failure) && later ? &pod : best;
  }
  return best;
}

/// What a refusal by the network or by the name server says needs no pod; a wait has its root.
bool needsPod(Cause cause) {
  return cause != Cause::kNoEndpoint && cause != Cause::kNameNotResolved &&
         cause != Cause::kBackoff && cause != Cause::kLocalError && !answered(cause);
}

const PodHistory* podOf(const Failure& failure, const Facts& facts) {
  for (const auto& endpoint : {failure.backend, failure.destination}) {
    const PodHistory* pod = endpoint ? podAt(facts.pods, endpoint->ip, momentOf(failure)) : nullptr;
    if (pod != nullptr) {
      return pod;
    }
  }
  return nullptr;
}

Attribution classified(const Failure& failure, const Facts& facts) {
  Attribution out;
  out.pod = podOf(failure, facts);
  if (out.pod == nullptr && needsPod(failure.cause) && !failure.backend) {
    out.pod = suspect(failure, facts);
    out.byTime = out.pod != nullptr;
  }
  if (explainedByCut(failure, out.pod, facts)) {
    out.failureClass = kNodeCut;
  } else if (out.pod != nullptr && !answered(failure.cause) && failure.cause != Cause::kBackoff &&
             failure.cause != Cause::kLocalError) {
    out.failureClass = withPod(failure, *out.pod);
  } else {
    out.failureClass = byItself(failure.cause);
  }
  return out;
}

/// The failure that began a wait: the latest before it on the same host that was no wait itself.
const Failure* beginningOf(const Failure& wait, const load::LoadResult& result) {
  const Failure* found = nullptr;
  for (const load::FailureList* list : {&result.failures, &result.retries}) {
    for (const Failure& other : list->listed) {
      const bool before = other.cause != Cause::kBackoff && !answered(other.cause) &&
                          other.host == wait.host && other.failed <= wait.failed;
      if (before && (found == nullptr || other.failed > found->failed)) {
        found = &other;
      }
    }
  }
  return found;
}

/// No request saw how the wait began: what is known of the channel stands in.
Failure unseenBeginning(const Failure& wait, const load::LoadResult& result) {
  Failure out;
  out.cause = Cause::kConnectionRefused;
  out.host = wait.host;
  out.scheduled = out.failed = wait.failed;
  for (const load::Reconnect& outage : result.reconnects.listed) {
    if (outage.lost <= wait.failed && (wait.host.empty() || outage.host == wait.host)) {
      out.scheduled = outage.lost;
    }
  }
  return out;
}

void findRoot(Attribution& why, const Failure& wait, const load::LoadResult& result,
              const Facts& facts) {
  why.began = beginningOf(wait, result);
  const Attribution root =
      classified(why.began != nullptr ? *why.began : unseenBeginning(wait, result), facts);
  why.root = root.failureClass;
  why.pod = root.pod;
  why.byTime = root.byTime;
}

}  // namespace

const Crash* crashBehind(const Failure& failure, const PodHistory& pod) {
  const Crash* crash = pod.crashAt(failure.failed);
  // Nothing else explains why the other side closed: then it was dead before it was seen to be.
  return crash == nullptr && byItself(failure.cause) == kPeerClosed
             ? pod.crashAt(failure.failed + kReaping)
             : crash;
}

bool whileConnecting(Cause cause) {
  return cause == Cause::kConnectionRefused || cause == Cause::kNoEndpoint ||
         cause == Cause::kConnectTimeout;
}

WallTime momentOf(const Failure& failure) {
  return whileConnecting(failure.cause) && failure.connect ? *failure.connect : failure.failed;
}

Attribution attribute(const Failure& failure, const Facts& facts) {
  Attribution out = classified(failure, facts);
  out.evidence = evidenceOf(failure, out, facts);
  return out;
}

std::vector<Attribution> attributeAll(const load::LoadResult& result, const Facts& facts) {
  std::vector<Attribution> out;
  for (const Failure& failure : result.failures.listed) {
    Attribution one = classified(failure, facts);
    if (one.failureClass == kBackoff) {
      findRoot(one, failure, result, facts);
    }
    one.evidence = evidenceOf(failure, one, facts);
    out.push_back(std::move(one));
  }
  return out;
}

}  // namespace hitless::report
